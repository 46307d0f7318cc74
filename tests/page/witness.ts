/**
 * Looks on in pages of other people, without a change to them: runs before their scripts, tells every text that an
 * element with an id is given, and records what a display plays.
 */
import { type Recorder, type Recording, record } from "./recorder.ts";

/** An element of the page has a new text. */
export interface Shown {
  id: string;
  text: string;
}

declare global {
  interface Window {
    /** Put here by the test that drives the page. */
    shown: (shown: Shown) => Promise<void>;
    witness: typeof witness;
  }
}

let recorder: Recorder | undefined;

const witness = {
  /** Starts to record what the first player in this display plays. */
  async record(display: string): Promise<void> {
    await recorder?.stop();
    recorder = await record(await soundOf(display));
  },

  /** The last seconds of what was recorded. */
  heard(seconds: number): Recording | Promise<Recording> {
    if (!recorder) throw new Error("nothing is recorded");
    return recorder.take(seconds);
  },
};

/** The stream of a display, as soon as it has sound to play. */
async function soundOf(display: string): Promise<MediaStream> {
  for (;;) {
    const stream = document.querySelector<HTMLVideoElement>(`${display} video`)?.srcObject;
    if (stream instanceof MediaStream && stream.getAudioTracks().length > 0) return stream;
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
}

function report({ target, addedNodes }: MutationRecord): void {
  if (!(target instanceof HTMLElement) || target.id === "") return;
  for (const node of addedNodes) if (node instanceof Text && node.data === node.data.trim()) void window.shown({ id: target.id, text: node.data });
}

window.witness = witness;
new MutationObserver((records) => records.forEach(report)).observe(document, { childList: true, subtree: true });
