/** Somebody who visits a page made with the package: sees its text, presses its button, hears what it plays. */
import { build } from "esbuild";
import type { BrowserContext, Page } from "playwright-core";
import type { Browser } from "../peers/browser.ts";
import { eventually } from "../peers/deadline.ts";
import { fromRecording } from "../peers/hearing.ts";
import type { Sound } from "../sound/wav.ts";

const PAGE = new URL("../page/", import.meta.url).pathname;

export class Visitor {
  /** What the page said on its console, and errors nobody caught. */
  readonly console: string[] = [];

  private constructor(
    private readonly context: BrowserContext,
    private readonly page: Page,
  ) {}

  /** Opens the site in a tab of its own and tells its page which relay to use. */
  static async arrive(browser: Browser, origin: string, relay: string): Promise<Visitor> {
    const context = await browser.chromium.newContext();
    await context.grantPermissions(["microphone"], { origin });
    await context.addInitScript({ content: await ears() });
    const page = await context.newPage();
    const visitor = new Visitor(context, page);
    page.on("console", (message) => visitor.console.push(message.text()));
    page.on("pageerror", (error) => visitor.console.push(`uncaught: ${error.message}`));
    await page.goto(`${origin}/?relay=${encodeURIComponent(relay)}`);
    return visitor;
  }

  /** Waits until the page shows this. */
  async reads(text: RegExp): Promise<string> {
    let shown = "";
    return eventually(
      async () => {
        shown = (await this.page.locator("#status").textContent()) ?? "";
        return text.test(shown) && shown;
      },
      () => `the page to show ${text}; it shows: ${shown}; its console: ${this.console.join(" | ")}`,
    );
  }

  async presses(button: string): Promise<void> {
    await this.page.locator(button).click();
  }

  listens(): Promise<void> {
    return this.page.evaluate(() => window.ears.open("#remote"));
  }

  /** The last seconds it heard. */
  async heard(seconds = 6): Promise<Sound> {
    return fromRecording(await this.page.evaluate((s) => window.ears.heard(s), seconds));
  }

  async leaves(): Promise<void> {
    await this.context.close();
  }
}

let bundled: Promise<string> | undefined;

async function ears(): Promise<string> {
  const made = (bundled ??= build({ entryPoints: [`${PAGE}ears.ts`], bundle: true, format: "iife", write: false }).then(
    ({ outputFiles }) => outputFiles[0]?.text ?? "",
  ));
  return made;
}
