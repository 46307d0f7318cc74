/** Session descriptions made to do harm: each is answered as what it is, costs next to nothing, and harms nobody else. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { after, afterEach, before, describe, it } from "node:test";
import { App } from "../peers/app.ts";
import { Happenings } from "../peers/deadline.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Called, Caller, type Description } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";

const FROM = "127.0.0.66";
const HEAD = "v=0\r\no=- 1 1 IN IP4 127.0.0.66\r\ns=-\r\nc=IN IP4 127.0.0.66\r\nt=0 0\r\n";
const AUDIO = "m=audio 4000 RTP/AVP 8\r\n";

/** What is done to a description, and the codes it may be answered with; 200 where the relay takes it for what it is worth. */
const HOSTILE: readonly (readonly [string, readonly number[], string])[] = [
  ["2000 attributes", [400], HEAD + AUDIO + "a=x\r\n".repeat(2000)],
  ["nothing but line ends", [400, 488], "\r\n".repeat(28_000)],
  ["33 sections", [400], HEAD + AUDIO.repeat(33)],
  ["32 sections of 128 formats", [200, 488], HEAD + AUDIO + `m=audio 1 RTP/AVP${" 96".repeat(128)}\r\n`.repeat(31)],
  ["25,000 formats", [400], `${HEAD}m=audio 4000 RTP/AVP${" 8".repeat(25_000)}\r\n`],
  ["1900 rtpmaps of one format", [200], HEAD + AUDIO + "a=rtpmap:8 PCMA/8000\r\n".repeat(1900)],
  ["1900 keys of no use", [488], `${HEAD}m=audio 4000 RTP/SAVP 8\r\n${"a=crypto:1 X inline:y\r\n".repeat(1900)}`],
  ["a line of 50 kB", [200], `${HEAD}${AUDIO}a=fmtp:8 ${"x=1;".repeat(12_500)}\r\n`],
  ["an address of 50 kB", [400, 488], `v=0\r\no=- 1 1 IN IP4 127.0.0.66\r\nc=IN IP4 ${"1.".repeat(25_000)}\r\n${AUDIO}`],
  ["a port beyond all ports", [400], `${HEAD}m=audio ${"9".repeat(5000)} RTP/AVP 8\r\n`],
  ["zeros", [400], "\0".repeat(50_000)],
  ["no text at all", [400], "\u00ff\u00fe=".repeat(10_000)],
  ["multicast for an address", [488], HEAD.replace("c=IN IP4 127.0.0.66", "c=IN IP4 224.2.1.1/127") + AUDIO],
  ["packets of no time and of all time", [200], `${HEAD}${AUDIO}a=ptime:0\r\na=maxptime:4294967295\r\n`],
  ["1200 candidates", [200], HEAD + AUDIO + "a=candidate:1 1 udp 1 10.0.0.1 9 typ host\r\n".repeat(1200)],
];

let relay: Relay;
before(async () => (relay = await Relay.start({ sip: ["srtp = \"offered\"", "stranger_rate = 1000"] })));
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(() => relay.stop(["unused-password"]));

let calls = 0;
/** An INVITE for the echo with this body. */
function invite(body: string, via: string, cseq = "1 INVITE"): { callId: string; message: Buffer } {
  const bytes = Buffer.from(body, "latin1");
  const callId = `hostile-${++calls}`;
  const head = [
    `INVITE sip:echo@${relay.sip} SIP/2.0`,
    `Via: SIP/2.0/${via};branch=z9hG4bK-${callId}`,
    `From: <sip:hostile@${FROM}>;tag=${callId}`,
    `To: <sip:echo@${relay.sip}>`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq}`,
    `Contact: <sip:hostile@${FROM}>`,
    "Max-Forwards: 70",
    "Content-Type: application/sdp",
    `Content-Length: ${bytes.length}`,
  ];
  return { callId, message: Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), bytes]) };
}

/** A request that belongs to what a final response answers: the ACK, or the BYE of a call that was taken. */
function after200(method: string, response: string, number: number): Buffer {
  const header = (name: string): string => new RegExp(`^${name}: *(.*?)\r?$`, "mi").exec(response)?.[1] ?? "";
  const target = /<(.*?)>/.exec(header("Contact"))?.[1] ?? `sip:echo@${relay.sip}`;
  const taken = response.startsWith("SIP/2.0 200");
  const branch = taken ? `;branch=z9hG4bK-${method}-${header("Call-ID")}` : "";
  const via = taken ? header("Via").replace(/;branch=[^;]*/, branch) : header("Via");
  const lines = [
    `${method} ${target} SIP/2.0`, `Via: ${via}`, `From: ${header("From")}`, `To: ${header("To")}`,
    `Call-ID: ${header("Call-ID")}`, `CSeq: ${number} ${method}`, "Max-Forwards: 70", "Content-Length: 0",
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);
}

const status = (response: string): number => Number(/^SIP\/2\.0 (\d+)/.exec(response)?.[1]);

/** The seconds of processor time that the relay has had. */
function spent(): number {
  const fields = readFileSync(`/proc/${relay.program.pid}/stat`, "latin1").replace(/^.*\) /, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Somebody who sends datagrams, and hears what is answered. */
async function attacker(): Promise<{ ask: (body: string) => Promise<number>; close: () => void }> {
  const socket = createSocket("udp4");
  const heard = new Happenings<string>();
  socket.on("message", (message) => heard.add(message.toString("latin1")));
  await new Promise<void>((bound) => socket.bind(0, FROM, bound));
  const [host, port] = relay.sip.split(":") as [string, string];
  const send = (message: Buffer): void => socket.send(message, Number(port), host);
  return {
    ask: async (body) => {
      const { callId, message } = invite(body, `UDP ${FROM}:${socket.address().port}`);
      send(message);
      const final = await heard.waitFor((response) => response.includes(`Call-ID: ${callId}\r\n`) && status(response) >= 200, `an answer to ${callId}`);
      send(after200("ACK", final, 1));
      if (status(final) === 200) {
        send(after200("BYE", final, 2));
        await heard.waitFor((response) => response.includes(`Call-ID: ${callId}\r\n`) && /^CSeq: 2 BYE/m.test(response), "the end of the call");
      }
      return status(final);
    },
    close: () => socket.close(),
  };
}

/** An ordinary call is still served. */
async function serves(): Promise<void> {
  const scenario = new Caller().invite().progress().expect(200).acknowledge().bye().expect(200);
  await (await Sipp.calling("echo", relay.sip, scenario)).done();
}

describe("over UDP", () => {
  for (const [what, codes, body] of HOSTILE) {
    it(`a description with ${what} is answered with ${codes.join(" or ")}`, async () => {
      const { ask, close } = await attacker();
      const code = await ask(body);
      assert.ok(codes.includes(code), `answered with ${code}`);
      close();
    });
  }

  it("many of them cost little time, and others are served meanwhile", async () => {
    const { ask, close } = await attacker();
    const [before, rounds] = [spent(), 8];
    for (let round = 0; round < rounds; round++) for (const [, , body] of HOSTILE) await ask(body);
    const each = ((spent() - before) / (rounds * HOSTILE.length)) * 1000;
    // Of a build that is not optimised: what takes no more than its length takes a few.
    assert.ok(each < 50, `${each.toFixed(1)} ms of processor time each`);
    await serves();
    close();
  });
});

describe("in an answer", () => {
  for (const [what, answer] of [
    ["2000 attributes", { lines: Array.from({ length: 2000 }, () => "a=x") }],
    ["33 sections", { lines: Array.from({ length: 33 }, () => "m=audio 4000 RTP/AVP 8") }],
    ["multicast for an address", { address: "224.2.1.1" }],
    ["a port beyond all ports", { port: "99999" }],
  ] as readonly [string, Description][]) {
    it(`${what}: the call is acknowledged and ended, and the app hears why`, async () => {
      const sipp = await Sipp.answering(new Called().invited().reply(200, "OK", { sdp: answer }).asked("ACK").asked("BYE").confirm());
      const app = await App.account(relay, sipp.target);
      const over = await app.status(await app.call("anyone"), "FAILED");
      assert.match((over["error"] as { message: string }).message, /session description/);
      await sipp.done();
      await app.close();
    });
  }
});

describe("over TCP", () => {
  for (const [what, size, code] of [
    ["as large as may be", 65_000, 400],
    ["larger than any may be", 80_000, 413],
  ] as const) {
    it(`a description ${what} is answered with ${code}, and the relay serves on`, async () => {
      const [host, port] = relay.sip.split(":") as [string, string];
      const socket = connect({ host, port: Number(port), localAddress: FROM });
      const heard = new Happenings<string>();
      socket.on("data", (data) => heard.add(data.toString("latin1"))).on("error", () => undefined);
      const { message } = invite(HEAD + AUDIO + "a=x\r\n".repeat(size / 5), `TCP ${FROM}:5060`);
      socket.write(message);
      const answer = await heard.waitFor((text) => /^SIP\/2\.0 [3-6]/m.test(text), "an answer");
      assert.equal(Number(/^SIP\/2\.0 ([3-6]\d\d)/m.exec(answer)?.[1]), code);
      socket.destroy();
      await serves();
    });
  }
});
