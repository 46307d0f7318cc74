/** Sound as the tests handle it: mono samples in -1..1 and their rate. WAV files are its only form on disk. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";

export interface Sound {
  /** Samples per second. */
  readonly rate: number;
  /** Mono samples, nominally within -1..1. */
  readonly samples: Float32Array;
}

export function seconds(sound: Sound): number {
  return sound.samples.length / sound.rate;
}

/** Part of a sound, in seconds from its beginning. */
export function slice(sound: Sound, from: number, to = seconds(sound)): Sound {
  return { rate: sound.rate, samples: sound.samples.slice(Math.round(from * sound.rate), Math.round(to * sound.rate)) };
}

/** The sound repeated until it lasts at least this many seconds. */
export function loop(sound: Sound, atLeast: number): Sound {
  const times = Math.ceil(atLeast / seconds(sound));
  const samples = new Float32Array(times * sound.samples.length);
  for (let i = 0; i < times; i++) samples.set(sound.samples, i * sound.samples.length);
  return { rate: sound.rate, samples };
}

export function rms(sound: Sound): number {
  let sum = 0;
  for (const sample of sound.samples) sum += sample * sample;
  return Math.sqrt(sum / Math.max(1, sound.samples.length));
}

export function writeWav(path: string, sound: Sound): void {
  const data = Buffer.alloc(sound.samples.length * 2);
  sound.samples.forEach((sample, i) => data.writeInt16LE(Math.round(Math.max(-1, Math.min(1, sample)) * 32767), i * 2));
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + data.length, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20); // PCM
  header.writeUInt16LE(1, 22); // mono
  header.writeUInt32LE(sound.rate, 24);
  header.writeUInt32LE(sound.rate * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36);
  header.writeUInt32LE(data.length, 40);
  writeFileSync(path, Buffer.concat([header, data]));
}

/**
 * Reads 16-bit PCM, averaging channels. A data length of zero or beyond the file's end is taken as "to the end":
 * recorders fill it in when they close, and a test may look before that.
 */
export function readWav(path: string): Sound {
  const file = readFileSync(path);
  let rate = 0;
  let channels = 1;
  for (let at = 12; at + 8 <= file.length; ) {
    const id = file.toString("latin1", at, at + 4);
    const size = file.readUInt32LE(at + 4);
    const body = at + 8;
    if (id === "fmt ") {
      channels = file.readUInt16LE(body + 2);
      rate = file.readUInt32LE(body + 4);
      const bits = file.readUInt16LE(body + 14);
      if (bits !== 16) throw new Error(`${path}: ${bits}-bit samples, only 16-bit PCM is understood`);
    }
    if (id === "data") {
      const end = size === 0 || body + size > file.length ? file.length : body + size;
      return { rate, samples: mono(file.subarray(body, end), channels) };
    }
    at = body + size + (size % 2);
  }
  throw new Error(`${path}: no sound in this file`);
}

/** Reads 16-bit PCM of one channel behind so many bytes of whatever else; what is not there yet is no sound. */
export function readSamples(path: string, offset: number): Float32Array {
  return existsSync(path) ? mono(readFileSync(path).subarray(offset), 1) : new Float32Array(0);
}

function mono(data: Buffer, channels: number): Float32Array {
  const frames = Math.floor(data.length / 2 / channels);
  const samples = new Float32Array(frames);
  for (let i = 0; i < frames; i++) {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += data.readInt16LE((i * channels + c) * 2);
    samples[i] = sum / channels / 32768;
  }
  return samples;
}
