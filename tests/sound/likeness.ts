/**
 * How alike a recording is to a reference, by content: the correlation of their band energies over time, at the best
 * alignment. Codecs, gain and filters leave it near 1; silence, noise, other words and a wrong sampling rate do not.
 */
import { resample } from "./resample.ts";
import { bands } from "./spectrum.ts";
import { type Sound, rms } from "./wav.ts";

/** At least this is the same sound. What must fail stays below it by a margin the harness's own tests hold. */
export const SAME = 0.8;

/** Frames compared at once: two and a half seconds, short enough that a jitter buffer's stretching does not add up. */
const WINDOW = 125;
/** Frames from one window to the next. */
const STRIDE = 10;
/** Energy this far under the loudest (a factor) counts as silence. */
const FLOOR = 1e-4;

export interface Likeness {
  /** Correlation of the best window, -1..1. */
  readonly score: number;
  /** Seconds of the recording covered by windows that score `SAME` or more. */
  readonly heard: number;
}

/**
 * Compares with a reference that may be played in a loop, begun anywhere. A recording shorter than 2.5 seconds or
 * quieter than -60 dBFS is like nothing.
 */
export function likeness(recording: Sound, reference: Sound): Likeness {
  if (rms(recording) < 1e-3) return { score: 0, heard: 0 };
  const heard = logBands(recording);
  const pattern = patternOf(reference);
  let score = 0;
  const covered = new Set<number>();
  for (let start = 0; start + WINDOW <= heard.length; start += STRIDE) {
    const part = window(heard, start);
    const best = pattern.reduce((most, candidate) => Math.max(most, dot(part, candidate)), 0);
    score = Math.max(score, best);
    if (best >= SAME) for (let i = start; i < start + WINDOW; i++) covered.add(i);
  }
  return { score, heard: covered.size * 0.02 };
}

const patterns = new WeakMap<Sound, Float64Array[]>();

/** Every window of the reference. Made once: tests ask for the same few again and again. */
function patternOf(reference: Sound): Float64Array[] {
  const made = patterns.get(reference);
  if (made) return made;
  const known = logBands(reference);
  const pattern = known.map((_, offset) => window(known, offset));
  patterns.set(reference, pattern);
  return pattern;
}

function logBands(sound: Sound): Float64Array[] {
  const { energy } = bands(resample(sound, 8000).samples);
  const loudest = energy.reduce((most, frame) => frame.reduce((a, b) => Math.max(a, b), most), 0);
  return energy.map((frame) => frame.map((value) => Math.log10(value + loudest * FLOOR)));
}

/** Frames from `start` on, wrapping round; each band without its mean, the whole of unit length. */
function window(frames: Float64Array[], start: number): Float64Array {
  const width = frames[0]?.length ?? 0;
  const flat = new Float64Array(WINDOW * width);
  for (let i = 0; i < WINDOW; i++) flat.set(frames[(start + i) % frames.length], i * width);
  for (let band = 0; band < width; band++) {
    let mean = 0;
    for (let i = band; i < flat.length; i += width) mean += flat[i] / WINDOW;
    for (let i = band; i < flat.length; i += width) flat[i] -= mean;
  }
  const length = Math.sqrt(dot(flat, flat));
  return length > 0 ? flat.map((value) => value / length) : flat;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
