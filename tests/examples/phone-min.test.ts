/** The original's Phone Min, unmodified, as a person uses it: every text it shows and every button. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hears, hearsNothing } from "../peers/hearing.ts";
import { SENTENCES, speech } from "../sound/sources.ts";
import { BROWSER_VOICE, OTHER_VOICE } from "../e2e/stage.ts";
import type { ExamplePage } from "./example-page.ts";
import { type Account, type VisitorOptions, office } from "./office.ts";

const set = office({ keepAlive: 4 });
const PHONE_VOICE = speech(SENTENCES.phone, 16_000);
/** Half of the switch that stands for the checkbox: a click on either half turns it over. */
const MUTE = "#muteAudioToggle + .btn-toggle button:first-child";

/** The page with an account typed in. */
async function arrive(user: Account, options: VisitorOptions & { password?: string } = {}): Promise<ExamplePage> {
  const page = await set.visit("sip/phone/phone.html", options);
  await page.visible("#callBtn");
  await page.fill(set.fields(user, options.password));
  return page;
}

async function connected(user: Account, options: VisitorOptions = {}): Promise<ExamplePage> {
  const page = await arrive(user, options);
  await page.click("#connectBtn");
  await page.shows("regStatus", "REGISTERED");
  await page.enabled("#callBtn");
  return page;
}

async function dial(page: ExamplePage, callee: string): Promise<number> {
  const from = page.texts.now();
  await page.fill({ "#callee": callee });
  await page.click("#callBtn");
  return from;
}

/** Ann and Ben with the page each, in browsers of their own, and a call between them that is up. */
async function conversation(): Promise<{ ann: ExamplePage; ben: ExamplePage }> {
  const [ann, ben] = [await connected("ann"), await connected("ben", { other: true })];
  await dial(ann, "ben");
  await ann.shows("callStatus", "RING");
  await ben.visible("#answerBtn");
  await ben.click("#answerBtn");
  await Promise.all([ann, ben].map((page) => page.shows("callStatus", "ESTABLISHED")));
  return { ann, ben };
}

describe("Phone Min connects", () => {
  it("shows ESTABLISHED and REGISTERED, fills in the token, and lets the visitor call", async () => {
    const ann = await arrive("ann");
    await ann.enabled("#connectBtn");
    assert.equal(await ann.value("#urlServer"), set.relay.http.replace("http", "ws"));
    await ann.click("#connectBtn");
    await ann.shows("regStatus", "REGISTERED");
    assert.deepEqual(ann.history("regStatus"), ["ESTABLISHED", "REGISTERED"]);
    assert.notEqual(await ann.value("#authToken"), "");
    for (const button of ["#connectBtn", "#connectTokenBtn"]) await ann.reads(button, "Disconnect");
    await ann.enabled("#callBtn");
    await set.kamailio.registered("ann");
    assert.deepEqual(ann.errors, []);
  });

  it("without a registration, lets the visitor call as soon as it is ESTABLISHED", async () => {
    const [ann, desk] = [await arrive("ann"), await set.softphone("desk", { answer: "auto" })];
    await ann.page.uncheck("#sipRegisterRequired");
    await ann.click("#connectBtn");
    await ann.shows("regStatus", "ESTABLISHED");
    await ann.enabled("#callBtn");
    await dial(ann, "desk");
    await Promise.all([ann.shows("callStatus", "ESTABLISHED"), desk.event("CALL_ESTABLISHED")]);
    assert.deepEqual(ann.history("regStatus"), ["ESTABLISHED"]);
  });

  it("with a wrong password, is never REGISTERED and offers to connect again", async () => {
    const ann = await arrive("ann", { password: "a-wrong-guess" });
    await ann.click("#connectBtn");
    await ann.shows("regStatus", "FAILED");
    await ann.reads("#connectBtn", "Connect");
    assert.ok(!ann.history("regStatus").includes("REGISTERED"));
  });

  it("to a relay that is not there, shows FAILED and offers to connect again", async () => {
    const ann = await arrive("ann");
    await ann.fill({ "#urlServer": "ws://127.0.0.1:9" });
    await ann.click("#connectBtn");
    await ann.shows("regStatus", "FAILED");
    await ann.reads("#connectBtn", "Connect");
    await ann.enabled("#connectBtn");
  });

  it("disconnects, and shows DISCONNECTED", async () => {
    const ann = await connected("ann");
    await ann.click("#connectBtn");
    await ann.shows("regStatus", "DISCONNECTED");
    await ann.reads("#connectBtn", "Connect");
    await ann.reads("#connectTokenBtn", "Connect with token");
  });

  it("with its token, comes back without a password: ESTABLISHED, REGISTERED, and calls", async () => {
    const [ann, desk] = [await connected("ann"), await set.softphone("desk")];
    await ann.click("#connectBtn");
    await ann.shows("regStatus", "DISCONNECTED");
    const from = ann.texts.now();
    await ann.click("#connectTokenBtn");
    await ann.shows("regStatus", "REGISTERED", { from });
    assert.deepEqual(ann.history("regStatus", from), ["ESTABLISHED", "REGISTERED"]);
    await ann.enabled("#callBtn");
    await dial(ann, "desk");
    await desk.event("CALL_INCOMING");
    await desk.accept();
    await ann.shows("callStatus", "ESTABLISHED");
    await ann.record("#remoteDisplay");
    await Promise.all([hears(ann, PHONE_VOICE), hears(desk, BROWSER_VOICE)]);
    await ann.click("#callBtn");
    await Promise.all([ann.shows("callStatus", "FINISH"), desk.event("CALL_CLOSED")]);
    await desk.dial(`sip:ann@${set.kamailio.domain}`);
    await ann.visible("#answerBtn");
  });

  it("loaded again, takes its session back with the token it had", async () => {
    const ann = await connected("ann");
    const token = await ann.value("#authToken");
    await ann.page.reload();
    await ann.visible("#callBtn");
    await ann.fill({ "#authToken": token });
    const from = ann.texts.now();
    await ann.click("#connectTokenBtn");
    await ann.shows("regStatus", "REGISTERED", { from });
    assert.deepEqual(ann.history("regStatus", from), ["ESTABLISHED", "REGISTERED"]);
  });

  it("with a token nobody knows, shows FAILED", async () => {
    const ann = await arrive("ann");
    await ann.fill({ "#authToken": "a-token-that-was-never-given" });
    await ann.click("#connectTokenBtn");
    await ann.shows("regStatus", "FAILED");
    await ann.enabled("#connectTokenBtn");
  });
});

describe("Phone Min calls", () => {
  it("rings, talks both ways, holds, goes on, and hangs up", async () => {
    const [ann, desk] = [await connected("ann"), await set.softphone("desk")];
    await dial(ann, "desk");
    await ann.reads("#callBtn", "Hangup");
    await Promise.all([ann.shows("callStatus", "RING"), desk.event("CALL_INCOMING")]);
    await desk.accept();
    await Promise.all([ann.shows("callStatus", "ESTABLISHED"), desk.event("CALL_ESTABLISHED")]);
    await ann.visible("#callFeatures");
    await ann.enabled("#muteAudioToggle");
    await ann.record("#remoteDisplay");
    await Promise.all([hears(ann, PHONE_VOICE), hears(desk, BROWSER_VOICE)]);

    await ann.click("#holdBtn");
    await ann.reads("#holdBtn", "Unhold");
    await ann.enabled("#holdBtn");
    await hearsNothing(ann);
    const from = ann.texts.now();
    await ann.click("#holdBtn");
    await ann.reads("#holdBtn", "Hold");
    await ann.shows("callStatus", "ESTABLISHED", { from });
    await ann.enabled("#holdBtn");
    await hears(ann, PHONE_VOICE);

    await ann.click("#callBtn");
    await Promise.all([ann.shows("callStatus", "FINISH"), desk.event("CALL_CLOSED")]);
    await ann.reads("#callBtn", "Call");
    await ann.enabled("#callBtn");
    assert.deepEqual(ann.errors, []);
  });

  it("given up while it rings, shows FINISH", async () => {
    const [ann, desk] = [await connected("ann"), await set.softphone("desk")];
    await dial(ann, "desk");
    await Promise.all([ann.shows("callStatus", "RING"), desk.event("CALL_INCOMING")]);
    await ann.click("#callBtn");
    await Promise.all([ann.shows("callStatus", "FINISH"), desk.event("CALL_CLOSED")]);
    await ann.reads("#callBtn", "Call");
  });

  it("to a busy callee, shows FAILED and can call again, although it knows no BUSY", async () => {
    const [ann, desk] = [await connected("ann"), await set.softphone("desk")];
    await dial(ann, "desk");
    await desk.event("CALL_INCOMING");
    await desk.hangup();
    await ann.shows("callStatus", "FAILED");
    await ann.reads("#callBtn", "Call");
    const from = await dial(ann, "desk");
    await ann.shows("callStatus", "RING", { from });
  });

  it("to nobody, shows FAILED", async () => {
    const ann = await connected("ann");
    await dial(ann, "cleo");
    await ann.shows("callStatus", "FAILED");
    await ann.enabled("#callBtn");
  });

  it("is hung up on, and shows FINISH", async () => {
    const [ann, desk] = [await connected("ann"), await set.softphone("desk", { answer: "auto" })];
    await dial(ann, "desk");
    await ann.shows("callStatus", "ESTABLISHED");
    await desk.hangup();
    await ann.shows("callStatus", "FINISH");
    await ann.reads("#callBtn", "Call");
  });

  it("is ended by a click on Disconnect", async () => {
    const [ann, desk] = [await connected("ann"), await set.softphone("desk", { answer: "auto" })];
    await dial(ann, "desk");
    await Promise.all([ann.shows("callStatus", "ESTABLISHED"), desk.event("CALL_ESTABLISHED")]);
    await ann.click("#connectBtn");
    await Promise.all([ann.shows("regStatus", "DISCONNECTED"), desk.event("CALL_CLOSED")]);
  });
});

describe("Phone Min is called", () => {
  it("says by whom, is answered, talks both ways, and hangs up", async () => {
    const [ann, desk] = [await connected("ann"), await set.softphone("desk")];
    await desk.dial(`sip:ann@${set.kamailio.domain}`);
    await ann.visible("#incomingCallAlert");
    assert.match((await ann.page.textContent("#incomingCallAlert")) ?? "", /^You have a new call from desk/);
    await ann.shows("callStatus", "RING");
    await ann.click("#answerBtn");
    await Promise.all([ann.shows("callStatus", "ESTABLISHED"), desk.event("CALL_ESTABLISHED")]);
    await ann.visible("#holdBtn");
    await ann.record("#remoteDisplay");
    await Promise.all([hears(ann, PHONE_VOICE), hears(desk, BROWSER_VOICE)]);
    await ann.click("#hangupBtn");
    await Promise.all([ann.shows("callStatus", "FINISH"), desk.event("CALL_CLOSED")]);
    await ann.visible("#callBtn");
    assert.deepEqual(ann.errors, []);
  });

  it("and declines", async () => {
    const [ann, desk] = [await connected("ann"), await set.softphone("desk")];
    await desk.dial(`sip:ann@${set.kamailio.domain}`);
    await ann.shows("callStatus", "RING");
    await ann.click("#hangupBtn");
    await Promise.all([ann.shows("callStatus", "FINISH"), desk.event("CALL_CLOSED", { param: /603|486/ })]);
    await ann.visible("#callBtn");
  });

  it("and the caller gives up", async () => {
    const [ann, desk] = [await connected("ann"), await set.softphone("desk")];
    await desk.dial(`sip:ann@${set.kamailio.domain}`);
    await ann.shows("callStatus", "RING");
    await desk.hangup();
    await ann.shows("callStatus", "FINISH");
    await ann.visible("#callBtn");
  });

  it("by another Phone Min: both talk, hold, mute and finish together", async () => {
    const { ann, ben } = await conversation();
    await Promise.all([ann.record("#remoteDisplay"), ben.record("#remoteDisplay")]);
    await Promise.all([hears(ann, OTHER_VOICE), hears(ben, BROWSER_VOICE)]);

    await ben.click("#holdBtn");
    await ben.reads("#holdBtn", "Unhold");
    await ben.enabled("#holdBtn");
    await Promise.all([hearsNothing(ann), hearsNothing(ben)]);
    await ben.click("#holdBtn");
    await ben.reads("#holdBtn", "Hold");
    await ben.enabled("#holdBtn");
    await Promise.all([hears(ann, OTHER_VOICE), hears(ben, BROWSER_VOICE)]);

    await ann.click(MUTE);
    await hearsNothing(ben);
    await ann.click(MUTE);
    await hears(ben, BROWSER_VOICE);

    await ben.click("#hangupBtn");
    await Promise.all([ann, ben].map((page) => page.shows("callStatus", "FINISH")));
    assert.deepEqual([...ann.errors, ...ben.errors], []);
  });
});
