/** The original's Phone UI, unmodified: a phone with a keypad, hold, transfer and a second call. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hears, hearsNothing } from "../peers/hearing.ts";
import { SENTENCES, speech } from "../sound/sources.ts";
import { BROWSER_VOICE, OTHER_VOICE } from "../e2e/stage.ts";
import type { ExamplePage } from "./example-page.ts";
import { type Account, type VisitorOptions, office } from "./office.ts";

const set = office({ keepAlive: 4 });
const PHONE_VOICE = speech(SENTENCES.phone, 16_000);

/** Hangs up, gives up, or takes the page back to where it began. */
const CANCEL = ".b-nav__cancel_call";

async function connected(user: Account, options: VisitorOptions = {}): Promise<ExamplePage> {
  const page = await set.visit("sip/phone-ui/Phone.html", options);
  await page.click(".b-display__header__login");
  await page.fill(set.fields(user));
  const from = set.kamailio.program.output.now();
  await page.click(".b-login__btn input");
  await page.reads(".b-display__header__login", "Log out");
  await page.reads(".b-display__header__sip_login", user);
  await set.kamailio.registered(user, true, { from });
  return page;
}

/** Another visitor, with the simple phone and another voice. */
async function phoneMin(user: Account): Promise<ExamplePage> {
  const page = await set.visit("sip/phone/phone.html", { other: true });
  await page.visible("#callBtn");
  await page.fill(set.fields(user));
  await page.click("#connectBtn");
  await page.shows("regStatus", "REGISTERED");
  return page;
}

async function dial(page: ExamplePage, callee: string): Promise<void> {
  await page.click(".b-display__bottom__number > span");
  await page.fill({ ".b-numbers": callee });
  await page.click(".b-nav__voice");
}

/** Ann in a call with the desk, whom she called. */
async function talking(): Promise<{ ann: ExamplePage; desk: Awaited<ReturnType<typeof set.softphone>> }> {
  const [ann, desk] = [await connected("ann"), await set.softphone("desk", { answer: "auto" })];
  await dial(ann, "desk");
  await Promise.all([ann.visible(".voice_call__call.open"), desk.event("CALL_ESTABLISHED")]);
  return { ann, desk };
}

/** Nothing but a sound that could not be played may have gone wrong. */
function nothingWrong(...pages: ExamplePage[]): void {
  assert.deepEqual(pages.flatMap((page) => page.errors).filter((error) => !/play\(\)/.test(error)), []);
}

describe("Phone UI", () => {
  it("logs in and out", async () => {
    const ann = await connected("ann");
    await ann.click(".b-display__header__login");
    await ann.reads(".b-display__header__login", "Log in");
    await set.kamailio.registered("ann", false);
    nothingWrong(ann);
  });

  it("calls, talks both ways, sends keys, and hangs up", async () => {
    const { ann, desk } = await talking();
    await ann.reads(".interlocutor2", "desk");
    await ann.reads(`${CANCEL} span`, "Hangup");
    await ann.record("#remoteVideo");
    await Promise.all([hears(ann, PHONE_VOICE), hears(desk, BROWSER_VOICE)]);
    for (const key of ["code49", "code53", "code_star", "code_cell"]) await ann.click(`.b-num .${key}`);
    await desk.keys("15*#");
    await ann.click(CANCEL);
    await Promise.all([ann.reads(`${CANCEL} span`, "Cancel"), desk.event("CALL_CLOSED")]);
    await ann.visible(".voice_call__call", false);
    nothingWrong(ann);
  });

  it("holds and goes on", async () => {
    const { ann } = await talking();
    await ann.record("#remoteVideo");
    await hears(ann, PHONE_VOICE);
    await ann.click(".voice_call__stop");
    await ann.visible(".voice_call__call__pause.open");
    await hearsNothing(ann);
    await ann.click(".voice_call__play");
    await ann.visible(".voice_call__call__pause.open", false);
    await hears(ann, PHONE_VOICE);
    nothingWrong(ann);
  });

  it("is called, answers, and is hung up on", async () => {
    const [ann, desk] = [await connected("ann"), await set.softphone("desk")];
    await desk.dial(`sip:ann@${set.kamailio.domain}`);
    await ann.visible(".b-nav__answer");
    assert.match((await ann.page.textContent(".call__inc__dial")) ?? "", /desk/);
    await ann.click(".b-nav__answer");
    await Promise.all([ann.visible(".voice_call__call.open"), desk.event("CALL_ESTABLISHED")]);
    await ann.record("#remoteVideo");
    await Promise.all([hears(ann, PHONE_VOICE), hears(desk, BROWSER_VOICE)]);
    await desk.hangup();
    await ann.visible(".voice_call__call", false);
    nothingWrong(ann);
  });

  it("declines", async () => {
    const [ann, desk] = [await connected("ann"), await set.softphone("desk")];
    await desk.dial(`sip:ann@${set.kamailio.domain}`);
    await ann.click(".b-nav__hangup");
    await desk.event("CALL_CLOSED", { param: /603|486/ });
    await ann.visible(".b-nav__answer", false);
  });

  it("transfers its call to another number, and both talk on without it", async () => {
    const [ann, cleo, desk] = [await connected("ann"), await phoneMin("cleo"), await set.softphone("desk", { answer: "auto" })];
    await dial(ann, "cleo");
    await cleo.click("#answerBtn");
    await ann.visible(".voice_call__call.open");
    await ann.click(".voice_call__transfer");
    await ann.visible(".b-transfer.open");
    await ann.visible(".voice_call__call__pause.open");
    await ann.fill({ "#transfer": "desk" });
    await ann.click(".b-transfer__ok");
    await desk.event("CALL_ESTABLISHED");
    await ann.visible(".voice_call__call", false);
    await cleo.record("#remoteDisplay");
    await Promise.all([hears(cleo, PHONE_VOICE), hears(desk, OTHER_VOICE)]);
    nothingWrong(ann, cleo);
  });

  it("thinks better of a transfer, and talks on", async () => {
    const { ann } = await talking();
    await ann.record("#remoteVideo");
    await ann.click(".voice_call__transfer");
    await ann.visible(".voice_call__call__pause.open");
    await ann.click(".b-transfer__cancel");
    await ann.visible(".voice_call__call__pause.open", false);
    await hears(ann, PHONE_VOICE);
    nothingWrong(ann);
  });

  it("is called while it talks: declining the second call leaves the first as it was", async () => {
    const { ann, desk } = await talking();
    const ben = await set.softphone("ben", { address: "127.0.0.30" });
    await ben.dial(`sip:ann@${set.kamailio.domain}`);
    await ben.event("CALL_RINGING");
    await ann.click(CANCEL);
    await ben.event("CALL_CLOSED");
    await ann.record("#remoteVideo");
    await hears(ann, PHONE_VOICE);
    await ann.click(CANCEL);
    await desk.event("CALL_CLOSED");
    await ann.visible(".voice_call__call", false);
    nothingWrong(ann);
  });

  it("sets the volume of the call", async () => {
    const { ann } = await talking();
    await ann.record("#remoteVideo");
    await ann.click(".b-display__header__volume");
    await ann.visible(".b-volume.open");
    await ann.page.click("#volume", { position: { x: 20, y: 2 }, force: true });
    const shown = await ann.page.textContent(".volume-percent");
    assert.notEqual(shown, "60%");
    const wanted = Number(shown?.replace("%", "")) / 100;
    await ann.page.waitForFunction((volume) => document.querySelector<HTMLVideoElement>("#remoteVideo video")?.volume === volume, wanted);
    nothingWrong(ann);
  });
});
