/** Known sounds to put in at one end: speech, tones, silence and noise. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resample } from "./resample.ts";
import { type Sound, readWav } from "./wav.ts";

/** Sentences with different rhythm and vowels, about three seconds each, so that none passes for another. */
export const SENTENCES = {
  browser: "The quick brown fox jumps over the lazy dog near the river bank",
  phone: "Seven silver swans sailed silently beyond the wooden harbour gate",
  other: "Please bring eleven yellow umbrellas to our meeting at noon tomorrow",
} as const;

/** A sentence spoken by espeak-ng, followed by a short pause, at the given rate. */
export function speech(text: string, rate: number): Sound {
  const folder = mkdtempSync(join(tmpdir(), "offhook-speech-"));
  try {
    const file = join(folder, "speech.wav");
    execFileSync("espeak-ng", ["-v", "en-us", "-s", "150", "-w", file, text]);
    const spoken = resample(readWav(file), rate);
    const samples = new Float32Array(spoken.samples.length + Math.round(rate * 0.3));
    samples.set(loud(spoken.samples));
    return { rate, samples };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Peak at half of full scale: room for codecs to overshoot. */
function loud(samples: Float32Array): Float32Array {
  const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 1e-9);
  return samples.map((sample) => (sample * 0.5) / peak);
}

/** Steady sine tones of these frequencies (Hz) together. */
export function tones(frequencies: readonly number[], duration: number, rate: number): Sound {
  const samples = new Float32Array(Math.round(duration * rate));
  for (const frequency of frequencies) {
    const step = (2 * Math.PI * frequency) / rate;
    for (let i = 0; i < samples.length; i++) samples[i] += (0.5 / frequencies.length) * Math.sin(step * i);
  }
  return { rate, samples };
}

export function silence(duration: number, rate: number): Sound {
  return { rate, samples: new Float32Array(Math.round(duration * rate)) };
}

/** White noise from a seeded generator: the same in every run. */
export function noise(duration: number, rate: number, seed = 1): Sound {
  let state = seed >>> 0;
  const samples = new Float32Array(Math.round(duration * rate)).map(() => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32 - 0.5) * 0.6;
  });
  return { rate, samples };
}
