/** A browser and a relay for all tests of a file, and a page of its own for each test. */
import { after, before } from "node:test";
import type { BrowserContext, Page } from "playwright-core";
import { Browser } from "../peers/browser.ts";
import { STEP, within } from "../peers/deadline.ts";
import { Relay, type RelayOptions } from "../peers/relay.ts";
import { BROWSER_VOICE } from "../e2e/stage.ts";

/** Each test has users of its own, so that none has to wait until the relay has forgotten the one before. */
const TESTS = 150;
const WHO = ["alice", "bob", "carol", "dora"];
const USERS = Object.fromEntries(WHO.flatMap((who) => Array.from({ length: TESTS }, (_, i) => [`${who}${i}`, ""])));

/** Several microphones, cameras and speakers, and a screen to share, all made up by the browser itself. */
const DEVICES = ["--use-fake-device-for-media-stream=device-count=2", "--use-fake-ui-for-media-stream"];

export interface LabOptions extends RelayOptions {
  /** Switches of the browser, in place of those for fake devices. */
  readonly args?: readonly string[];
}

export interface Visit {
  /** Other than our page at `/lab.html`. */
  readonly address?: string;
  /** Without permission to use the microphone. Needs a browser that asks. */
  readonly refused?: boolean;
}

export class Lab {
  relay!: Relay;
  browser!: Browser;
  private tests = 0;

  /** Runs this in a fresh page, and gives what it gives. Nothing but plain values passes the border. */
  async run<T, A = undefined>(act: (given: A) => T | Promise<T>, given?: A): Promise<T> {
    const page = await this.page();
    try {
      return await within(page.evaluate(act as (given: unknown) => Promise<T>, given), "the page to finish", 3 * STEP);
    } finally {
      await page.context().close();
    }
  }

  /** A fresh page, to be closed by the test. Its users are its own. */
  async page({ address = "/lab.html" }: Visit = {}): Promise<Page> {
    const page = await (await this.context()).newPage();
    await page.addInitScript((stand) => (window.stand = stand), { url: this.relay.url, number: this.tests++ });
    // What runs in the page was compiled for here, where functions keep their names by this function's help.
    await page.addInitScript("globalThis.__name = (value) => value");
    await page.addInitScript(watchMedia);
    await page.goto(`${this.browser.origin}${address}`);
    await page.waitForFunction(() => typeof window.lab === "object" && typeof window.Flashphoner === "object");
    return page;
  }

  private async context(): Promise<BrowserContext> {
    const context = await this.browser.chromium.newContext();
    const other = process.env["OFFHOOK_DROP_IN"];
    if (other !== undefined) await context.route("**/flashphoner.js", (route) => route.fulfill({ path: other }));
    return context;
  }

  async rise({ args = DEVICES, ...options }: LabOptions): Promise<void> {
    this.browser = await Browser.start({ says: BROWSER_VOICE, args });
    this.relay = await Relay.start({ origins: [this.browser.origin], ...options, users: { ...USERS, ...options.users } });
  }

  async fall(): Promise<void> {
    await this.browser.stop();
    await this.relay.idle();
    await this.relay.stop();
  }
}

declare global {
  interface Window {
    /** What the browser was asked for, and what it opened. */
    asked: MediaStreamConstraints[];
    opened: MediaStream[];
    /** Every peer connection, and how it was configured. */
    peers: RTCPeerConnection[];
    configured: (RTCConfiguration | undefined)[];
    /** Every description of the far end, as it was set. */
    described: string[];
  }
}

/** Runs in the page before any script could keep for itself what is watched here. */
function watchMedia(): void {
  window.asked = [];
  window.opened = [];
  const { mediaDevices } = navigator;
  const open = mediaDevices.getUserMedia.bind(mediaDevices);
  MediaDevices.prototype.getUserMedia = async (constraints = {}) => {
    window.asked.push(JSON.parse(JSON.stringify(constraints)) as MediaStreamConstraints);
    const stream = await open(constraints);
    window.opened.push(stream);
    return stream;
  };
  window.described = [];
  const prototype = RTCPeerConnection.prototype as unknown as Record<string, (given: RTCSessionDescriptionInit) => Promise<void>>;
  const describe = prototype["setRemoteDescription"];
  prototype["setRemoteDescription"] = function (given) {
    window.described.push(given.sdp ?? "");
    return describe.call(this, given);
  };
  window.peers = [];
  window.configured = [];
  window.RTCPeerConnection = new Proxy(window.RTCPeerConnection, {
    construct(target, given: [RTCConfiguration?]) {
      const peer = new target(...given);
      window.peers.push(peer);
      window.configured.push(given[0]);
      return peer;
    },
  });
}

export function lab(options: LabOptions = {}): Lab {
  const set = new Lab();
  before(() => set.rise(options));
  after(() => set.fall());
  return set;
}
