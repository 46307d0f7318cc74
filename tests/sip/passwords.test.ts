/** Whom an account's password is proven to: its own server, and nobody that a call is led to (SIPp at both). */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { App } from "../peers/app.ts";
import { answered, response } from "../peers/digest.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Called } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";

const PASSWORD = "s3cret-of-alice";
const [HOME, FOREIGN] = ["127.0.0.30", "127.0.0.31"];
const PROOF = /^(Proxy-)?Authorization:/m;

let relay: Relay;
before(async () => (relay = await Relay.start({ connectTimeout: 120, destinations: [HOME, FOREIGN] })));
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(() => relay.stop([PASSWORD]));

const account = (home: Sipp): Promise<App> => App.account(relay, home.target, { login: "alice", password: PASSWORD });

/** A challenge of the realm that home has, whoever makes it. */
const challenge = (nonce: string, header = "WWW-Authenticate"): string => `${header}: Digest realm="pbx", nonce="${nonce}", qop="auth"`;

/** Of a home that hears no ACK, which goes to the callee, and is not to say 200 again until it does. */
const silent = { address: HOME, retransmissions: false };

/** Takes the INVITE once the password was proven. */
function proven(): Called {
  const headers = [challenge("of-the-invite", "Proxy-Authenticate")];
  return new Called().invited().reply(407, "Proxy Authentication Required", { headers }).asked("ACK").invited();
}

describe("where a call is sent on to (302)", () => {
  /** Home, which wants the password and then sends the call there. */
  function sends(there: Sipp): Promise<Sipp> {
    const headers = [`Contact: <sip:bob@${there.target}>`];
    return Sipp.answering(proven().reply(302, "Moved Temporarily", { headers }).asked("ACK"), { address: HOME });
  }

  it("gets no proof of the password, and none when it asks for one", async () => {
    const asking = new Called().invited().reply(401, "Unauthorized", { headers: [challenge("of-a-thief")] }).asked("ACK");
    const there = await Sipp.answering(asking, { address: FOREIGN });
    const home = await sends(there);
    const app = await account(home);
    const over = await app.status(await app.call("bob"), "FAILED");
    const error = over["error"] as { code?: string };
    assert.deepEqual([over["sipStatus"], error.code], [401, "destinationForbidden"]);
    for (const sipp of [home, there]) await sipp.done();
    // Home was shown that it is known.
    await home.message(PROOF);
    await relay.zero((name) => name === "dialogs", 5_000);
    assert.equal(there.messages().match(/^INVITE /gm)?.length, 1);
    assert.doesNotMatch(there.messages(), PROOF);
    await app.close();
  });

  it("gets none with ACK and BYE where it takes the call, and none when it asks for one", async () => {
    const taking = new Called().invited().reply(200, "OK", { sdp: {} }).asked("ACK").asked("BYE");
    const asking = taking.confirm(401, "Unauthorized", undefined, [challenge("of-a-thief")]);
    const there = await Sipp.answering(asking, { address: FOREIGN });
    const home = await sends(there);
    const app = await account(home);
    const call = await app.call("bob");
    await app.status(call, "ESTABLISHED");
    await home.message(PROOF);
    await there.message(/^ACK /m);
    await app.hangup(call);
    for (const sipp of [home, there]) await sipp.done();
    await relay.zero((name) => name === "dialogs", 5_000);
    assert.equal(there.messages().match(/^BYE /gm)?.length, 1);
    assert.doesNotMatch(there.messages(), PROOF);
    await app.close();
  });
});

describe("where the Contact of a callee leads that is elsewhere", () => {
  it("gets no proof of the password with ACK and BYE, and none when it asks for one", async () => {
    const asking = new Called().asked("ACK").asked("BYE").confirm(401, "Unauthorized", undefined, [challenge("of-a-thief")]);
    const there = await Sipp.answering(asking, { address: FOREIGN });
    const headers = [`Contact: <sip:bob@${there.target}>`];
    const home = await Sipp.answering(proven().reply(200, "OK", { sdp: {}, headers }).asked("NOTHING"), silent);
    const app = await account(home);
    const call = await app.call("bob");
    await app.status(call, "ESTABLISHED");
    await home.message(PROOF);
    await there.message(/^ACK /m);
    await app.hangup(call);
    await there.done();
    // The answer was heard, and nothing more is to be said.
    await relay.zero((name) => name === "dialogs", 5_000);
    assert.equal(there.messages().match(/^BYE /gm)?.length, 1);
    assert.doesNotMatch(there.messages(), PROOF);
    await app.close();
  });
});

describe("where the Contact of a callee leads that asks for the password in mid-call", () => {
  it("gets no proof; the app hears that the hold failed and why, and the call goes on", async () => {
    const asking = new Called().asked("ACK").asked("INVITE").confirm(401, "Unauthorized", undefined, [challenge("of-a-thief")]);
    const there = await Sipp.answering(asking.asked("ACK").asked("BYE").confirm(), { address: FOREIGN });
    const headers = [`Contact: <sip:bob@${there.target}>`];
    const home = await Sipp.answering(proven().reply(200, "OK", { sdp: {}, headers }).asked("NOTHING"), silent);
    const app = await account(home);
    const call = await app.call("bob");
    await app.status(call, "ESTABLISHED");
    await there.message(/^ACK /m);
    const from = app.wire.received.now();
    await app.ask("hold", { callId: call });
    const failed = await app.status(call, "ESTABLISHED", { from });
    const error = failed["error"] as Record<string, unknown>;
    assert.deepEqual([error["code"], error["sipStatus"]], ["destinationForbidden", 401]);
    await app.hangup(call);
    await there.done();
    assert.equal(there.messages().match(/^INVITE /gm)?.length, 1);
    assert.doesNotMatch(there.messages(), PROOF);
    await app.close();
  });
});

describe("the account's own server", () => {
  it("gets the proof that it asks for when a call is ended", async () => {
    const called = proven().reply(200, "OK", { sdp: {} }).asked("ACK").asked("BYE");
    const asking = called.confirm(401, "Unauthorized", undefined, [challenge("of-the-end")]).asked("BYE").confirm();
    const home = await Sipp.answering(asking, { address: HOME });
    const app = await account(home);
    const call = await app.call("bob");
    await app.status(call, "ESTABLISHED");
    await home.message(/^ACK /m);
    await app.hangup(call);
    await home.done();
    const bye = await home.message(/^BYE [^]*^Authorization: /m);
    const parameters = answered(bye, "Authorization");
    assert.equal(parameters.get("nonce"), "of-the-end");
    assert.equal(parameters.get("response"), response(bye, parameters, PASSWORD));
    await app.close();
  });
});
