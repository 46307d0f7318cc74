/** Peers behind a NAT: answered where they send from, and called where they registered from. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { App } from "../peers/app.ts";
import { eventually } from "../peers/deadline.ts";
import { Nat } from "../peers/nat.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Called, Caller, sdp } from "../peers/scenario.ts";
import { Silent } from "../peers/silent.ts";
import { Sipp, type SippOptions } from "../peers/sipp.ts";

const PASSWORD = "s3cret-of-alice";
const HOME = "127.0.0.62";
/** Where the phone believes to be reached: nobody is there. */
const WRONG = "192.0.2.77:5999";

let relay: Relay;
let nat: Nat;
before(async () => {
  const tables = '[registrar]\nalgorithms = ["MD5"]';
  relay = await Relay.start({ users: { alice: PASSWORD, carol: "" }, connectTimeout: 120, tables });
  nat = await Nat.before(relay.sip);
});
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  await relay.zero((name) => ["calls", "legs"].includes(name), 15_000);
});
after(async () => {
  nat.stop();
  await relay.stop();
});

/** Requests out of a dialog whose Via and Contact name the wrong place. */
class Phone extends Caller {
  private sent = 0;

  ask(method: string, target: string, via: string, ...headers: readonly string[]): this {
    const lines = [
      `${method} ${target} SIP/2.0`,
      `Via: SIP/2.0/UDP ${via}`,
      "From: <sip:alice@offhook.example>;tag=phone[call_number]",
      "To: <sip:alice@offhook.example>",
      "Call-ID: [call_id]",
      `CSeq: ${++this.sent} ${method}`,
      `Contact: <sip:alice@${WRONG}>`,
      "Max-Forwards: 70",
      ...headers,
    ];
    return this.send(lines, undefined, 'retrans="500"');
  }

  /** An INVITE, and with `answer` the one that proves who calls. */
  ring(target: string, ...answer: readonly string[]): this {
    return this.during("INVITE", target, ++this.sent, sdp(), answer);
  }

  /** An ACK: of a failure to where the INVITE went, else to where its answer says. */
  confirmed(target = "[next_url]"): this {
    return this.during("ACK", target, this.sent);
  }

  private during(method: string, target: string, number: number, body?: string, more: readonly string[] = []): this {
    const lines = [
      `${method} ${target} SIP/2.0`,
      `Via: SIP/2.0/UDP ${WRONG};branch=[branch];rport`,
      "From: <sip:alice@offhook.example>;tag=phone[call_number]",
      `To: <sip:carol@offhook.example>${method === "ACK" ? "[peer_tag_param]" : ""}`,
      "Call-ID: [call_id]",
      `CSeq: ${number} ${method}`,
      `Contact: <sip:alice@${WRONG}>`,
      "Max-Forwards: 70",
      ...more,
    ];
    return this.send(lines, body, method === "ACK" ? "" : 'retrans="500"');
  }
}

/** SIPp behind the NAT. */
function behind(phone: Phone, options: SippOptions = {}): Promise<Sipp> {
  const credentials = { user: "alice", password: PASSWORD };
  return Sipp.calling("alice", nat.inside, phone, { address: HOME, credentials, ...options });
}

/** The port of a phone that has registered through the NAT. */
async function registered(): Promise<number> {
  // What SIPp answers a challenge for is where it sends to, whatever the Request-URI.
  const registrar = `sip:${nat.inside}`;
  const via = `${WRONG};branch=[branch];rport`;
  const registering = new Phone()
    .ask("REGISTER", registrar, via, "Expires: 60")
    .expect(401, { authentication: true })
    .ask("REGISTER", registrar, via, "Expires: 60", "[authentication]")
    .expect(200);
  const sipp = await behind(registering);
  await sipp.done();
  return sipp.port;
}

describe("a response over UDP", () => {
  it("goes where its request came from, and says so, where the Via asks for that (RFC 3581)", async () => {
    const phone = new Phone().ask("OPTIONS", "sip:offhook.example", `${WRONG};branch=[branch];rport`).expect(200);
    const sipp = await behind(phone);
    await sipp.done();
    const [, via = ""] = /^Via: (.*?)\r?$/m.exec(await sipp.message(/^SIP\/2.0 200 /m)) ?? [];
    const [address = "", from = ""] = nat.outside.split(":");
    const parameters = via.split(";");
    assert.equal(parameters[0], `SIP/2.0/UDP ${WRONG}`);
    assert.ok(parameters.includes(`received=${address}`) && parameters.includes(`rport=${from}`), via);
  });

  it("goes to the port that the Via names, at the address that it came from, where it does not ask", async () => {
    const [address = ""] = nat.outside.split(":");
    const named = await Silent.start(address);
    const phone = new Phone().ask("OPTIONS", "sip:offhook.example", `192.0.2.77:${named.port};branch=[branch]`);
    const sipp = await behind(phone.expect(200));
    await eventually(() => named.calls().size === 1, "the answer at the port that was named");
    await sipp.stop();
    assert.doesNotMatch(sipp.messages(), /^SIP\/2.0 /m);
    named.stop();
  });
});

describe("a phone that believes to be elsewhere", () => {
  it("is called where it registered from, and so are its call's other requests", async () => {
    const port = await registered();
    const headers = [`Contact: <sip:alice@${WRONG}>`];
    const taking = new Called().invited().reply(180, "Ringing", { headers }).reply(200, "OK", { sdp: {}, headers });
    // The same phone: the NAT knows this port of it only, and the relay does not.
    const phone = await Sipp.answering(taking.asked("ACK").asked("BYE").confirm(), { address: HOME, port });
    const carol = await App.local(relay, "carol");
    const call = await carol.call("alice");
    await carol.status(call, "ESTABLISHED");
    await phone.message(/^ACK /m);
    await carol.hangup(call);
    await phone.done();
    for (const method of ["INVITE", "ACK", "BYE"]) {
      assert.match(await phone.message(new RegExp(`^${method} `, "m")), new RegExp(`^${method} sip:alice@${WRONG.replaceAll(".", "\\.")} SIP`, "m"));
    }
    await carol.close();
  });

  it("is told at the same place that a call is over which it made", async () => {
    const port = await registered();
    const carol = await App.local(relay, "carol");
    const target = `sip:carol@${nat.inside}`;
    const calling = new Phone().ring(target).progress().expect(407, { authentication: true }).confirmed(target);
    calling.ring(target, "[authentication]").progress().expect(200).confirmed().asked("BYE").confirm();
    const phone = await behind(calling, { port, proves: `carol@${nat.inside}` });
    const { callId } = await carol.called();
    await carol.answer(callId);
    await phone.message(/^ACK /m, { sent: true });
    await carol.status(callId, "ESTABLISHED");
    await carol.hangup(callId);
    await phone.done();
    assert.match(await phone.message(/^BYE /m), new RegExp(`^BYE sip:alice@${WRONG.replaceAll(".", "\\.")} SIP`, "m"));
    await carol.close();
  });
});
