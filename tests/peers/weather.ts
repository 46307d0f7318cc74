/** What a bad network does to datagrams one way: the same to the same datagrams each time, as far as its seed goes. */

export interface Weather {
  /** The share that is lost, from 0 to 1. */
  readonly loss?: number;
  /** How many are lost in a row, on average (Gilbert's model). Default: as chance has it. */
  readonly burst?: number;
  /** How long all of them take (ms). */
  readonly delay?: number;
  /** How much longer some take, at most (ms); evenly spread. Whoever takes longer than the next is overtaken. */
  readonly jitter?: number;
  /** The share that comes after its successor: it is kept until the next has gone. */
  readonly reordered?: number;
  /** The share that comes twice. */
  readonly doubled?: number;
}

export const FINE: Weather = {};

/** What becomes of one datagram. */
export type Fate = { readonly lost: true } | { readonly lost: false; readonly after: number; readonly held: boolean; readonly times: 1 | 2 };

/** Decides about one datagram after the other. */
export class Climate {
  weather: Weather = FINE;
  private readonly random: () => number;
  private inBurst = false;

  constructor(seed: number) {
    this.random = mulberry32(seed);
  }

  next(): Fate {
    const { delay = 0, jitter = 0, reordered = 0, doubled = 0 } = this.weather;
    // As many numbers are drawn whatever the weather, so that the same seed has the same fates after a change of it.
    const [lost, late, held, twice] = [this.random(), this.random(), this.random(), this.random()];
    if (this.isLost(lost)) return { lost: true };
    return { lost: false, after: delay + late * jitter, held: held < reordered, times: twice < doubled ? 2 : 1 };
  }

  private isLost(chance: number): boolean {
    const { loss = 0, burst } = this.weather;
    if (burst === undefined || loss <= 0 || loss >= 1) return chance < loss;
    // In a burst the next is lost with 1 - 1/burst; one begins as often as the share of losses wants.
    const begins = Math.min(1, loss / (burst * (1 - loss)));
    this.inBurst = chance < (this.inBurst ? 1 - 1 / burst : begins);
    return this.inBurst;
  }
}

/** Datagrams one way, in whatever weather there is. */
export class Way {
  readonly climate: Climate;
  /** How many came, and how many of them were lost. */
  came = 0;
  lost = 0;
  private kept: (() => void) | undefined;
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(seed: number) {
    this.climate = new Climate(seed);
  }

  /** Has a datagram delivered, sooner or later, once or twice or never. */
  carry(deliver: () => void): void {
    this.came++;
    const fate = this.climate.next();
    if (fate.lost) {
      this.lost++;
      return;
    }
    const arrive = (): void => {
      for (let time = 0; time < fate.times; time++) deliver();
    };
    if (fate.held && this.kept === undefined) {
      this.kept = arrive;
      return;
    }
    this.later(fate.after, arrive);
    if (this.kept !== undefined) this.later(fate.after, this.kept);
    this.kept = undefined;
  }

  /** What is on its way does not arrive any more. */
  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  private later(after: number, arrive: () => void): void {
    if (after <= 0) {
      arrive();
      return;
    }
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      arrive();
    }, after);
    this.timers.add(timer);
  }
}

/** Numbers from 0 to 1 that a seed determines. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
