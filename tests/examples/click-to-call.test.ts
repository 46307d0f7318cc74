/** The original's Click to Call, unmodified: one button that opens a session, calls, and closes both again. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hears } from "../peers/hearing.ts";
import { SENTENCES, speech } from "../sound/sources.ts";
import { BROWSER_VOICE } from "../e2e/stage.ts";
import type { ExamplePage } from "./example-page.ts";
import { office } from "./office.ts";

const set = office();
const PHONE_VOICE = speech(SENTENCES.phone, 16_000);

async function arrive(callee: string): Promise<ExamplePage> {
  const page = await set.visit("sip/click-to-call/click-to-call.html");
  await page.click("#sipCredentialsBtn");
  await page.fill({ ...set.fields("ann"), "#callee": callee });
  await page.click("#okBtn");
  await page.visible("#formConnection", false);
  return page;
}

describe("Click to Call", () => {
  it("calls at one click, talks both ways, and hangs up at another", async () => {
    const [page, desk] = [await arrive("desk"), await set.softphone("desk")];
    await page.click("#callBtn");
    await Promise.all([page.shows("status", "Call: RING"), desk.event("CALL_INCOMING")]);
    await page.reads("#callBtn", "Hangup");
    await desk.accept();
    await page.shows("status", "Call: ESTABLISHED");
    await page.record("#remoteDisplay");
    await Promise.all([hears(page, PHONE_VOICE), hears(desk, BROWSER_VOICE)]);
    await page.click("#callBtn");
    await Promise.all([page.shows("status", "Session: DISCONNECTED"), desk.event("CALL_CLOSED")]);
    await page.reads("#callBtn", "Call");
    assert.deepEqual(page.history("status"), [
      "Session: ESTABLISHED",
      "Call: RING",
      "Call: ESTABLISHED",
      "Call: FINISH",
      "Session: DISCONNECTED",
    ]);
    assert.deepEqual(page.errors, []);
  });

  it("is hung up on, and can call again", async () => {
    const [page, desk] = [await arrive("desk"), await set.softphone("desk", { answer: "auto" })];
    await page.click("#callBtn");
    await Promise.all([page.shows("status", "Call: ESTABLISHED"), desk.event("CALL_ESTABLISHED")]);
    await desk.hangup();
    await page.shows("status", "Session: DISCONNECTED");
    const from = page.texts.now();
    await page.click("#callBtn");
    await page.shows("status", "Call: ESTABLISHED", { from });
  });

  it("to a busy callee, shows that the call failed", async () => {
    const [page, desk] = [await arrive("desk"), await set.softphone("desk")];
    await page.click("#callBtn");
    await desk.event("CALL_INCOMING");
    await desk.hangup();
    await page.shows("status", "Call: FAILED");
    await page.shows("status", "Session: DISCONNECTED");
    await page.enabled("#callBtn");
  });

  it("to a relay that is not there, shows that the session failed", async () => {
    const page = await arrive("desk");
    await page.fill({ "#urlServer": "ws://127.0.0.1:9" });
    await page.click("#callBtn");
    await page.shows("status", "Session: FAILED");
    await page.enabled("#callBtn");
  });
});
