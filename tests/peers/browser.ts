/** Chromium with a microphone that plays a known file, and the phones that live in its tabs. */
import { join } from "node:path";
import { type Browser as Chromium, type BrowserContext, type Page, chromium } from "playwright-core";
import type { SessionOptions } from "offhook";
import type { Report } from "../page/phone.ts";
import type { Sound } from "../sound/wav.ts";
import { writeWav } from "../sound/wav.ts";
import { Happenings } from "./deadline.ts";
import { folder } from "./folder.ts";
import { fromRecording } from "./hearing.ts";
import { PageServer } from "./page-server.ts";

export interface BrowserOptions {
  /** What its microphones hear, in a loop. */
  readonly says: Sound;
  /** Where its pages come from, if another browser serves them already. */
  readonly origin?: string;
  /** Further switches. */
  readonly args?: readonly string[];
}

export class Browser {
  private constructor(
    readonly chromium: Chromium,
    /** The origin its pages come from, for the relay's configuration. */
    readonly origin: string,
    private readonly server?: PageServer,
  ) {}

  static async start(options: BrowserOptions): Promise<Browser> {
    const file = join(folder("microphone"), "says.wav");
    writeWav(file, options.says);
    const running = await chromium.launch({
      executablePath: process.env["OFFHOOK_CHROMIUM"] ?? "/usr/bin/chromium",
      args: [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--use-fake-device-for-media-stream",
        `--use-file-for-fake-audio-capture=${file}`,
        "--autoplay-policy=no-user-gesture-required",
        "--disable-features=WebRtcHideLocalIpsWithMdns",
        ...(options.args ?? []),
      ],
    });
    if (options.origin !== undefined) return new Browser(running, options.origin);
    const server = await PageServer.start();
    return new Browser(running, server.origin, server);
  }

  /** A tab of a new visitor, who lets the page use the microphone or not. */
  async phone({ microphone = true } = {}): Promise<BrowserPhone> {
    const context = await this.chromium.newContext();
    if (microphone) await context.grantPermissions(["microphone"], { origin: this.origin });
    const page = await context.newPage();
    return BrowserPhone.open(context, page, this.origin);
  }

  async stop(): Promise<void> {
    await this.chromium.close();
    this.server?.stop();
  }
}

/** A tab with the test page. Its reports are the events of the public API, in order. */
export class BrowserPhone {
  readonly reports = new Happenings<Report>();
  /** What the page said on its console, and errors nobody caught. */
  readonly console: string[] = [];

  private constructor(
    private readonly context: BrowserContext,
    readonly page: Page,
  ) {}

  static async open(context: BrowserContext, page: Page, origin: string): Promise<BrowserPhone> {
    const phone = new BrowserPhone(context, page);
    page.on("console", (message) => phone.console.push(message.text()));
    page.on("pageerror", (error) => phone.console.push(`uncaught: ${error.message}`));
    await page.exposeFunction("report", (report: Report) => phone.reports.add(report));
    await page.goto(origin);
    await page.waitForFunction(() => typeof window.testPhone === "object");
    return phone;
  }

  /** Opens a session and returns at once. */
  connect(options: SessionOptions): Promise<string> {
    return this.page.evaluate((o) => window.testPhone.connect(o), options);
  }

  /** Opens a session and waits until it can call and be called. */
  async register(options: SessionOptions, until: "ESTABLISHED" | "REGISTERED" = "ESTABLISHED"): Promise<Report> {
    const from = this.reports.now();
    await this.connect(options);
    return this.session(until, { from });
  }

  disconnect(): Promise<void> {
    return this.page.evaluate(() => window.testPhone.disconnect());
  }

  /** Calls and returns the call's id at once. */
  call(callee: string, options: { visibleName?: string; stripCodecs?: string } = {}): Promise<string> {
    return this.page.evaluate(([to, o]) => window.testPhone.call(to, o), [callee, options] as const);
  }

  answer(id: string): Promise<void> {
    return this.page.evaluate((call) => window.testPhone.answer(call), id);
  }

  status(id: string): Promise<string> {
    return this.page.evaluate((call) => window.testPhone.status(call), id);
  }

  act(id: string, method: "hangup" | "hold" | "unhold" | "muteAudio" | "unmuteAudio" | "isAudioMuted"): Promise<unknown> {
    return this.page.evaluate(([call, name]) => window.testPhone.act(call, name), [id, method] as const);
  }

  hangup(id: string): Promise<unknown> {
    return this.act(id, "hangup");
  }

  press(id: string, keys: string): Promise<unknown> {
    return this.page.evaluate(([call, text]) => window.testPhone.act(call, "sendDTMF", text), [id, keys] as const);
  }

  /** The next event of the session of this name. */
  session(event: string, options: { from?: number; ms?: number } = {}): Promise<Report> {
    return this.reports.waitFor((r) => r.from === "session" && r.event === event, `session ${event}`, options);
  }

  /** The event of this call. */
  event(id: string, event: string, options: { from?: number; ms?: number } = {}): Promise<Report> {
    return this.reports.waitFor((r) => r.from === "call" && r.id === id && r.event === event, `call ${event}`, options);
  }

  /** The end of this call, however it comes. */
  end(id: string, options: { ms?: number } = {}): Promise<Report> {
    const terminal = ["FINISH", "FAILED", "BUSY"];
    return this.reports.waitFor((r) => r.from === "call" && r.id === id && terminal.includes(r.event), "the call's end", options);
  }

  /** The next incoming call's id. */
  async incoming(options: { from?: number; ms?: number } = {}): Promise<Report> {
    return this.session("INCOMING_CALL", options);
  }

  /** The digits sent to it in this call so far. */
  digits(id: string): string {
    return this.reports.all().filter((r) => r.id === id && r.event === "DTMF").map((r) => r.digit ?? "").join("");
  }

  /** Starts recording what this tab's remote display plays. */
  record(): Promise<void> {
    return this.page.evaluate(() => window.testPhone.record());
  }

  loopback(): Promise<void> {
    return this.page.evaluate(() => window.testPhone.loopback());
  }

  /** The last seconds it heard. */
  async heard(seconds = 6): Promise<Sound> {
    return fromRecording(await this.page.evaluate((s) => window.testPhone.heard(s), seconds));
  }

  /** Closes the tab without a goodbye from the page. */
  async kill(): Promise<void> {
    await this.context.close();
  }
}
