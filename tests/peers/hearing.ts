/** Waiting until somebody hears something. */
import type { Recording } from "../page/recorder.ts";
import { purest } from "../sound/goertzel.ts";
import { SAME, likeness } from "../sound/likeness.ts";
import { type Sound, rms } from "../sound/wav.ts";
import { eventually } from "./deadline.ts";

/** Anybody with ears: a browser's tab or a softphone. */
export interface Listener {
  heard(): Sound | Promise<Sound>;
}

/** The sound of what a page recorded. */
export function fromRecording({ rate, pcm }: Recording): Sound {
  const bytes = Buffer.from(pcm, "base64");
  return { rate, samples: new Float32Array(bytes.length / 2).map((_, i) => bytes.readInt16LE(i * 2) / 32768) };
}

const LONG_ENOUGH = 15_000;
/** Listening costs more than most questions: this long between two times (ms). */
const LISTEN = 250;

/** Waits until the listener hears this reference, played in a loop by somebody. */
export async function hears(listener: Listener, reference: Sound, ms = LONG_ENOUGH): Promise<void> {
  let score = 0;
  await eventually(
    async () => {
      score = likeness(await listener.heard(), reference).score;
      return score >= SAME;
    },
    () => `speech to be heard; likeness ${score.toFixed(3)}`,
    { ms, every: LISTEN },
  );
}

/** Waits until the listener hears a pure tone of this frequency (Hz). */
export async function hearsTone(listener: Listener, frequency: number, ms = LONG_ENOUGH): Promise<void> {
  let share = 0;
  await eventually(
    async () => {
      share = purest(await listener.heard(), frequency);
      return share > 0.8;
    },
    () => `a tone of ${frequency} Hz to be heard; share ${share.toFixed(3)}`,
    { ms, every: LISTEN },
  );
}

/** Waits until the listener has heard nothing for two seconds: no sound, or none above -60 dBFS. */
export async function hearsNothing(listener: { heard(seconds: number): Sound | Promise<Sound> }, ms = LONG_ENOUGH): Promise<void> {
  let level = 0;
  await eventually(
    async () => {
      level = rms(await listener.heard(2));
      return level < 1e-3;
    },
    () => `silence; level ${level.toFixed(4)}`,
    { ms, every: LISTEN },
  );
}
