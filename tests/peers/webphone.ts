/** SIP clients in web pages that we did not write: JsSIP and SIP.js, each in a tab of Chromium. */
import { build } from "esbuild";
import type { BrowserContext, Page } from "playwright-core";
import type { Recording } from "../page/recorder.ts";
import type { Account, Webphone as Client } from "../page/webphones/webphone.ts";
import type { Sound } from "../sound/wav.ts";
import type { Browser } from "./browser.ts";
import { within } from "./deadline.ts";
import { fromRecording } from "./hearing.ts";

export type Library = "jssip" | "sipjs";

/** What it says in its calls: a tone of this frequency (Hz). */
export const WEBPHONE_TONE = 440;

/** Settles each question as the client in the page does, with a deadline. */
export class Webphone {
  private constructor(
    readonly library: Library,
    private readonly context: BrowserContext,
    private readonly page: Page,
  ) {}

  /** In a tab of its own, on a page of the origin that the browser's pages have. */
  static async open(browser: Browser, library: Library): Promise<Webphone> {
    // Whether it believes the server's certificate is the browser's affair, not the relay's.
    const context = await browser.chromium.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    await page.goto(`${browser.origin}/webphones/index.html`);
    await page.addScriptTag({ type: "module", content: await script(library) });
    await page.waitForFunction("window.webphone");
    return new Webphone(library, context, page);
  }

  register(account: Account): Promise<void> {
    return this.ask("register", account);
  }

  unregister(): Promise<void> {
    return this.ask("unregister");
  }

  call(number: string): Promise<void> {
    return this.ask("call", number);
  }

  called(): Promise<string> {
    return this.ask("called");
  }

  accept(): Promise<void> {
    return this.ask("accept");
  }

  hangup(): Promise<void> {
    return this.ask("hangup");
  }

  ended(): Promise<void> {
    return this.ask("ended");
  }

  /** The last seconds it heard in this call. */
  async heard(seconds = 6): Promise<Sound> {
    const heard: Recording = await this.ask("heard", seconds);
    return fromRecording(heard);
  }

  /** Closes the tab without a goodbye from the page. */
  async close(): Promise<void> {
    await this.context.close();
  }

  private ask<K extends keyof Client>(what: K, ...args: Parameters<Client[K]>): Promise<Awaited<ReturnType<Client[K]>>> {
    const expression = `webphone[${JSON.stringify(what)}](...${JSON.stringify(args)})`;
    return within(this.page.evaluate<Awaited<ReturnType<Client[K]>>>(expression), `${this.library}: ${what}`);
  }
}

async function script(library: Library): Promise<string> {
  const entry = new URL(`../page/webphones/${library}.ts`, import.meta.url).pathname;
  const bundle = await build({ entryPoints: [entry], bundle: true, write: false, format: "esm", define: { global: "window" } });
  return bundle.outputFiles[0]?.text ?? "";
}
