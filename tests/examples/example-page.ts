/** An example page in a visitor's tab: what it shows, in order, and the hand that clicks. */
import { build } from "esbuild";
import type { BrowserContext, Page } from "playwright-core";
import type { Shown } from "../page/witness.ts";
import { Happenings, STEP, eventually } from "../peers/deadline.ts";
import { fromRecording } from "../peers/hearing.ts";
import type { Sound } from "../sound/wav.ts";

declare global {
  interface Window {
    SERVER_PORTS: { ws: number };
  }
}

export interface PageOptions {
  /** Where `setURL()` of the pages finds the relay. */
  readonly ports: { ws: number };
}

export class ExamplePage {
  readonly texts = new Happenings<Shown>();
  /** Errors that nobody caught. */
  readonly errors: string[] = [];
  readonly console: string[] = [];

  private constructor(
    private readonly context: BrowserContext,
    readonly page: Page,
  ) {}

  static async open(context: BrowserContext, address: string, options: PageOptions): Promise<ExamplePage> {
    const page = await context.newPage();
    const example = new ExamplePage(context, page);
    page.on("pageerror", (error) => example.errors.push(error.message));
    page.on("console", (message) => example.console.push(message.text()));
    await page.exposeFunction("shown", (shown: Shown) => example.texts.add(shown));
    await page.addInitScript((ports) => (window.SERVER_PORTS = ports), options.ports);
    await page.addInitScript(await witnessScript());
    await orderly(page);
    await page.goto(address);
    return example;
  }

  click(selector: string): Promise<void> {
    return this.page.click(selector, { timeout: STEP });
  }

  async fill(values: Readonly<Record<string, string>>): Promise<void> {
    for (const [selector, value] of Object.entries(values)) await this.page.fill(selector, value, { timeout: STEP });
  }

  value(selector: string): Promise<string> {
    return this.page.inputValue(selector);
  }

  /** Waits until the element `#id` is given this text, even if only for a moment. */
  async shows(id: string, text: string, options: { from?: number; ms?: number } = {}): Promise<void> {
    await this.texts.waitFor((shown) => shown.id === id && shown.text === text, `#${id} to show "${text}"`, options);
  }

  /** What the element `#id` was given as texts, without repetitions. */
  history(id: string, from = 0): string[] {
    const texts = this.texts.all().slice(from).filter((shown) => shown.id === id && shown.text !== "").map(({ text }) => text);
    return texts.filter((text, i) => text !== texts[i - 1]);
  }

  /** Waits until the element's text is this. */
  async reads(selector: string, text: string): Promise<void> {
    let last: string | null = null;
    await eventually(
      async () => (last = await this.page.textContent(selector, { timeout: STEP }))?.trim() === text,
      () => `${selector} to read "${text}", reads "${last}"`,
    );
  }

  async enabled(selector: string, yes = true): Promise<void> {
    await this.page.waitForSelector(`${selector}:${yes ? "enabled" : "disabled"}`, { state: "attached", timeout: STEP });
  }

  async visible(selector: string, yes = true): Promise<void> {
    await this.page.waitForSelector(selector, { state: yes ? "visible" : "hidden", timeout: STEP });
  }

  /** Starts to record what the first player in this display plays. */
  async record(display: string): Promise<void> {
    await this.page.evaluate((selector) => window.witness.record(selector), display);
  }

  /** The last seconds it heard. */
  async heard(seconds = 6): Promise<Sound> {
    return fromRecording(await this.page.evaluate((s) => window.witness.heard(s), seconds));
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}

/**
 * The pages set themselves up when they are loaded and again when their partial pages are: which of the two comes later
 * must not be left to chance, or their hold button is pressed twice at one click. As over a network, the parts are last.
 */
async function orderly(page: Page): Promise<void> {
  const loaded = new Promise<void>((resolve) => page.once("load", () => resolve()));
  await page.route("**/call-fieldset.html", async (route) => {
    await loaded;
    await route.continue();
  });
}

let script: Promise<string> | undefined;

/** What looks on in the page, as a classic script. */
function witnessScript(): Promise<string> {
  script ??= build({
    entryPoints: [new URL("../page/witness.ts", import.meta.url).pathname],
    bundle: true,
    write: false,
    format: "iife",
    target: "es2022",
  }).then(({ outputFiles }) => outputFiles[0]?.text ?? "");
  return script;
}
