/** SIP clients in web pages that we did not write register at the relay, are called and call, end to end. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { Browser } from "../peers/browser.ts";
import { Authority } from "../peers/certificates.ts";
import { eventually } from "../peers/deadline.ts";
import { hears, hearsTone } from "../peers/hearing.ts";
import type { BrowserPhone } from "../peers/phone.ts";
import { port } from "../peers/ports.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { type Library, WEBPHONE_TONE, Webphone } from "../peers/webphone.ts";
import { SENTENCES, speech } from "../sound/sources.ts";

const HOST = "127.0.0.2";
const PASSWORD = "s3cret-of-page";
const VOICE = speech(SENTENCES.browser, 48_000);

let relay: Relay;
let browser: Browser;
let ways: Record<"ws" | "wss", string>;
const open: { close(): Promise<void> }[] = [];

before(async () => {
  const [ws, wss] = [await port(HOST), await port(HOST)];
  ways = { ws: `ws://${HOST}:${ws}`, wss: `wss://${HOST}:${wss}` };
  const { certificate, key } = new Authority().certificate(`IP:${HOST}`);
  browser = await Browser.start({ says: VOICE });
  relay = await Relay.start({
    users: { page: PASSWORD, web: "" },
    origins: [browser.origin],
    sip: [`ws = "${HOST}:${ws}"`, `wss = "${HOST}:${wss}"`, `tls_certificate = "${certificate}"`, `tls_key = "${key}"`],
  });
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((tab) => tab.close()));
  // A tab that is gone takes its binding with it.
  await relay.zero((name) => name === "bindings", 10_000);
  await relay.idle();
});
after(async () => {
  await browser.stop();
  await endPrograms((program) => program !== relay.program);
  await relay.stop();
});

/** A client of this library with its account registered, and a browser's user of the relay's own. */
async function both(library: Library, way: "ws" | "wss"): Promise<{ page: Webphone; web: BrowserPhone }> {
  const page = await Webphone.open(browser, library);
  open.push(page);
  await page.register({ ws: ways[way], host: HOST, user: "page", password: PASSWORD });
  const web = await browser.phone();
  open.push({ close: () => web.kill() });
  await web.register({ urlServer: relay.url, sipOptions: { login: "web" } });
  return { page, web };
}

/** Each hears what the other says. */
async function conversing(page: Webphone, web: BrowserPhone): Promise<void> {
  await web.record();
  await Promise.all([hears(page, VOICE), hearsTone(web, WEBPHONE_TONE)]);
}

for (const [library, name, way] of [
  ["jssip", "JsSIP", "ws"],
  ["sipjs", "SIP.js", "ws"],
  ["jssip", "JsSIP", "wss"],
  ["sipjs", "SIP.js", "wss"],
] as const) {
  describe(`${name} over ${way}`, () => {
    it("is called by a browser's user, with sound both ways, and hangs up", async () => {
      const { page, web } = await both(library, way);
      const call = await web.call("page");
      assert.equal(await page.called(), "web");
      await web.event(call, "RING");
      await page.accept();
      await web.event(call, "ESTABLISHED");
      await conversing(page, web);
      await page.hangup();
      await web.event(call, "FINISH");
    });

    it("calls the browser's user back, with sound both ways, and is hung up on", async () => {
      const { page, web } = await both(library, way);
      const calling = page.call("web");
      const incoming = await web.incoming();
      assert.equal(incoming.caller, "page");
      await web.answer(incoming.id);
      await Promise.all([calling, web.event(incoming.id, "ESTABLISHED")]);
      await conversing(page, web);
      await web.hangup(incoming.id);
      await Promise.all([page.ended(), web.event(incoming.id, "FINISH")]);
    });

    it("withdraws its registration, and is away then", async () => {
      const { page, web } = await both(library, way);
      await page.unregister();
      await eventually(async () => (await relay.health())["bindings"] === 0, "the binding to be gone");
      const end = await web.end(await web.call("page"));
      assert.equal(end.sipStatus, 480);
    });
  });
}
