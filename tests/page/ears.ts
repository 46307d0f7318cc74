/**
 * Ears for a page that is not ours: run before its own scripts, they record what its first remote `<video>` plays. They
 * are no part of the page, so that its Content-Security-Policy need not allow them.
 */
import { type Recorder, type Recording, record } from "./recorder.ts";

declare global {
  interface Window {
    ears: typeof ears;
  }
}

let recorder: Recorder | undefined;

const ears = {
  /** Starts to record what a `<video>` in the element of this selector plays. */
  async open(display: string): Promise<void> {
    await recorder?.stop();
    recorder = await record(await streamIn(display));
  },

  /** The last seconds of what was recorded. */
  heard(seconds: number): Recording | Promise<Recording> {
    if (!recorder) throw new Error("nothing is recorded");
    return recorder.take(seconds);
  },
};

async function streamIn(display: string): Promise<MediaStream> {
  for (;;) {
    const stream = document.querySelector<HTMLVideoElement>(`${display} video`)?.srcObject;
    if (stream instanceof MediaStream && stream.getAudioTracks().length > 0) return stream;
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
}

window.ears = ears;
