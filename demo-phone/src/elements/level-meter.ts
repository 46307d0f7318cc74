const BARS = 12;
/** Quieter than this shows nothing: the noise of an open microphone. In decibels below full scale. */
const FLOOR_DB = -54;

/** How loud a stream is, as a row of bars. Attribute `label`: whose sound it is. */
export class LevelMeter extends HTMLElement {
  #context: AudioContext | undefined;
  #source: MediaStreamAudioSourceNode | undefined;
  #analyser: AnalyserNode | undefined;
  #frame = 0;
  #spoken = 0;

  connectedCallback(): void {
    if (this.firstChild) return;
    const label = this.getAttribute("label") ?? "";
    const words = document.createElement("span");
    words.textContent = label;
    const bars = document.createElement("div");
    bars.append(...Array.from({ length: BARS }, () => document.createElement("i")));
    bars.setAttribute("role", "meter");
    bars.setAttribute("aria-label", `Sound level: ${label}`);
    bars.setAttribute("aria-valuemin", "0");
    bars.setAttribute("aria-valuemax", "100");
    this.append(words, bars);
    this.#draw(0);
  }

  disconnectedCallback(): void {
    this.stream = undefined;
  }

  set stream(stream: MediaStream | undefined) {
    if (stream === this.#source?.mediaStream) return;
    cancelAnimationFrame(this.#frame);
    this.#source?.disconnect();
    this.#source = undefined;
    this.#draw(0);
    if (!stream || stream.getAudioTracks().length === 0) {
      // Nothing to measure: give the sound device back.
      void this.#context?.close();
      this.#context = undefined;
      return;
    }
    this.#context ??= new AudioContext();
    this.#analyser = new AnalyserNode(this.#context, { fftSize: 1024 });
    this.#source = new MediaStreamAudioSourceNode(this.#context, { mediaStream: stream });
    this.#source.connect(this.#analyser);
    this.#measure();
  }

  #measure(): void {
    const analyser = this.#analyser;
    if (!analyser || !this.#source) return;
    const samples = new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    const decibels = 10 * Math.log10(power + 1e-12);
    this.#draw(Math.min(1, Math.max(0, 1 - decibels / FLOOR_DB)));
    this.#frame = requestAnimationFrame(() => { this.#measure(); });
  }

  #draw(level: number): void {
    const lit = Math.round(level * BARS);
    const bars = this.querySelector("div");
    if (!bars) return;
    [...bars.children].forEach((bar, index) => bar.classList.toggle("lit", index < lit));
    // For those who cannot see it, a coarse value is enough, and changes that mean nothing are noise.
    const coarse = Math.round(level * 5) * 20;
    if (coarse !== this.#spoken || !bars.hasAttribute("aria-valuenow")) {
      this.#spoken = coarse;
      bars.setAttribute("aria-valuenow", String(coarse));
    }
  }
}

customElements.define("level-meter", LevelMeter);
