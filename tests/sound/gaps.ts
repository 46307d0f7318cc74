/** Holes in a sound that should be steady. */
import type { Sound } from "./wav.ts";

/** Length of what is judged at once (s): longer than a period of any tone used, shorter than an RTP packet. */
const FRAME = 0.01;
/** Frames this much quieter than the middle one (a factor) are part of a hole. */
const QUIET = 0.25;

/** The length (s) of the longest hole, after the sound has begun. A sound that never begins is one hole. */
export function longestGap(sound: Sound): number {
  const size = Math.round(FRAME * sound.rate);
  const levels: number[] = [];
  for (let at = 0; at + size <= sound.samples.length; at += size) levels.push(level(sound.samples.subarray(at, at + size)));
  const limit = QUIET * median(levels.filter((one) => one > 1e-3));
  const begun = levels.findIndex((one) => one > limit && one > 1e-3);
  if (begun < 0) return levels.length * FRAME;
  let [longest, now] = [0, 0];
  for (const one of levels.slice(begun)) {
    now = one < limit ? now + 1 : 0;
    longest = Math.max(longest, now);
  }
  return longest * FRAME;
}

function level(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
