/** Two tones, on and off in seconds. */
interface Cadence {
  frequencies: readonly number[];
  on: number;
  off: number;
  volume: number;
}

/** Somebody calls here: a soft two-note warble. */
const RING: Cadence = { frequencies: [587, 740], on: 1, off: 2, volume: 0.12 };
/** The far end rings: the European ring-back tone (ITU-T E.180), 425 Hz, one second in five. */
const RING_BACK: Cadence = { frequencies: [425], on: 1, off: 4, volume: 0.05 };

export type Melody = "ring" | "ringBack" | "silence";

/** Plays the sounds of waiting, made on the spot: there is nothing to download. */
export class Ringer {
  #context: AudioContext | undefined;
  #playing: Melody = "silence";
  #stop: () => void = () => undefined;

  /** Browsers let a page sound only after the person has touched it: call this from a click. */
  unlock(): void {
    this.#context ??= new AudioContext();
    // Refused without a gesture; the phone then rings in silence, and is still seen to ring.
    void this.#context.resume().catch(() => undefined);
  }

  play(melody: Melody): void {
    if (melody === this.#playing) return;
    this.#stop();
    this.#stop = () => undefined;
    this.#playing = melody;
    if (this.#context && melody !== "silence") this.#stop = repeat(this.#context, melody === "ring" ? RING : RING_BACK);
  }
}

function repeat(context: AudioContext, cadence: Cadence): () => void {
  let sounding = burst(context, cadence);
  const timer = setInterval(() => { sounding = burst(context, cadence); }, (cadence.on + cadence.off) * 1000);
  return () => {
    clearInterval(timer);
    sounding();
  };
}

/** One "on" of the cadence, with soft edges: a tone that is cut clicks. */
function burst(context: AudioContext, { frequencies, on, volume }: Cadence): () => void {
  const start = context.currentTime;
  const gain = new GainNode(context, { gain: 0 });
  gain.connect(context.destination);
  gain.gain.linearRampToValueAtTime(volume, start + 0.02);
  gain.gain.setValueAtTime(volume, start + on - 0.05);
  gain.gain.linearRampToValueAtTime(0, start + on);
  const tones = frequencies.map((frequency, index) => {
    const tone = new OscillatorNode(context, { frequency });
    tone.connect(gain);
    // Two notes take turns, a quarter second each.
    const each = on / 2;
    tone.start(start + (frequencies.length > 1 ? index * each : 0));
    tone.stop(frequencies.length > 1 ? start + (index + 1) * each : start + on);
    return tone;
  });
  return () => {
    for (const tone of tones) tone.disconnect();
    gain.disconnect();
  };
}
