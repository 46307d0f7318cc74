/** Pictures from browser to browser through the relay, beside the sound. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hears, hearsTone } from "../peers/hearing.ts";
import type { BrowserPhone } from "../peers/phone.ts";
import { sees, seesBlack, seesNothingMove } from "../peers/seeing.ts";
import type { Film } from "../picture/film.ts";
import { BROWSER_VOICE, OTHER_VOICE, stage } from "./stage.ts";

const BLUE: Film = { ground: [30, 40, 200] };
const GREEN: Film = { ground: [20, 150, 40] };

const set = stage({ users: { alice: "", bob: "", carol: "" }, secondBrowser: true, films: [BLUE, GREEN] });

type Who = "alice" | "bob";

interface Conversation {
  alice: BrowserPhone;
  bob: BrowserPhone;
  out: string;
  in: string;
}

/** A call from Alice to Bob that is up; either may have a camera, and say whether it wants to be shown pictures. */
async function conversation(cameras: Record<Who, boolean>, wants: Partial<Record<Who, boolean>> = {}): Promise<Conversation> {
  const asked = (who: Who): { receiveVideo?: boolean } => (wants[who] === undefined ? {} : { receiveVideo: wants[who] });
  const [alice, bob] = [await set.local("alice"), await set.local("bob", { in: set.secondBrowser })];
  const out = await alice.call("bob", { camera: cameras.alice, ...asked("alice") });
  const incoming = (await bob.incoming()).id;
  await alice.event(out, "RING");
  await bob.answer(incoming, { camera: cameras.bob, ...asked("bob") });
  await Promise.all([alice.event(out, "ESTABLISHED"), bob.event(incoming, "ESTABLISHED")]);
  return { alice, bob, out, in: incoming };
}

describe("a video call between browsers", () => {
  it("shows each what the other's camera sees, and each is heard", async () => {
    const { alice, bob } = await conversation({ alice: true, bob: true });
    const [green, blue] = await Promise.all([sees(alice, GREEN), sees(bob, BLUE)]);
    assert.ok(green.width >= 160 && blue.width >= 160, "at a size one can look at");
    await Promise.all([alice.record(), bob.record()]);
    await Promise.all([hears(alice, OTHER_VOICE), hears(bob, BROWSER_VOICE)]);
    await Promise.all([sees(alice, GREEN), sees(bob, BLUE)]);
  });

  it("shows black while the camera is muted, and the sound goes on", async () => {
    const { alice, bob, out } = await conversation({ alice: true, bob: true });
    await sees(bob, BLUE);
    await alice.act(out, "muteVideo");
    await seesBlack(bob);
    await bob.record();
    await Promise.all([hears(bob, BROWSER_VOICE), sees(alice, GREEN)]);
    await alice.act(out, "unmuteVideo");
    await sees(bob, BLUE);
  });

  it("stands still while it is held and moves again afterwards", async () => {
    const { alice, bob, out, in: incoming } = await conversation({ alice: true, bob: true });
    await Promise.all([sees(alice, GREEN), sees(bob, BLUE)]);
    await alice.act(out, "hold");
    await Promise.all([alice.event(out, "HOLD"), bob.event(incoming, "HOLD")]);
    await Promise.all([seesNothingMove(alice), seesNothingMove(bob)]);
    const from = [alice.reports.now(), bob.reports.now()] as const;
    await alice.act(out, "unhold");
    await Promise.all([alice.event(out, "ESTABLISHED", { from: from[0] }), bob.event(incoming, "ESTABLISHED", { from: from[1] })]);
    await Promise.all([sees(alice, GREEN), sees(bob, BLUE)]);
  });

  it("shows the caller's picture to a callee without a camera", async () => {
    const { alice, bob } = await conversation({ alice: true, bob: false }, { bob: true });
    await sees(bob, BLUE);
    await Promise.all([alice.record(), bob.record()]);
    await Promise.all([hears(alice, OTHER_VOICE), hears(bob, BROWSER_VOICE)]);
    assert.equal(await alice.seen(), undefined);
  });

  it("shows the callee's picture to a caller without a camera who asks for one", async () => {
    const { alice, bob } = await conversation({ alice: false, bob: true }, { alice: true });
    await sees(alice, GREEN);
    assert.equal(await bob.seen(), undefined);
  });

  it("is a call of sound alone when it is answered without pictures", async () => {
    const { alice, bob } = await conversation({ alice: true, bob: false });
    await Promise.all([alice.record(), bob.record()]);
    await Promise.all([hears(alice, OTHER_VOICE), hears(bob, BROWSER_VOICE)]);
    assert.equal(await alice.seen(), undefined);
  });

  it("is a call of sound alone when the caller has no camera", async () => {
    const { alice, bob } = await conversation({ alice: false, bob: true });
    await Promise.all([alice.record(), bob.record()]);
    await Promise.all([hears(alice, OTHER_VOICE), hears(bob, BROWSER_VOICE)]);
    assert.deepEqual([await alice.seen(), await bob.seen()], [undefined, undefined]);
  });

  it("goes on in pictures with whom it is transferred to, if there are any", async () => {
    const { alice, bob, out, in: incoming } = await conversation({ alice: true, bob: true });
    await sees(alice, GREEN);
    const carol = await set.local("carol");
    await bob.transfer(incoming, "carol");
    const { id } = await carol.incoming();
    await carol.answer(id, { camera: true });
    await Promise.all([carol.event(id, "ESTABLISHED"), bob.event(incoming, "FINISH")]);
    await Promise.all([sees(alice, BLUE), sees(carol, BLUE)]);
    assert.equal(await alice.status(out), "ESTABLISHED");
  });

  it("gets pictures when it is transferred from where there were none", async () => {
    const { alice, bob, in: incoming } = await conversation({ alice: true, bob: false }, { bob: false });
    const carol = await set.local("carol", { in: set.secondBrowser });
    await bob.transfer(incoming, "carol");
    const { id } = await carol.incoming();
    await carol.answer(id, { camera: true });
    await Promise.all([carol.event(id, "ESTABLISHED"), bob.event(incoming, "FINISH")]);
    await sees(alice, GREEN);
    await alice.record();
    await hears(alice, OTHER_VOICE);
  });

  it("goes on as sound when it is transferred to where there are no pictures", async () => {
    const { alice, bob, in: incoming } = await conversation({ alice: true, bob: true });
    await sees(alice, GREEN);
    await bob.transfer(incoming, "tone");
    await bob.event(incoming, "FINISH");
    await alice.record();
    await hearsTone(alice, 440);
  });

  it("is taken back with its pictures by a page that is loaded again", async () => {
    const alice = await set.phone();
    const bob = await set.local("bob", { in: set.secondBrowser });
    await alice.register({ urlServer: set.relay.url, sipOptions: { login: "alice" }, keepAlive: true });
    const out = await alice.call("bob", { camera: true });
    const incoming = (await bob.incoming()).id;
    await bob.answer(incoming, { camera: true });
    await Promise.all([alice.event(out, "ESTABLISHED"), bob.event(incoming, "ESTABLISHED")]);
    await Promise.all([sees(alice, GREEN), sees(bob, BLUE)]);

    const authToken = await alice.token();
    await alice.reload();
    await alice.register({ urlServer: set.relay.url, keepAlive: true, authToken });
    assert.deepEqual(await alice.found(), [out]);
    await alice.attach(out, { camera: true });
    await Promise.all([sees(alice, GREEN), sees(bob, BLUE)]);
    await alice.disconnect();
  });

  it("gives a caller of the echo its own picture back", async () => {
    const alice = await set.local("alice");
    const call = await alice.call("echo", { camera: true });
    await alice.event(call, "ESTABLISHED");
    await sees(alice, BLUE);
  });
});
