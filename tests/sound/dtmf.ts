/** Keys in sound, made by sox and found by multimon-ng: neither knows the other, nor the relay. */
import { execFileSync } from "node:child_process";

const ROWS = [697, 770, 852, 941];
const COLUMNS = [1209, 1336, 1477, 1633];
const KEYPAD = "123A456B789C*0#D";

/** G.711 as payloads have it: 8000 bytes a second. */
export type Law = "a-law" | "mu-law";

/** Every key for 100 ms with 100 ms of silence after it, each tone at about -10 dBm0. */
export function played(keys: string, law: Law): Buffer {
  const sounds = Array.from(keys, (key) => {
    const at = KEYPAD.indexOf(key);
    const tones = [`${ROWS[at >> 2]}`, `${COLUMNS[at & 3]}`].flatMap((hz) => ["sine", hz]);
    const output = ["-t", "raw", "-e", law, "-b", "8", "-c", "1", "-"];
    return execFileSync("sox", ["-D", "-r", "8000", "-c", "2", "-n", ...output, "synth", "0.1", ...tones, "remix", "1v0.22,2v0.22", "pad", "0", "0.1"]);
  });
  return Buffer.concat(sounds);
}

/** The keys that are heard in this sound. */
export function keysIn(sound: Buffer, law: Law): string {
  const input = ["-t", "raw", "-r", "8000", "-c", "1", "-e", law, "-"];
  const wide = execFileSync("sox", [...input, "-t", "raw", "-r", "22050", "-e", "signed-integer", "-b", "16", "-", "pad", "0", "0.5"], { input: sound });
  const found = execFileSync("multimon-ng", ["-q", "-a", "DTMF", "-t", "raw", "-"], { input: wide, stdio: ["pipe", "pipe", "ignore"] });
  return [...found.toString().matchAll(/^DTMF: (.)/gm)].map(([, key]) => key).join("");
}

/** How long each stretch of sound is, and each of silence, in milliseconds, as told by frames of 20 ms. */
export function stretches(frames: readonly Buffer[]): { loud: boolean; ms: number }[] {
  const stretches: { loud: boolean; ms: number }[] = [];
  for (const frame of frames) {
    const loud = new Set(frame).size > 2;
    const last = stretches.at(-1);
    if (last?.loud === loud) last.ms += 20;
    else stretches.push({ loud, ms: 20 });
  }
  return stretches;
}
