/** Tones in a recording: how much of its energy lies at a frequency. */
import type { Sound } from "./wav.ts";

/** Share of the sound's energy at this frequency (Hz), 0..1. A pure tone gives nearly 1. */
export function share(sound: Sound, frequency: number): number {
  const total = sound.samples.reduce((sum, sample) => sum + sample * sample, 0);
  if (total < 1e-6) return 0;
  return power(sound.samples, sound.rate, frequency) / ((total * sound.samples.length) / 2);
}

/** The largest share at this frequency of any part of the sound this long (seconds). */
export function purest(sound: Sound, frequency: number, part = 0.2): number {
  const length = Math.round(part * sound.rate);
  let most = 0;
  for (let at = 0; at + length <= sound.samples.length; at += length) {
    most = Math.max(most, share({ rate: sound.rate, samples: sound.samples.subarray(at, at + length) }, frequency));
  }
  return most;
}

function power(samples: Float32Array, rate: number, frequency: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * frequency) / rate);
  let s1 = 0;
  let s2 = 0;
  for (const sample of samples) {
    const s0 = sample + coefficient * s1 - s2;
    s2 = s1;
    s1 = s0;
  }
  return s1 * s1 + s2 * s2 - coefficient * s1 * s2;
}
