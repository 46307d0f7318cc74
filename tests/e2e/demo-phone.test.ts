/** The demo phone as a person uses it: looked at, clicked, typed into. Screenshots are kept in `output/`. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, afterEach, before, describe, it } from "node:test";
import type { BrowserContext, Page } from "playwright-core";
import { Browser } from "../peers/browser.ts";
import { eventually } from "../peers/deadline.ts";
import { Kamailio } from "../peers/kamailio.ts";
import { Relay } from "../peers/relay.ts";
import { BROWSER_VOICE } from "./stage.ts";

const PAGES = new URL("../../demo-phone/dist/", import.meta.url).pathname;
const OUTPUT = new URL("../output/", import.meta.url).pathname;
const USERS = { ann: "", ben: "", cleo: "" };

let browser: Browser;
let relay: Relay;
const contexts: BrowserContext[] = [];
before(async () => {
  mkdirSync(OUTPUT, { recursive: true });
  browser = await Browser.start({ says: BROWSER_VOICE });
  relay = await Relay.start({ users: USERS, files: PAGES, unanswered: 4 });
});
afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()));
  await relay.idle();
});
after(async () => {
  await browser.stop();
  await relay.stop(["office-password"]);
});

/** The phone in a new visitor's window, and what went wrong in it. */
class Visitor {
  readonly errors: string[] = [];

  private constructor(readonly page: Page) {
    page.on("pageerror", (error) => this.errors.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") this.errors.push(message.text());
    });
  }

  static async arrive({ microphone = true, width = 1100, height = 900 } = {}): Promise<Visitor> {
    const context = await browser.chromium.newContext({ viewport: { width, height }, colorScheme: "light" });
    contexts.push(context);
    if (microphone) await context.grantPermissions(["microphone"], { origin: relay.http });
    const visitor = new Visitor(await context.newPage());
    await visitor.page.goto(relay.http);
    return visitor;
  }

  static async connected(name: string, options: Parameters<typeof Visitor.arrive>[0] = {}): Promise<Visitor> {
    const visitor = await Visitor.arrive(options);
    await visitor.page.getByTestId("local-name").fill(name);
    await visitor.click("connect");
    await visitor.reads("line-status", /Ready/);
    return visitor;
  }

  click(id: string): Promise<void> {
    return this.page.getByTestId(id).click();
  }

  async dial(number: string): Promise<void> {
    await this.page.getByTestId("dial-number").fill(number);
    await this.click("call");
  }

  /** Waits until the element shows this text. */
  async reads(id: string, text: RegExp): Promise<string> {
    let last = "";
    return eventually(async () => {
      last = (await this.page.getByTestId(id).textContent()) ?? "";
      return text.test(last) && last;
    }, () => `${id} to read ${text}, reads "${last}"`);
  }

  async sees(text: RegExp): Promise<void> {
    await this.page.getByText(text).first().waitFor();
  }

  async picture(name: string): Promise<void> {
    await this.page.screenshot({ path: `${OUTPUT}${name}.png`, fullPage: true });
  }
}

describe("the demo phone", () => {
  it("connects under a name, calls echo, shows status, duration and level, and hangs up", async () => {
    const ann = await Visitor.arrive();
    await ann.picture("phone-connect");
    await ann.page.getByTestId("local-name").fill("ann");
    await ann.click("connect");
    await ann.reads("line-status", /ann.*Ready/);
    await ann.dial("echo");
    await ann.reads("call-peer", /echo/i);
    await ann.reads("call-duration", /0?0:0[1-9]/);
    await ann.picture("phone-call");
    await ann.click("hangup");
    await ann.page.getByTestId("dial-number").waitFor();
    assert.deepEqual(ann.errors, []);
  });

  it("dials with the mouse and with the keyboard, and sends tones in a call", async () => {
    const ann = await Visitor.connected("ann");
    for (const key of ["1", "star", "hash"]) await ann.click(`key-${key}`);
    assert.equal(await ann.page.getByTestId("dial-number").inputValue(), "1*#");
    for (let i = 0; i < 3; i++) await ann.click("erase");
    await ann.page.keyboard.type("dtmf");
    await ann.page.keyboard.press("Enter");
    await ann.reads("call-duration", /0?0:0\d/);
    await ann.page.keyboard.type("42");
    await ann.reads("sent-digits", /42/);
    await ann.page.keyboard.press("Escape");
    await ann.page.getByTestId("dial-number").waitFor();
    assert.deepEqual(ann.errors, []);
  });

  it("is called by another, answers, holds, mutes, and is hung up on", async () => {
    const [ann, ben] = [await Visitor.connected("ann"), await Visitor.connected("ben", { width: 390, height: 844 })];
    await ann.dial("ben");
    await ben.reads("incoming-peer", /ann/);
    await ben.picture("phone-incoming-small");
    await ben.click("answer");
    await Promise.all([ann, ben].map((visitor) => visitor.reads("call-duration", /0?0:0\d/)));
    await ben.picture("phone-call-small");
    await ann.click("hold");
    await ann.reads("call-status", /hold/i);
    await ben.reads("call-status", /hold/i);
    await ann.picture("phone-hold");
    await ann.click("hold");
    await eventually(async () => !/hold/i.test((await ben.page.getByTestId("call-status").textContent()) ?? ""), "the hold to end");
    await ann.click("mute");
    await ann.reads("mute", /Unmute/);
    await ann.click("hangup");
    await ben.page.getByTestId("dial-number").waitFor();
    assert.deepEqual([...ann.errors, ...ben.errors], []);
  });

  it("answers a second call while the first is held, goes back and forth, and has both speak with each other", async () => {
    const visitors = await Promise.all(["ann", "ben", "cleo"].map((name) => Visitor.connected(name)));
    const [ann, ben, cleo] = visitors as [Visitor, Visitor, Visitor];
    await ann.dial("ben");
    await ben.click("answer");
    await ann.reads("call-status", /Connected/);
    await cleo.dial("ann");
    await ann.reads("other-status", /is calling/);
    await ann.picture("phone-waiting");
    await ann.click("other-answer");
    await ann.reads("call-peer", /cleo/);
    await ann.reads("call-status", /Connected/);
    await ben.reads("call-status", /hold/i);
    await ann.click("swap");
    await ann.reads("call-peer", /ben/);
    await ann.reads("call-status", /Connected/);
    await cleo.reads("call-status", /hold/i);
    await ann.picture("phone-two-calls");
    await ann.click("join");
    await ben.reads("call-peer", /cleo/);
    await cleo.reads("call-peer", /ben/);
    await Promise.all([ben, cleo].map((visitor) => visitor.reads("call-status", /Connected/)));
    await ann.page.getByTestId("dial-number").waitFor();
    assert.deepEqual(visitors.flatMap(({ errors }) => errors), []);
  });

  it("hands its call over to a number", async () => {
    const [ann, ben] = [await Visitor.connected("ann"), await Visitor.connected("ben")];
    await ann.dial("ben");
    await ben.click("answer");
    await ann.reads("call-status", /Connected/);
    await ann.click("transfer");
    await ann.page.getByTestId("transfer-target").fill("echo");
    await ann.picture("phone-transfer");
    await ann.click("transfer-go");
    await ann.sees(/ben speaks with echo now/);
    await ben.reads("call-peer", /echo/);
    assert.deepEqual([...ann.errors, ...ben.errors], []);
  });

  it("declines a call, and the caller reads why", async () => {
    const [ann, ben] = [await Visitor.connected("ann"), await Visitor.connected("ben")];
    await ann.dial("ben");
    await ben.click("decline");
    await ann.sees(/declined/i);
    await ann.picture("phone-declined");
  });

  it("says in words why a call failed", async () => {
    const ann = await Visitor.connected("ann");
    for (const [number, reason] of [["busy", /busy/i], ["noanswer", /answer/i], ["nobody-here", /no nobody-here|not exist|not found|unknown/i]] as const) {
      await ann.dial(number);
      await ann.sees(reason);
      await ann.page.getByTestId("dial-number").waitFor();
    }
    const mute = await Visitor.connected("ben", { microphone: false });
    await mute.dial("echo");
    await mute.sees(/microphone/i);
    await mute.picture("phone-no-microphone");
  });

  it("registers a SIP account and says when its password is wrong", async () => {
    const kamailio = await Kamailio.start({ users: { office: "office-password" } });
    const ann = await Visitor.arrive();
    await ann.page.getByTestId("kind-sip").check({ force: true });
    await ann.page.getByTestId("sip-login").fill("office");
    await ann.page.getByTestId("sip-domain").fill(kamailio.address);
    await ann.page.getByTestId("sip-more").locator("summary").click();
    await ann.page.getByTestId("sip-port").fill(`${kamailio.port}`);
    await ann.page.getByTestId("sip-password").fill("a-wrong-one");
    await ann.picture("phone-sip-account");
    await ann.click("connect");
    await ann.sees(/password|refused/i);
    await ann.picture("phone-wrong-password");
    if (await ann.page.getByTestId("disconnect").isVisible()) await ann.click("disconnect");
    await ann.page.getByTestId("sip-password").fill("office-password");
    await ann.click("connect");
    await ann.reads("line-status", /registered/);
    await kamailio.registered("office");
    await ann.click("disconnect");
    await kamailio.registered("office", false);
    await kamailio.stop();
  });

  it("has a name for every control, on a small screen too", async () => {
    const ann = await Visitor.connected("ann", { width: 360, height: 740 });
    await ann.dial("echo");
    await ann.reads("call-duration", /0?0:0\d/);
    const nameless = await ann.page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>("button, input, select, a, summary")]
        .filter((control) => control.checkVisibility())
        .filter((control) => {
          const label = control.getAttribute("aria-label") ?? control.textContent.trim();
          const labels = control instanceof HTMLInputElement || control instanceof HTMLSelectElement ? (control.labels?.length ?? 0) : 0;
          return label === "" && labels === 0;
        })
        .map((control) => control.outerHTML),
    );
    assert.deepEqual(nameless, []);
    const overflow = await ann.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(overflow <= 0, `${overflow} px too wide for the screen`);
  });
});
