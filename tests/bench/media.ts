/**
 * `cargo xtask bench media`: what a call costs in media, with many ends of ours on both sides (`tests/load`) and each
 * server in turn between them. Servers have one processor, the ends another.
 */
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { endPrograms } from "../peers/program.ts";
import { port } from "../peers/ports.ts";
import { ADDRESS } from "./media/address.ts";
import { Ends, type Report } from "./media/ends.ts";
import { Exchange } from "./media/exchange.ts";
import { Floor } from "./media/floor.ts";
import { Janus } from "./media/janus.ts";
import { Offhook } from "./media/offhook.ts";
import { Rtpengine } from "./media/rtpengine.ts";
import { type Around, type Call, type Pair, type Server, codecs } from "./media/server.ts";
import type { Pin } from "./servers.ts";
import { percentile } from "./tap.ts";
import { usage } from "./usage.ts";

/** Calls at once, one number after the other until packets are lost. */
const CALLS = (process.env["BENCH_CALLS"] ?? "1,50,200,500,800,1000,1200").split(",").map(Number);
/** Seconds of speech that are measured at each. */
const SECONDS = Number(process.env["BENCH_SECONDS"] ?? 10);
/** Who has the calls. */
const PAIRS = (process.env["BENCH_PAIRS"] ?? "browser-sip,sip-sip,browser-browser,opus-sip").split(",") as Pair[];
const SERVERS = (process.env["BENCH_SERVERS"] ?? "floor,offhook,rtpengine,janus").split(",");
/** What the issue of speed was decided by: ms CPU per 1000 packets, MB and ms CPU a call, calls at once, added latency (ms). */
const TARGETS = { cpu: 9, memory: 0.15, setUpCpu: 6, calls: 800, p99: 2 };
/** Calls that are set up at the same time. */
const ABREAST = 4;

const has = cpus().length > 1;
const server: Pin = (command) => (has ? ["taskset", "-c", "0", ...command] : command);
const ends: Pin = (command) => (has ? ["taskset", "-c", "1", ...command] : command);

interface Row {
  readonly server: string;
  readonly pair: Pair;
  readonly calls: number;
  /** Milliseconds of CPU per 1000 packets, both directions of a call counted. */
  readonly cpu: number;
  /** Bytes of memory that a call takes. */
  readonly memory: number;
  /** Milliseconds from the call being asked for to its sound, in order of size. */
  readonly setUp: readonly number[];
  /** Milliseconds of CPU for the calls set up for this row, each. */
  readonly setUpCpu: number;
  /** How much of its processor the server took. */
  readonly load: number;
  readonly report: Report;
}

const isWhole = ({ sent, lost, foreign, silent }: Report): boolean => sent > 0 && lost + foreign + silent === 0;

const pause = async (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function measure(start: (around: Around) => Promise<Server>, pair: Pair): Promise<Row[]> {
  const generator = await Ends.start(ends);
  const exchange = await Exchange.open(generator, await port(ADDRESS));
  const between = await start({ ends: generator, exchange, pin: server });
  if (!between.pairs.includes(pair)) {
    await between.stop();
    await generator.stop();
    return [];
  }
  const calls: Call[] = [];
  const rows: Row[] = [];
  try {
    // What the first call brings into memory stays there.
    const first = await between.call(pair);
    await first.hangup();
    await generator.close(...first.ends);
    await pause(500);
    const empty = usage(between.program.pid);
    for (const count of CALLS) {
      const before = usage(between.program.pid);
      const setUp: number[] = [];
      const wanted = count - calls.length;
      const another = async (): Promise<void> => {
        while (calls.length + setting < count) {
          setting++;
          const began = performance.now();
          const call = await between.call(pair);
          setUp.push(performance.now() - began);
          setting--;
          calls.push(call);
        }
      };
      let setting = 0;
      await Promise.all(Array.from({ length: ABREAST }, another));
      const setUpCpu = ((usage(between.program.pid).cpu - before.cpu) * 1000) / wanted;
      for (const call of calls.slice(-wanted)) await generator.talk(call.ends, codecs(pair));
      // The first packets teach servers where sound comes from.
      await pause(1500);
      await generator.begin();
      const started = { ...usage(between.program.pid), at: performance.now() };
      await pause(SECONDS * 1000);
      const ended = usage(between.program.pid);
      const took = performance.now() - started.at;
      await generator.end();
      await pause(500);
      const report = await generator.report();
      const cpu = ended.cpu - started.cpu;
      const row: Row = {
        server: between.name,
        pair,
        calls: count,
        cpu: (cpu * 1e6) / report.sent,
        memory: (ended.memory - empty.memory) / count,
        setUp: setUp.sort((a, b) => a - b),
        setUpCpu,
        load: (cpu * 1000) / took,
        report,
      };
      rows.push(row);
      print(row);
      if (!isWhole(report)) break;
    }
    // What was measured stands, whether or not a server that is at its limit still takes orders.
    await Promise.allSettled(calls.map(async (call) => call.hangup()));
  } catch (error) {
    console.log(`  ${between.name}, ${pair}: given up: ${String(error).slice(0, 300)}\n${between.program.text().slice(-1000)}`);
  } finally {
    exchange.close();
    await between.stop();
    await generator.stop();
    await endPrograms();
  }
  return rows;
}

const number = (value: number, digits: number): string => (Number.isFinite(value) ? value.toFixed(digits) : "-");

function print({ server: name, pair, calls, cpu, memory, setUp, setUpCpu, load, report }: Row): void {
  const { sent, lost, disordered, again, foreign, silent, latency, late } = report;
  const troubles = { lost, disordered, again, foreign, silent };
  const told = Object.entries(troubles).filter(([, count]) => count > 0).map(([what, count]) => `${count} ${what}`);
  console.log([
    `  ${name}, ${pair}, ${calls} calls: ${number(cpu, 2)} ms CPU per 1000 packets (${number(1e6 / cpu, 0)} packets/s a core), load ${number(load * 100, 1)} %`,
    `${number(memory / 1e6, 3)} MB a call`,
    `set-up p50 ${number(percentile(setUp, 0.5), 1)} p99 ${number(percentile(setUp, 0.99), 1)} ms, CPU ${number(setUpCpu, 2)} ms`,
    `latency p50 ${number(latency.p50, 3)} p99 ${number(latency.p99, 3)} max ${number(latency.max, 2)} ms`,
    `${sent} packets${told.length > 0 ? `: ${told.join(", ")}` : ", all arrived"}`,
    `ends late by ${number(late, 1)} ms at most`,
  ].join("; "));
}

/** The highest number of calls at which all packets arrived; the lowest that was tried where none did. */
const best = (rows: readonly Row[]): Row | undefined => rows.findLast(({ report }) => isWhole(report)) ?? rows[0];

/** The one of `ours` and the one of `theirs` with as many calls, the most that both carried. */
function alike(ours: readonly Row[], theirs: readonly Row[]): readonly [Row, Row] | undefined {
  const pairs = theirs.filter(({ report }) => isWhole(report)).map((row) => [ours.find(({ calls }) => calls === row.calls), row] as const);
  return pairs.findLast((pair): pair is readonly [Row, Row] => pair[0] !== undefined && isWhole(pair[0].report));
}

function table(rows: readonly Row[]): void {
  const names = ["calls", "CPU ms/1000", "packets/s/core", "load %", "MB/call", "set-up p50", "p99 ms", "CPU ms/call", "latency p50", "p99", "max ms", "lost"];
  console.log(`\n${"".padEnd(28)}${names.map((name) => name.padStart(15)).join("")}`);
  for (const { server: name, pair, calls, cpu, memory, setUp, setUpCpu, load, report: { latency, lost } } of rows) {
    const columns = [`${calls}`, number(cpu, 2), number(1e6 / cpu, 0), number(load * 100, 1), number(memory / 1e6, 3), number(percentile(setUp, 0.5), 1), number(percentile(setUp, 0.99), 1), number(setUpCpu, 2), number(latency.p50, 3), number(latency.p99, 3), number(latency.max, 2), `${lost}`];
    console.log(`${name}, ${pair}`.padEnd(28) + columns.map((column) => column.padStart(15)).join(""));
  }
}

function ratios(ours: readonly Row[], name: string, theirs: readonly Row[]): void {
  const pair = alike(ours, theirs);
  if (!pair) return;
  const [a, b] = pair;
  const of = (one: number, other: number): string => (one > 0 && other > 0 ? (one / other).toFixed(2) : "-");
  console.log(`Offhook / ${name}, ${a.calls} calls: CPU per packet ${of(a.cpu, b.cpu)}, memory a call ${of(a.memory, b.memory)}, set-up CPU ${of(a.setUpCpu, b.setUpCpu)}, set-up p99 ${of(percentile(a.setUp, 0.99), percentile(b.setUp, 0.99))}, latency p99 ${of(a.report.latency.p99, b.report.latency.p99)}`);
}

function targets(rows: readonly Row[]): void {
  const row = best(rows);
  if (row === undefined) return;
  const most = rows.filter(({ report }) => isWhole(report)).at(-1)?.calls ?? 0;
  console.log(`Targets: CPU ${TARGETS.cpu} ms per 1000 packets: ${number(row.cpu, 2)}; memory ${TARGETS.memory} MB a call: ${number(row.memory / 1e6, 3)}; set-up CPU ${TARGETS.setUpCpu} ms: ${number(row.setUpCpu, 2)}; ${TARGETS.calls} calls at once without a loss: ${most}; latency p99 ${TARGETS.p99} ms: ${number(row.report.latency.p99, 2)}`);
}

/** Servers other than the relay take part where they are installed. */
const isInstalled = (program: string): boolean => (process.env["PATH"] ?? "").split(":").some((folder) => existsSync(join(folder, program)));

const STARTS: Partial<Record<string, { start(around: Around): Promise<Server> }>> = { floor: Floor, offhook: Offhook, rtpengine: Rtpengine, janus: Janus };

const all: Row[] = [];
for (const pair of PAIRS) {
  for (const name of SERVERS) {
    const server = STARTS[name];
    if (server === undefined) continue;
    if (["floor", "offhook"].includes(name) || isInstalled(name)) all.push(...(await measure(async (around) => server.start(around), pair)));
    else console.log(`  ${name} is not installed, and takes no part`);
  }
}
table(all);
console.log("\nCPU is what the kernel accounts to the server, system calls included, for each packet that is sent to it; what came changed, or to the wrong end, counts as lost. Opus is decoded and encoded on its way, so how long it takes is not seen.");
for (const pair of PAIRS) {
  const of = (server: string): readonly Row[] => all.filter((row) => row.pair === pair && row.server === server);
  const names = new Set(all.map(({ server }) => server).filter((server) => server !== "Offhook"));
  console.log(`\n${pair}:`);
  for (const name of names) ratios(of("Offhook"), name, of(name));
  if (pair === "browser-sip") targets(of("Offhook"));
}
process.exit(0);
