import type { AudioConstraints, CallConstraints } from "../options.js";
import { Browser } from "./browser.js";

/** What calls ask the browser for when the app does not say. */
export const DEFAULT_CONSTRAINTS: CallConstraints = { audio: true, video: { width: 320, height: 240 } };

/** Chrome takes frame rates as they come from this version on. */
const CHROME_WITH_OWN_FRAME_RATE = 134;

/** Constraints that say of both media what is wanted: a medium that is not mentioned is not. */
export function explicit({ audio = false, video = false, ...rest }: CallConstraints): CallConstraints {
  return { ...rest, audio, video };
}

/**
 * Fills in what an app may leave out of its constraints: a picture's size and rate, and no echo canceller for stereo.
 * For media that is opened ahead of a call; a call's own is the core's.
 */
export function normalized(constraints: CallConstraints): CallConstraints {
  const { audio, video, ...rest } = constraints;
  const filled: CallConstraints = { ...rest };
  if (audio !== undefined) filled.audio = typeof audio === "object" ? sound(audio) : audio;
  if (video !== undefined) filled.video = picture(video);
  return filled;
}

/** Whether media with these constraints has a picture. */
export function hasPicture({ video, customStream }: CallConstraints): boolean {
  return customStream ? customStream.getVideoTracks().length > 0 : Boolean(video);
}

/** Whether media with these constraints has anything at all. */
export function hasMedia({ audio, video, customStream }: CallConstraints): boolean {
  return Boolean(customStream ?? audio) || Boolean(video);
}

function sound(audio: AudioConstraints): AudioConstraints {
  return audio.stereo === true ? { ...audio, echoCancellation: false } : audio;
}

function picture(video: NonNullable<CallConstraints["video"]>): NonNullable<CallConstraints["video"]> {
  if (video === false) return false;
  const wanted = video === true ? {} : { ...video };
  const { width, height } = wanted;
  if (Browser.isSafari()) {
    if (!width || !height) Object.assign(wanted, { width: { min: 320, max: 640 }, height: { min: 180, max: 360 } });
    else if (typeof width === "number" && typeof height === "number") {
      Object.assign(wanted, { width: { min: width, max: width }, height: { min: height, max: height } });
    }
  } else if (!usable(width) || !usable(height)) {
    Object.assign(wanted, { width: 320, height: 240 });
  }
  if (!(Browser.isChrome() && Number(Browser.version()) >= CHROME_WITH_OWN_FRAME_RATE)) {
    const rate = wanted.frameRate;
    if (typeof rate !== "object") wanted.frameRate = { ideal: Number(rate) || 30 };
  }
  return wanted;
}

/** A size as a number, a text with a number in it, or a range. */
function usable(size: ConstrainULong | string | undefined): boolean {
  return typeof size === "object" || Number(size) > 0;
}
