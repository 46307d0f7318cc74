/** Chromium with a microphone that plays a known file, and the phones that live in its tabs. */
import { join } from "node:path";
import { type Browser as Chromium, type BrowserContext, type Page, chromium } from "playwright-core";
import type { Report } from "../page/phone.ts";
import { type Film, writeFilm } from "../picture/film.ts";
import type { Sound } from "../sound/wav.ts";
import { writeWav } from "../sound/wav.ts";
import { COMMAND, within } from "./deadline.ts";
import { folder } from "./folder.ts";
import { PageServer } from "./page-server.ts";
import { BrowserPhone, type Tab } from "./phone.ts";

/** The browser's own program. */
export const CHROMIUM = process.env["OFFHOOK_CHROMIUM"] ?? "/usr/bin/chromium";

export interface BrowserOptions {
  /** What its microphones hear, in a loop. */
  readonly says: Sound;
  /** What its cameras see, in a loop; without it they see Chromium's own test picture. */
  readonly shows?: Film;
  /** Where its pages come from, if another browser serves them already. */
  readonly origin?: string;
  /** The address its pages are served at. Default: loopback. */
  readonly address?: string;
  /** What to start in its place. Default: Chromium itself. */
  readonly executable?: string;
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
    const film = options.shows === undefined ? [] : [`--use-file-for-fake-video-capture=${filmed(options.shows)}`];
    const server = options.origin === undefined ? await PageServer.start(options.address) : undefined;
    const origin = server?.origin ?? options.origin ?? "";
    const running = await chromium.launch({
      executablePath: options.executable ?? CHROMIUM,
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
        // Pages elsewhere than on loopback may have a microphone too.
        `--unsafely-treat-insecure-origin-as-secure=${origin}`,
        ...film,
        ...(options.args ?? []),
      ],
    });
    return new Browser(running, origin, server);
  }

  /** A tab of a new visitor, who lets the page use the microphone and the camera or not. */
  async phone({ microphone = true } = {}): Promise<BrowserPhone> {
    const context = await within(this.chromium.newContext(), "Chromium's new visitor", COMMAND);
    if (microphone) await within(context.grantPermissions(["microphone", "camera"], { origin: this.origin }), "the permissions", COMMAND);
    return BrowserPhone.open(new ChromiumTab(context, await within(context.newPage(), "Chromium's new tab", COMMAND)), this.origin);
  }

  async stop(): Promise<void> {
    this.server?.stop();
    await within(this.chromium.close(), "Chromium to end", COMMAND);
  }
}

function filmed(film: Film): string {
  const file = join(folder("camera"), "shows.y4m");
  writeFilm(file, film);
  return file;
}

class ChromiumTab implements Tab {
  constructor(
    private readonly context: BrowserContext,
    private readonly page: Page,
  ) {}

  run<A, R>(action: (argument: A) => R | Promise<R>, argument: A): Promise<R> {
    const done = this.page.evaluate(action as (argument: unknown) => R | Promise<R>, argument);
    return within(done, () => `the page to do ${String(action)} with ${JSON.stringify(argument)}`, COMMAND);
  }

  async expose(name: string, told: (report: Report) => void): Promise<void> {
    await within(this.page.exposeFunction(name, told), `the page to be given ${name}`, COMMAND);
  }

  says(listener: (text: string) => void): void {
    this.page.on("console", (message) => listener(message.text()));
    this.page.on("pageerror", (error) => listener(`uncaught: ${error.message}`));
  }

  async offline(yes: boolean): Promise<void> {
    await within(this.context.setOffline(yes), "Chromium to change its network", COMMAND);
  }

  async open(address: string): Promise<void> {
    await this.page.goto(address);
  }

  async close(): Promise<void> {
    await within(this.context.close(), "Chromium to close the tab", COMMAND);
  }
}
