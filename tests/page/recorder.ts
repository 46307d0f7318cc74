/** Records a MediaStream as samples, to be judged outside the page. */

const RATE = 16_000;

export interface Recording {
  rate: number;
  /** 16-bit little-endian samples, base64. */
  pcm: string;
}

export class Recorder {
  private readonly blocks: Float32Array[] = [];

  private constructor(private readonly context: AudioContext) {}

  static async of(stream: MediaStream): Promise<Recorder> {
    const context = new AudioContext({ sampleRate: RATE });
    await context.audioWorklet.addModule("/recorder.worklet.js");
    const node = new AudioWorkletNode(context, "recorder", { channelCount: 1, channelCountMode: "explicit" });
    const recorder = new Recorder(context);
    node.port.onmessage = ({ data }: MessageEvent<Float32Array>) => recorder.blocks.push(data);
    context.createMediaStreamSource(stream).connect(node).connect(context.destination);
    await context.resume();
    return recorder;
  }

  /** The last seconds heard. */
  take(seconds: number): Recording {
    const samples = this.blocks.flatMap((block) => [...block]).slice(-seconds * RATE);
    const bytes = new DataView(new ArrayBuffer(samples.length * 2));
    samples.forEach((sample, i) => bytes.setInt16(i * 2, Math.max(-1, Math.min(1, sample)) * 32767, true));
    let binary = "";
    for (const byte of new Uint8Array(bytes.buffer)) binary += String.fromCharCode(byte);
    return { rate: RATE, pcm: btoa(binary) };
  }

  async stop(): Promise<void> {
    await this.context.close();
  }
}
