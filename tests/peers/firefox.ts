/**
 * Firefox, driven over WebDriver BiDi. It has no microphone that plays a file: its microphone is a steady tone of the
 * frequency that it is started with.
 */
import { networkInterfaces } from "node:os";
import puppeteer, { type Browser as Driven, type BrowserContext, type Page } from "puppeteer-core";
import type { Report } from "../page/phone.ts";
import { COMMAND } from "./deadline.ts";
import { PageServer } from "./page-server.ts";
import { BrowserPhone, type Tab } from "./phone.ts";

/** An address of this machine for the relay's media: Firefox sends none to loopback. */
export function outerAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((known) => known ?? []);
  const outer = addresses.find(({ family, internal }) => family === "IPv4" && !internal);
  if (outer === undefined) throw new Error("Firefox sends no media to loopback, and this machine has no other IPv4 address");
  return outer.address;
}

export interface FirefoxOptions {
  /** The tone that its microphones hear (Hz). */
  readonly tone: number;
  /** Where its pages come from, if another browser serves them already. */
  readonly origin?: string;
}

export class Firefox {
  private constructor(
    private readonly firefox: Driven,
    /** The origin its pages come from, for the relay's configuration. */
    readonly origin: string,
    private readonly server?: PageServer,
  ) {}

  static async start(options: FirefoxOptions): Promise<Firefox> {
    const firefox = await puppeteer.launch({
      browser: "firefox",
      executablePath: process.env["OFFHOOK_FIREFOX"] ?? "/usr/bin/firefox-esr",
      headless: true,
      protocolTimeout: COMMAND,
      extraPrefsFirefox: preferences(options.tone),
    });
    if (options.origin !== undefined) return new Firefox(firefox, options.origin);
    const server = await PageServer.start();
    return new Firefox(firefox, server.origin, server);
  }

  /** A tab of a new visitor. */
  async phone(): Promise<BrowserPhone> {
    const context = await this.firefox.createBrowserContext();
    return BrowserPhone.open(new FirefoxTab(context, await context.newPage()), this.origin);
  }

  async stop(): Promise<void> {
    await this.firefox.close();
    this.server?.stop();
  }
}

function preferences(tone: number): Record<string, unknown> {
  return {
    "media.navigator.streams.fake": true,
    "media.navigator.audio.fake_frequency": tone,
    "media.navigator.permission.disabled": true,
    "media.autoplay.default": 0,
    // Nothing is fetched but what a test asks for.
    "app.update.enabled": false,
    "media.gmp-manager.updateEnabled": false,
    "media.gmp-gmpopenh264.enabled": false,
  };
}

class FirefoxTab implements Tab {
  constructor(
    private readonly context: BrowserContext,
    private readonly page: Page,
  ) {}

  async run<A, R>(action: (argument: A) => R | Promise<R>, argument: A): Promise<R> {
    return (await this.page.evaluate(action as (argument: unknown) => unknown, argument)) as R;
  }

  async expose(name: string, told: (report: Report) => void): Promise<void> {
    await this.page.exposeFunction(name, told);
  }

  says(listener: (text: string) => void): void {
    this.page.on("console", (message) => listener(message.text()));
    this.page.on("pageerror", (error) => listener(`uncaught: ${error instanceof Error ? error.message : String(error)}`));
  }

  async offline(yes: boolean): Promise<void> {
    await this.page.setOfflineMode(yes);
  }

  async open(address: string): Promise<void> {
    await this.page.goto(address);
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}
