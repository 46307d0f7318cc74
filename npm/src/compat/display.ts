import { randomId } from "../id.js";
import type { CallConstraints } from "../options.js";
import { hasMedia } from "./constraints.js";

const LOCAL_CACHED = "-LOCAL_CACHED_VIDEO";
const REMOTE_CACHED = "-REMOTE_CACHED_VIDEO";

/**
 * Opens media into a display, where the next call that asks for the same on that display finds it. Media that was
 * opened with the same constraints stays as it is. `normalize` fills in what the browser is asked for.
 */
export async function openMedia(
  constraints: CallConstraints,
  display: HTMLElement,
  normalize: (constraints: CallConstraints) => CallConstraints,
): Promise<void> {
  const { audio, video, customStream } = constraints;
  const key = JSON.stringify({ audio, video });
  const waiting = cached(display);
  if (waiting?.srcObject && waiting.dataset.constraints === key && !customStream) return;
  releaseMedia(display);
  if (!hasMedia(constraints)) return;
  const stream = customStream ?? (await captured(normalize(constraints)));
  // Another page's part may have opened media here meanwhile.
  releaseMedia(display);
  const element = cached(display) ?? display.appendChild(newVideo(LOCAL_CACHED));
  element.srcObject = stream;
  if (!customStream) element.dataset.constraints = key;
  // A picture that may not play by itself yet is shown by the first click.
  element.play().catch(() => undefined);
}

/** Stops the media that waits in a display. Whether there was any. */
export function releaseMedia(display: HTMLElement): boolean {
  const video = cached(display);
  if (!video) return false;
  if (video.srcObject instanceof MediaStream) {
    video.pause();
    for (const track of video.srcObject.getTracks()) track.stop();
  }
  video.srcObject = null;
  delete video.dataset.constraints;
  return true;
}

/** Puts a muted video into a display within a click, so that browsers let the call's media play in it later. */
export async function unlockVideo(display: HTMLElement, isLocal: boolean, src?: string, useControls = false): Promise<void> {
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
function cached(display: HTMLElement): HTMLVideoElement | undefined {
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
