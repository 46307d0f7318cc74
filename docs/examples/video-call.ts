// A call with pictures, between two browsers.
import type { Call, Session } from "offhook";

export interface Screens {
  mine: HTMLElement;
  theirs: HTMLElement;
}

export function callWithVideo(session: Session, callee: string, { mine, theirs }: Screens): Call {
  const call = session.createCall({
    callee,
    localVideoDisplay: mine,
    remoteVideoDisplay: theirs,
    constraints: { audio: true, video: { width: 640, height: 360 } },
    receiveVideo: true,
  });
  call.call();
  return call;
}

/** Answers with a picture if one is offered, and without otherwise. */
export function answer(call: Call, { mine, theirs }: Screens): void {
  const video = call.hasVideo();
  call.answer({
    localVideoDisplay: mine,
    remoteVideoDisplay: theirs,
    constraints: { audio: true, video },
    receiveVideo: video,
  });
}
