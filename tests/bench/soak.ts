/**
 * `cargo xtask bench soak`: calls of all kinds come and go for a long time, as many at once as half of what the relay is
 * good for. Memory stays flat, no port stays taken, and every packet of every call arrives. What a test of minutes
 * cannot find is looked for here for an hour; `cargo xtask test --only soak` runs the short form.
 */
import { readdirSync } from "node:fs";
import { cpus } from "node:os";
import { eventually } from "../peers/deadline.ts";
import { endPrograms } from "../peers/program.ts";
import { port } from "../peers/ports.ts";
import { ADDRESS } from "./media/address.ts";
import { Ends, type Report } from "./media/ends.ts";
import { Exchange } from "./media/exchange.ts";
import { Offhook } from "./media/offhook.ts";
import { type Pair, codecs } from "./media/server.ts";
import type { Pin } from "./servers.ts";
import { usage } from "./usage.ts";

const SECONDS = Number(process.env["SOAK_SECONDS"] ?? 3600);
/** Calls at once. */
const CALLS = Number(process.env["SOAK_CALLS"] ?? 400);
/** The longest call (s). */
const LONGEST = Number(process.env["SOAK_LONGEST"] ?? 120);
const SEED = Number(process.env["SOAK_SEED"] ?? 1);
/** Calls that are set up at the same time. */
const ABREAST = 4;
const PAIRS: readonly Pair[] = ["browser-sip", "browser-sip", "sip-sip", "browser-browser", "opus-sip"];
/** What memory may grow by in the second half, for the allocator's sake. */
const GROWTH = { part: 0.1, bytes: 4e6 };

/** Mulberry32: the same calls each time. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const pause = async (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** So many at a time, the others in turn. */
class Turnstile {
  private readonly waiting: (() => void)[] = [];

  constructor(private free: number) {}

  async through<T>(what: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await what();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.free++;
    }
  }
}

const has = cpus().length > 1;
const on = (processor: string): Pin => (command) => (has ? ["taskset", "-c", processor, ...command] : command);
const random = generator(SEED);
const ends = await Ends.start(on("1"));
const exchange = await Exchange.open(ends, await port(ADDRESS));
const relay = await Offhook.start({ ends, exchange, pin: on("0") });
const { pid } = relay.program;
const files = (): number => readdirSync(`/proc/${pid}/fd`).length;

const setUp = new Turnstile(ABREAST);
const troubles: string[] = [];
const sum = { calls: 0, sent: 0, received: 0, up: 0 };
const memory: { at: number; bytes: number }[] = [];
const began = performance.now();
const left = (): number => SECONDS * 1000 - (performance.now() - began);

/** What is wrong with what became of a call. */
function wrong({ lost, disordered, again, foreign, silent }: Report): string {
  return Object.entries({ lost, disordered, again, foreign, silent }).filter(([, count]) => count > 0).map(([what, count]) => `${count} ${what}`).join(", ");
}

async function one(): Promise<void> {
  const pair = PAIRS[Math.floor(random() * PAIRS.length)];
  // Most calls are short; some last.
  const lasts = Math.min(1000 + LONGEST * 1000 * random() ** 2, Math.max(left(), 1000));
  const call = await setUp.through(async () => relay.call(pair));
  sum.up++;
  await ends.talk(call.ends, codecs(pair));
  await pause(lasts);
  await ends.mute(...call.ends);
  // What is still under way arrives.
  await pause(500);
  await setUp.through(async () => call.hangup());
  sum.up--;
  const report = await ends.close(...call.ends);
  sum.calls++;
  sum.sent += report.sent;
  sum.received += report.received;
  const what = wrong(report);
  if (what !== "") troubles.push(`${pair} of ${(lasts / 1000).toFixed(1)} s after ${((performance.now() - began) / 1000).toFixed(0)} s: ${what} of ${report.sent} packets`);
}

async function place(number: number): Promise<void> {
  await pause(number * 20);
  while (left() > 0) await one();
}

async function watch(): Promise<void> {
  let told = 0;
  while (left() > 0) {
    await pause(1000);
    memory.push({ at: performance.now() - began, bytes: usage(pid).memory });
    if (performance.now() - told < 30_000) continue;
    told = performance.now();
    console.log(`  ${((told - began) / 1000).toFixed(0)} s: ${sum.up} calls, ${sum.calls} over, ${((memory.at(-1)?.bytes ?? 0) / 1e6).toFixed(1)} MB, ${troubles.length} troubles`);
  }
}

const first = await relay.call("browser-sip");
await first.hangup();
await ends.close(...first.ends);
const before = { files: files(), held: await relay.held() };
try {
  await Promise.all([watch(), ...Array.from({ length: CALLS }, async (_, number) => place(number))]);
} catch (error) {
  troubles.push(String(error));
}
await eventually(
  async () => {
    const now = await relay.held();
    return Object.entries(now).every(([name, count]) => count === before.held[name]);
  },
  "the relay to let go of everything",
  { ms: 20_000 },
).catch(async (error: unknown) => troubles.push(`${String(error)}: ${JSON.stringify(await relay.held())}`));
await eventually(() => files() <= before.files, `no more open files than before (${before.files}, now ${files()})`, { ms: 20_000 }).catch((error: unknown) => troubles.push(String(error)));

/** The most that it took in a part of the time; all calls are up after the first quarter. */
const most = (from: number, to: number): number => Math.max(...memory.filter(({ at }) => at >= from * SECONDS * 1000 && at < to * SECONDS * 1000).map(({ bytes }) => bytes));
const [early, late] = [most(0.25, 0.6), most(0.6, 1)];
if (late > early * (1 + GROWTH.part) + GROWTH.bytes) troubles.push(`memory grew from ${(early / 1e6).toFixed(1)} to ${(late / 1e6).toFixed(1)} MB`);

console.log(`${sum.calls} calls in ${SECONDS} s, ${CALLS} at once: ${sum.sent} packets sent, ${sum.received} arrived; memory ${(early / 1e6).toFixed(1)}, then ${(late / 1e6).toFixed(1)} MB`);
for (const trouble of troubles.slice(0, 20)) console.log(`  ${trouble}`);
if (troubles.length > 20) console.log(`  and ${troubles.length - 20} more`);
exchange.close();
await relay.stop();
await ends.stop();
await endPrograms();
process.exit(troubles.length > 0 || sum.calls === 0 ? 1 : 0);
