/** Sampling rate conversion by a windowed sinc: slow, exact enough to judge others by. */
import type { Sound } from "./wav.ts";

/** Zero crossings of the sinc on either side. */
const REACH = 16;

export function resample(sound: Sound, rate: number): Sound {
  if (sound.rate === rate) return sound;
  const step = sound.rate / rate;
  const cutoff = Math.min(1, rate / sound.rate) * 0.95;
  const half = Math.ceil(REACH / cutoff);
  const length = Math.floor(sound.samples.length / step);
  const samples = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    const centre = i * step;
    const first = Math.max(0, Math.ceil(centre - half));
    const last = Math.min(sound.samples.length - 1, Math.floor(centre + half));
    let sum = 0;
    for (let j = first; j <= last; j++) sum += sound.samples[j] * kernel(j - centre, cutoff, half);
    samples[i] = sum;
  }
  return { rate, samples };
}

function kernel(distance: number, cutoff: number, half: number): number {
  const x = Math.PI * distance * cutoff;
  const sinc = x === 0 ? 1 : Math.sin(x) / x;
  const window = 0.5 * (1 + Math.cos((Math.PI * distance) / half));
  return cutoff * sinc * window;
}
