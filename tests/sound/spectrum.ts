/** Short-time spectra: an FFT and, on it, energies in bands spaced as the ear hears. */

/** In-place radix-2 FFT; the length is a power of two. */
export function fft(re: Float64Array, im: Float64Array): void {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j], re[i]];
      [im[i], im[j]] = [im[j], im[i]];
    }
  }
  for (let size = 2; size <= n; size *= 2) {
    const angle = (-2 * Math.PI) / size;
    for (let start = 0; start < n; start += size) {
      for (let k = 0; k < size / 2; k++) {
        const a = start + k;
        const b = a + size / 2;
        const wr = Math.cos(angle * k);
        const wi = Math.sin(angle * k);
        const tr = re[b] * wr - im[b] * wi;
        const ti = re[b] * wi + im[b] * wr;
        re[b] = re[a] - tr;
        im[b] = im[a] - ti;
        re[a] += tr;
        im[a] += ti;
      }
    }
  }
}

export interface Bands {
  /** Energy per frame and band, frame after frame. */
  readonly energy: Float64Array[];
  /** Seconds from one frame to the next. */
  readonly hop: number;
}

const FRAME = 256;
const HOP = 160;
const BAND_COUNT = 20;
const LOW = 250;
const HIGH = 3400;

/** Energies of samples at 8000 per second: 20 bands of the telephone band, one frame every 20 ms. */
export function bands(samples: Float32Array): Bands {
  const edges = melEdges();
  const energy: Float64Array[] = [];
  for (let start = 0; start + FRAME <= samples.length; start += HOP) {
    const re = new Float64Array(FRAME);
    for (let i = 0; i < FRAME; i++) re[i] = samples[start + i] * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / FRAME));
    const im = new Float64Array(FRAME);
    fft(re, im);
    const frame = new Float64Array(BAND_COUNT);
    for (let band = 0; band < BAND_COUNT; band++) {
      for (let bin = edges[band]; bin < edges[band + 1]; bin++) frame[band] += re[bin] ** 2 + im[bin] ** 2;
    }
    energy.push(frame);
  }
  return { energy, hop: HOP / 8000 };
}

/** First FFT bin of each band, and one past the last. Every band has at least one bin. */
function melEdges(): number[] {
  const mel = (hz: number): number => 1127 * Math.log(1 + hz / 700);
  const hz = (m: number): number => 700 * (Math.exp(m / 1127) - 1);
  const edges: number[] = [];
  for (let i = 0; i <= BAND_COUNT; i++) {
    const bin = Math.round((hz(mel(LOW) + ((mel(HIGH) - mel(LOW)) * i) / BAND_COUNT) * FRAME) / 8000);
    edges.push(i === 0 ? bin : Math.max(bin, edges[i - 1] + 1));
  }
  return edges;
}
