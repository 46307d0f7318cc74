/**
 * `cargo xtask bench media`: what a call costs in media, with many ends of ours on both sides (`tests/load`) and each
 * server in turn between them. Servers have one processor, the ends another.
 */
import { cpus } from "node:os";
import { endPrograms } from "../peers/program.ts";
import { port } from "../peers/ports.ts";
import { ADDRESS } from "./media/address.ts";
import { Ends, type Report } from "./media/ends.ts";
import { Exchange } from "./media/exchange.ts";
import { Janus } from "./media/janus.ts";
import { Offhook } from "./media/offhook.ts";
import { Rtpengine } from "./media/rtpengine.ts";
import type { Around, Call, Pair, Server } from "./media/server.ts";
import type { Pin } from "./servers.ts";
import { percentile } from "./tap.ts";
import { usage } from "./usage.ts";

/** Calls at once, one number after the other until packets are lost. */
const CALLS = (process.env["BENCH_CALLS"] ?? "1,50,200,500,800,1000,1200").split(",").map(Number);
/** Seconds of speech that are measured at each. */
const SECONDS = Number(process.env["BENCH_SECONDS"] ?? 10);
/** Who has the calls. */
const PAIRS = (process.env["BENCH_PAIRS"] ?? "browser-sip,sip-sip,browser-browser").split(",") as Pair[];
const SERVERS = (process.env["BENCH_SERVERS"] ?? "offhook,rtpengine,janus").split(",");
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
      for (const { ends: [a, b] } of calls.slice(-wanted)) await generator.talk(a, b);
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
      if (report.lost + report.foreign > 0) break;
    }
    await Promise.all(calls.map(async (call) => call.hangup()));
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

const STARTS: Record<string, (around: Around) => Promise<Server>> = { offhook: Offhook.start, rtpengine: Rtpengine.start, janus: Janus.start };

for (const pair of PAIRS) {
  for (const name of SERVERS) {
    const start = STARTS[name];
    if (start) await measure(start, pair);
  }
}
process.exit(0);
