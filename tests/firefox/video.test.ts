/** Pictures between Firefox and Chromium. Firefox's camera shows a plain colour that changes all the time. */
import { after, afterEach, before, describe, it } from "node:test";
import { BROWSER_VOICE } from "../e2e/stage.ts";
import { Browser } from "../peers/browser.ts";
import { Firefox, outerAddress } from "../peers/firefox.ts";
import { hearsTone } from "../peers/hearing.ts";
import type { BrowserPhone } from "../peers/phone.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { sees, seesColoursChange } from "../peers/seeing.ts";
import type { Film } from "../picture/film.ts";

const TONE = 730;
const BLUE: Film = { ground: [30, 40, 200] };

let firefox: Firefox;
let chromium: Browser;
let relay: Relay;
const phones: BrowserPhone[] = [];

before(async () => {
  firefox = await Firefox.start({ tone: TONE });
  chromium = await Browser.start({ says: BROWSER_VOICE, shows: BLUE, origin: firefox.origin });
  relay = await Relay.start({ origins: [firefox.origin], media: outerAddress(), users: { alice: "", bob: "" } });
});

afterEach(async () => {
  await Promise.all(phones.splice(0).map((phone) => phone.kill()));
  await relay.idle();
});

after(async () => {
  await Promise.all([firefox.stop(), chromium.stop()]);
  await relay.zero((name) => !["transactions", "sipConnections"].includes(name), 40_000);
  await relay.stop();
  await endPrograms();
});

async function local(login: string, browser: Browser | Firefox): Promise<BrowserPhone> {
  const phone = await browser.phone();
  phones.push(phone);
  await phone.register({ urlServer: relay.url, sipOptions: { login } });
  return phone;
}

/** A video call from one to the other that is up. */
async function call(caller: BrowserPhone, callee: BrowserPhone, name: string): Promise<void> {
  const out = await caller.call(name, { camera: true });
  const incoming = (await callee.incoming()).id;
  await caller.event(out, "RING");
  await callee.answer(incoming, { camera: true });
  await Promise.all([caller.event(out, "ESTABLISHED"), callee.event(incoming, "ESTABLISHED")]);
}

describe("a video call between Firefox and Chromium", () => {
  it("is seen at both ends, beside the sound, when Firefox calls", async () => {
    const [alice, bob] = [await local("alice", firefox), await local("bob", chromium)];
    await call(alice, bob, "bob");
    await Promise.all([sees(alice, BLUE), seesColoursChange(bob)]);
    await bob.record();
    await hearsTone(bob, TONE);
  });

  it("is seen at both ends, beside the sound, when Chromium calls", async () => {
    const [alice, bob] = [await local("alice", firefox), await local("bob", chromium)];
    await call(bob, alice, "alice");
    await Promise.all([sees(alice, BLUE), seesColoursChange(bob)]);
    await bob.record();
    await hearsTone(bob, TONE);
  });
});
