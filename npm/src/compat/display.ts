import { randomId } from "../id.js";
import type { CallConstraints } from "../options.js";
import { hasMedia } from "./constraints.js";

const LOCAL_CACHED = "-LOCAL_CACHED_VIDEO";
const REMOTE_CACHED = "-REMOTE_CACHED_VIDEO";

/** An element of the app's that shows media, with what was asked for when its media was opened. */
export type Display = HTMLElement & { mediaTrackConstraints?: CallConstraints };

/**
 * Opens media into a display, where the next call on that display finds it. Media that was opened with the same
 * constraints stays as it is.
 */
export async function openMedia(constraints: CallConstraints, display: Display): Promise<void> {
  const same = JSON.stringify(display.mediaTrackConstraints) === JSON.stringify(constraints);
  if (same && !constraints.customStream && cached(display)?.srcObject) return;
  releaseMedia(display);
  display.mediaTrackConstraints = constraints;
  if (!hasMedia(constraints)) return;
  const stream = constraints.customStream ?? (await captured(constraints));
  const video = cached(display) ?? display.appendChild(newVideo(LOCAL_CACHED));
  video.srcObject = stream;
  // A picture that may not play by itself yet is shown by the first click.
  video.play().catch(() => undefined);
}

/** Stops the media that waits in a display. Whether there was any. */
export function releaseMedia(display: Display): boolean {
  const video = cached(display);
  if (!video) return false;
  if (video.srcObject instanceof MediaStream) {
    video.pause();
    for (const track of video.srcObject.getTracks()) track.stop();
  }
  video.srcObject = null;
  return true;
}

/** Puts a muted video into a display within a click, so that browsers let the call's media play in it later. */
export async function unlockVideo(display: Display, isLocal: boolean, src?: string, useControls = false): Promise<void> {
  if (cached(display)) return;
  const video = newVideo(isLocal ? LOCAL_CACHED : REMOTE_CACHED);
  video.controls = useControls;
  if (src) {
    video.src = src;
    await video.play();
    video.removeAttribute("src");
  }
  display.appendChild(video);
}

/** The video that a display has from before: of an earlier call, of `getMediaAccess` or of `playFirstVideo`. */
function cached(display: Display): HTMLVideoElement | undefined {
  const videos = [...display.children].filter((child) => child instanceof HTMLVideoElement);
  return videos.find(({ id }) => id.includes(LOCAL_CACHED) || id.includes(REMOTE_CACHED));
}

function newVideo(suffix: string): HTMLVideoElement {
  const video = document.createElement("video");
  video.id = randomId() + suffix;
  video.muted = true;
  video.playsInline = true;
  return video;
}

function captured({ audio = false, video = false }: CallConstraints): Promise<MediaStream> {
  if (typeof video === "object" && video.type === "screen") {
    const screen = { ...video };
    delete screen.type;
    return navigator.mediaDevices.getDisplayMedia({ audio, video: screen });
  }
  return navigator.mediaDevices.getUserMedia({ audio, video });
}
