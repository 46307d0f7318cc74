/** A page that is open all day: a thousand sessions and calls later it keeps no more than after the first ones. */
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import type { Page } from "playwright-core";
import type { Cycle } from "../page/cycles.ts";
import { Browser } from "../peers/browser.ts";
import { eventually } from "../peers/deadline.ts";
import { type Memory, MemoryMeter } from "../peers/memory.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { tones } from "../sound/sources.ts";

/** What a day consists of, in turns. */
const MIXTURE: readonly Cycle[] = ["abandoned", "idle", "pending", "busy", "pending", "media", "idle", "pending", "busy", "media"];
/** Until every path has been compiled and every pool has its size. */
const WARM_UP = 200;
const DAY = 1000;
/** Sessions at the same time: a page has several tabs' worth of them at most. */
const LANES = 4;

/** What a cycle may leave (bytes): Chromium keeps the wrapper of every stream that `getUserMedia` gave, whoever asked. */
const HEAP_PER_CYCLE = 200;
/** One page of WebAssembly memory (WebAssembly Core Specification, section 4.2.8): the allocator's pieces fall differently each time. */
const WASM_PAGE = 65_536;
/** Closed objects that may still wait for their last events. */
const LINGERING = 2 * LANES;
/**
 * Chromium keeps a connection for ever that is closed just while a change of its state waits to be told: heap snapshots
 * name its own ChangePeerConnectionState and ChangeIceGatheringState as the roots. That happens to a few in a hundred
 * cycles; what the SDK kept of any kind of call would be twenty in a hundred at the least.
 */
const KEPT_BY_CHROMIUM = 0.05;

let browser: Browser;
let relay: Relay;
let page: Page;
let meter: MemoryMeter;

before(async () => {
  browser = await Browser.start({ says: tones([440], 2, 48_000) });
  relay = await Relay.start({ origins: [browser.origin], users: { alice: "" } });
  const context = await browser.chromium.newContext();
  await context.grantPermissions(["microphone"], { origin: browser.origin });
  page = await context.newPage();
  await page.goto(`${browser.origin}/cycles.html`);
  meter = await MemoryMeter.of(page);
});

after(async () => {
  await browser.stop();
  await relay.zero((name) => !["transactions", "sipConnections"].includes(name), 40_000);
  await relay.stop();
  await endPrograms();
});

let spent = 0;

async function spend(cycles: number): Promise<void> {
  spent += cycles;
  const kinds = Array.from({ length: cycles }, (_, i) => MIXTURE[i % MIXTURE.length]);
  await page.evaluate(([url, list, lanes]) => window.cycles.run(url, list, lanes), [relay.url, kinds, LANES] as const);
}

/** What the page keeps once everything that ended is gone; fails if it does not go. */
async function settled(): Promise<Memory> {
  let memory: Memory = { heap: 0, wasm: 0, objects: {} };
  const living = ["WebSocket", "RTCPeerConnection", "RTCRtpSender", "HTMLMediaElement", "AudioContext"];
  await eventually(
    async () => {
      memory = await meter.read();
      return living.every((name) => (memory.objects[name] ?? 0) <= LINGERING + KEPT_BY_CHROMIUM * spent);
    },
    () => `the page to let go of what has ended: ${JSON.stringify(memory)}`,
    { every: 500 },
  );
  return memory;
}

it("a thousand sessions and calls leave the heap, the module's memory and the browser's objects as they were", async (test) => {
  await spend(WARM_UP);
  const before = await settled();
  await spend(DAY);
  const afterwards = await settled();
  const perCycle = (afterwards.heap - before.heap) / DAY;
  test.diagnostic(`heap ${before.heap} -> ${afterwards.heap} B, ${perCycle.toFixed(0)} B a cycle; wasm ${before.wasm} -> ${afterwards.wasm} B`);
  test.diagnostic(`objects ${JSON.stringify(before.objects)} -> ${JSON.stringify(afterwards.objects)}`);
  assert.ok(perCycle <= HEAP_PER_CYCLE, `the heap grew by ${perCycle.toFixed(0)} B with every session`);
  assert.ok(afterwards.wasm - before.wasm <= WASM_PAGE, `the module's memory grew from ${before.wasm} to ${afterwards.wasm} B`);
  await relay.idle();
});

it("sessions and calls that are kept would be noticed", async () => {
  const before = await settled();
  await page.evaluate(([url, cycles]) => window.cycles.keep(url, cycles), [relay.url, 200] as const);
  const perCycle = ((await settled()).heap - before.heap) / 200;
  assert.ok(perCycle > 2 * HEAP_PER_CYCLE, `a session that is kept takes ${perCycle.toFixed(0)} B`);
});
