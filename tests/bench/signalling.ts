/**
 * `cargo xtask bench sip`: what a call costs in signalling, with SIPp as both ends and each server in turn between
 * them. Servers have one processor, the two ends another, so that what a server takes is not taken from it.
 */
import { cpus } from "node:os";
import { endPrograms } from "../peers/program.ts";
import { CalledSide, type Outcome, load } from "./load.ts";
import { type Pin, type Server, baresip, kamailio, nobody, relay } from "./servers.ts";
import { type Delays, Tap, percentile } from "./tap.ts";
import { usage } from "./usage.ts";

/** What the issue of speed was decided by: calls per second and core, CPU per call (ms), p99 of the relay's part (ms). */
const TARGETS = { rate: 3000, cpu: 0.3, p99: 5 };

/** Calls a second that are tried, until some are lost. */
const RATES = (process.env["BENCH_RATES"] ?? "250,500,1000,1500,2000,2500,3000,3500,4000").split(",").map(Number);
/** Seconds at each rate. */
const SECONDS = Number(process.env["BENCH_SECONDS"] ?? 5);
/** Calls that are held at once to see what each takes of the memory. */
const HELD = Number(process.env["BENCH_HELD"] ?? 5000);

/** Which servers are measured, to look at one alone. */
const SERVERS = (process.env["BENCH_SERVERS"] ?? "direct,kamailio,baresip,relay").split(",");

const has = cpus().length > 1;
const server: Pin = (command) => (has ? ["taskset", "-c", "0", ...command] : command);
const ends: Pin = (command) => (has ? ["taskset", "-c", "1", ...command] : command);

interface Figures {
  readonly name: string;
  /** Most calls a second without a failed one. */
  readonly sustained: number;
  /** Milliseconds of CPU a call, at the highest rate that was sustained. */
  readonly cpu: number;
  /** Milliseconds that each message stays in the server at half of that rate. */
  readonly delays: Delays | undefined;
  /** Bytes of memory for each dialog: two a call in a user agent. */
  readonly memory: number;
}

/** A server that is good for fewer than the first of the rates is tried at parts of what it is good for. */
const ratesUpTo = (most: number): readonly number[] => {
  const rates = RATES.filter((rate) => rate <= most);
  return rates.length > 0 ? rates : [0.25, 0.5, 0.75, 1].map((part) => Math.ceil(most * part));
};

/** `most` calls a second, and `holds` at once, are the most that this server is asked for. */
async function measure(
  start: (called: string, pin: Pin) => Promise<Server> | Server,
  most = RATES.at(-1) ?? 1000,
  holds = HELD,
): Promise<Figures> {
  const called = await CalledSide.start(ends);
  const between = await start(called.target, server);
  const cost = (): number => (between.program === undefined ? 0 : usage(between.program.pid).cpu);
  const run = async (rate: number): Promise<Outcome & { cpu: number }> => {
    const before = cost();
    const outcome = await load(between.target, { rate, calls: Math.ceil(rate * SECONDS) }, ends);
    return { ...outcome, cpu: ((cost() - before) * 1000) / Math.max(1, outcome.calls) };
  };
  await run(Math.min(100, most));
  let best: { rate: number; cpu: number } | undefined;
  for (const rate of ratesUpTo(most)) {
    const outcome = await run(rate);
    const achieved = outcome.calls / Math.max(1, outcome.seconds);
    const kept = outcome.failed === 0 && achieved > rate * 0.85;
    console.log(`  ${between.name}: ${rate}/s: ${outcome.calls} calls, ${outcome.failed} failed, ${outcome.retransmissions} sent again, ${outcome.cpu.toFixed(3)} ms CPU a call`);
    if (!kept) break;
    best = { rate, cpu: outcome.cpu };
  }
  const tap = between.program && (await Tap.start(between.target));
  await run(Math.max(10, Math.floor((best?.rate ?? 20) / 2)));
  const delays = await tap?.stop();
  const memory = await held(between, holds, Math.min(500, most));
  await called.stop();
  await between.program?.stop();
  await endPrograms();
  return {
    name: between.name,
    sustained: best?.rate ?? 0,
    cpu: best?.cpu ?? Number.NaN,
    delays,
    memory,
  };
}

/** What each of so many calls at once takes of the memory. */
async function held(between: Server, calls: number, rate: number): Promise<number> {
  const { program } = between;
  if (program === undefined) return 0;
  const before = usage(program.pid).memory;
  let during = before;
  const hold = (calls / rate) * 1000 + 3000;
  await load(between.target, { rate, calls, hold }, ends, async () => {
    const until = Date.now() + (calls / rate) * 1000 + 1500;
    while (Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 200));
    during = usage(program.pid).memory;
  });
  // A proxy keeps nothing of a call that is established.
  return Math.max(0, during - before) / calls / 2;
}

const parts = (delays: Delays | undefined): (readonly number[])[] => [delays?.invite ?? [], delays?.ringing ?? [], delays?.answer ?? []];

/** The longest of the three, as 99 of 100 calls have it. */
const slowest = (row: Figures): number => Math.max(...parts(row.delays).map((part) => percentile(part, 0.99)));

function table(rows: readonly Figures[]): void {
  const number = (value: number, digits: number): string => (Number.isFinite(value) ? value.toFixed(digits) : "-");
  console.log(`\n${"".padEnd(20)}${["calls/s", "CPU ms/call", "calls/s/core", "INVITE p50", "p99 ms", "180 p50", "p99 ms", "200 p50", "p99 ms", "kB/dialog"].map((name) => name.padStart(13)).join("")}`);
  for (const row of rows) {
    const columns = [number(row.sustained, 0), number(row.cpu, 3), row.cpu > 0 ? number(1000 / row.cpu, 0) : "-", ...parts(row.delays).flatMap((part) => [number(percentile(part, 0.5), 3), number(percentile(part, 0.99), 3)]), number(row.memory / 1024, 1)];
    console.log(row.name.padEnd(20) + columns.map((column) => column.padStart(13)).join(""));
  }
}

function ratios(ours: Figures, theirs: Figures): void {
  const of = (a: number, b: number): string => (a > 0 && b > 0 ? (a / b).toFixed(2) : "-");
  // What a core does in a second is the time of one call, turned over.
  console.log(`Offhook / ${theirs.name}: calls/s ${of(ours.sustained, theirs.sustained)}, calls/s/core ${of(theirs.cpu, ours.cpu)}, CPU per call ${of(ours.cpu, theirs.cpu)}, p99 ${of(slowest(ours), slowest(theirs))}, memory per dialog ${of(ours.memory, theirs.memory)}`);
}

const measured = async (name: string, ...how: Parameters<typeof measure>): Promise<Figures | undefined> => {
  if (!SERVERS.includes(name)) return undefined;
  return measure(...how).catch((error: unknown) => {
    console.log(`${name} could not be measured: ${String(error).slice(0, 300)}`);
    return undefined;
  });
};

const direct = await measured("direct", nobody);
const proxy = await measured("kamailio", kamailio);
const softphone = await measured("baresip", baresip, 100, 50);
const ours = await measured("relay", relay);
table([direct, proxy, softphone, ours].filter((row) => row !== undefined));
console.log("\ncalls/s is the highest rate tried at which no call was lost; with one processor for both ends, the ends may be what limits it.");
if (ours) {
  for (const theirs of [proxy, softphone]) if (theirs) ratios(ours, theirs);
  console.log(`Targets: ${TARGETS.rate} calls/s a core: ${Math.round(1000 / ours.cpu)}; CPU ${TARGETS.cpu} ms a call: ${ours.cpu.toFixed(3)}; the relay's own part at half load, p99 ${TARGETS.p99} ms: ${slowest(ours).toFixed(2)}`);
}
process.exit(0);
