/** Records a MediaStream as a file (MediaStream Recording), and hears it afterwards: no sound card is needed for either. */
import { RATE, type Recorder, type Recording, recording } from "./recorder.ts";

/** How often the file grows (ms). */
const PIECE = 200;

export class Tape implements Recorder {
  private readonly pieces: Blob[] = [];

  private constructor(private readonly recorder: MediaRecorder) {
    recorder.ondataavailable = ({ data }) => this.pieces.push(data);
  }

  static start(stream: MediaStream): Tape {
    const recorder = new MediaRecorder(new MediaStream(stream.getAudioTracks()), { mimeType: "audio/ogg; codecs=opus" });
    recorder.start(PIECE);
    return new Tape(recorder);
  }

  /** The last seconds heard. */
  async take(seconds: number): Promise<Recording> {
    const file = await new Blob(this.pieces).arrayBuffer();
    const heard = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(file).catch(() => undefined);
    // A file that has only begun holds nothing that could be decoded.
    return recording(heard?.getChannelData(0).slice(-seconds * RATE) ?? []);
  }

  stop(): Promise<void> {
    this.recorder.stop();
    return Promise.resolve();
  }
}
