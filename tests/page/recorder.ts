/** Records a MediaStream as samples, to be judged outside the page. */
import { Tape } from "./tape.ts";

/** Samples per second: enough to know a sound by. */
export const RATE = 16_000;

export interface Recording {
  rate: number;
  /** 16-bit little-endian samples, base64. */
  pcm: string;
}

export interface Recorder {
  /** The last seconds heard. */
  take(seconds: number): Recording | Promise<Recording>;
  stop(): Promise<void>;
}

/** Starts to record. Firefox computes no live sound where there is no sound card, so it has a tape. */
export async function record(stream: MediaStream): Promise<Recorder> {
  return navigator.userAgent.includes("Firefox") ? Tape.start(stream) : Worklet.start(stream);
}

/** Samples as text. */
export function recording(samples: ArrayLike<number>): Recording {
  const bytes = new DataView(new ArrayBuffer(samples.length * 2));
  for (let i = 0; i < samples.length; i++) bytes.setInt16(i * 2, Math.max(-1, Math.min(1, samples[i])) * 32767, true);
  let binary = "";
  for (const byte of new Uint8Array(bytes.buffer)) binary += String.fromCharCode(byte);
  return { rate: RATE, pcm: btoa(binary) };
}

class Worklet implements Recorder {
  private readonly blocks: Float32Array[] = [];

  private constructor(private readonly context: AudioContext) {}

  static async start(stream: MediaStream): Promise<Worklet> {
    const context = new AudioContext({ sampleRate: RATE });
    await context.audioWorklet.addModule("/recorder.worklet.js");
    const node = new AudioWorkletNode(context, "recorder", { channelCount: 1, channelCountMode: "explicit" });
    const recorder = new Worklet(context);
    node.port.onmessage = ({ data }: MessageEvent<Float32Array>) => recorder.blocks.push(data);
    context.createMediaStreamSource(stream).connect(node).connect(context.destination);
    await context.resume();
    return recorder;
  }

  take(seconds: number): Recording {
    return recording(this.blocks.flatMap((block) => [...block]).slice(-seconds * RATE));
  }

  async stop(): Promise<void> {
    await this.context.close();
  }
}
