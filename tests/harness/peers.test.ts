/** The peers against one another: what they report and hear is what happened, before Offhook stands between them. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, it } from "node:test";
import { Baresip } from "../peers/baresip.ts";
import { folder } from "../peers/folder.ts";
import { hears } from "../peers/hearing.ts";
import { Kamailio } from "../peers/kamailio.ts";
import { endPrograms } from "../peers/program.ts";
import { Called, Caller, STREAMED } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";
import { toALaw } from "../sound/g711.ts";
import { SAME, likeness } from "../sound/likeness.ts";
import { SENTENCES, speech } from "../sound/sources.ts";
import { loop } from "../sound/wav.ts";

const one = speech(SENTENCES.browser, 16000);
const two = speech(SENTENCES.phone, 16000);

afterEach(() => endPrograms());

describe("baresip and Kamailio", () => {
  it("register, call each other, hear each other, and hang up", async () => {
    const kamailio = await Kamailio.start({ users: { alice: "one-secret", bob: "two-secret" } });
    const account = { registrar: kamailio.domain, codecs: ["g722"] as const };
    const alice = await Baresip.start({ ...account, user: "alice", password: "one-secret", says: loop(one, 30) });
    const bob = await Baresip.start({ ...account, user: "bob", password: "two-secret", address: "127.0.0.20", says: loop(two, 30) });
    await Promise.all([kamailio.registered("alice"), kamailio.registered("bob")]);

    await alice.dial(`sip:bob@${kamailio.domain}`);
    await bob.event("CALL_INCOMING");
    await bob.accept();
    await Promise.all([alice.event("CALL_ESTABLISHED"), bob.event("CALL_ESTABLISHED")]);
    await Promise.all([hears(alice, two), hears(bob, one)]);
    assert.ok(likeness(alice.heard(), one).score < SAME - 0.1, "alice does not hear herself");

    await alice.press("15#");
    await bob.keys("15#");
    await bob.hangup();
    await alice.event("CALL_CLOSED");

    await alice.stop();
    await kamailio.registered("alice", false);
    await bob.stop();
    await kamailio.stop();
  });

  it("a wrong password is refused", async () => {
    const kamailio = await Kamailio.start({ users: { alice: "one-secret" } });
    const alice = await Baresip.start({ user: "alice", registrar: kamailio.domain, password: "wrong" });
    await alice.program.line(/401 Unauthorized|Authentication/);
    await alice.stop();
    await kamailio.stop();
  });
});

describe("SIPp", () => {
  it("called, answers and sends back what it hears", async () => {
    const scenario = new Called().invited().reply(180, "Ringing").reply(200, "OK", { sdp: {} }).asked("ACK");
    const sipp = await Sipp.answering(scenario.asked("BYE").confirm(), { echo: true });
    const phone = await Baresip.start({ user: "bob", says: loop(one, 30), codecs: ["pcma"] });
    await phone.dial(`sip:anyone@${sipp.target}`);
    await phone.event("CALL_ESTABLISHED");
    await hears(phone, one);
    await phone.hangup();
    await sipp.done();
    await phone.stop();
  });

  it("calling, speaks and hangs up", async () => {
    const file = join(folder("speech"), "two.al");
    writeFileSync(file, toALaw(loop(speech(SENTENCES.phone, 8000), 20).samples));
    const phone = await Baresip.start({ user: "bob", codecs: ["pcma"], answer: "auto" });
    const scenario = new Caller().invite({ port: STREAMED }).progress().expect(200).acknowledge().speak(file);
    const sipp = await Sipp.calling("bob", phone.uri.replace("sip:bob@", ""), scenario.pause(6000).bye().expect(200));
    await phone.event("CALL_ESTABLISHED");
    await hears(phone, two);
    await sipp.done();
    await phone.event("CALL_CLOSED");
    await phone.stop();
  });

  it("holds and resumes a call it answered", async () => {
    const scenario = new Called().invited().reply(200, "OK", { sdp: {} }).asked("ACK");
    scenario.request("INVITE", { direction: "sendonly", version: 2 }).answered(200).acknowledge();
    scenario.request("INVITE", { version: 3 }).answered(200).acknowledge().request("BYE").answered(200);
    const sipp = await Sipp.answering(scenario);
    const phone = await Baresip.start({ user: "bob", codecs: ["pcma"] });
    await phone.dial(`sip:anyone@${sipp.target}`);
    await phone.event("CALL_CLOSED");
    await sipp.done();
    assert.match(await sipp.message(/SIP\/2.0 200.*a=recvonly/s), /a=recvonly/);
    await phone.stop();
  });

  it("cancels a call and refuses one", async () => {
    const kamailio = await Kamailio.start({ users: { bob: "two-secret" } });
    const bob = await Baresip.start({ user: "bob", registrar: kamailio.domain, password: "two-secret" });
    await kamailio.registered("bob");

    // One process of Kamailio's answers the CANCEL, another passes the 487 on: either may be first.
    const cancelling = new Caller().invite().expect(100, { optional: true }).expect(180).cancel();
    const cancelled = cancelling.expect(200, { optional: true }).expect(487);
    const caller = await Sipp.calling("bob", kamailio.domain, cancelled.acknowledge({ failure: true }));
    await bob.event("CALL_INCOMING");
    await bob.event("CALL_CLOSED");
    await caller.done();

    const busy = await Sipp.answering(new Called().invited().reply(486, "Busy Here").asked("ACK"));
    await bob.dial(`sip:anyone@${busy.target}`);
    await bob.event("CALL_CLOSED", { param: /486/ });
    await busy.done();
    await bob.stop();
    await kamailio.stop();
  });
});
