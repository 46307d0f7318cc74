/**
 * Somebody who sprays the ports of an open call from an address of another network ("RTP bleed"), before, while and after
 * the relay learns where the peers send from: is sent nothing, and is not heard.
 */
import assert from "node:assert/strict";
import { type Socket, createSocket } from "node:dgram";
import { after, before, it } from "node:test";
import { eventually } from "../peers/deadline.ts";
import { hearsTone } from "../peers/hearing.ts";
import { Namespace } from "../peers/namespace.ts";
import { port } from "../peers/ports.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { RtpEnd } from "../peers/rtp-end.ts";
import { Called, Caller } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";
import { toMuLaw } from "../sound/g711.ts";
import { longestGap } from "../sound/gaps.ts";
import { purest } from "../sound/goertzel.ts";
import { tones } from "../sound/sources.ts";

const [CALLER, CALLEE] = ["127.0.0.41", "127.0.0.31"];
/** What the two say, and the attacker (Hz). */
const [ALICE, BOB, MALLORY] = [440, 660, 1000];
/** Shares of the sound that are somebody's (all of it being 1), and nobody's. */
const [CLEAR, NOTHING] = [0.8, 0.02];
/** The longest hole in a tone (s): some packets, which a busy machine loses by itself. */
const HOLE = 0.1;

let namespace: Namespace;
/** Addresses of this machine, each of a network of its own: of the relay's media and Alice, of Bob, of the attacker. */
let [home, elsewhere, foreign] = ["", "", ""];

before(async () => {
  namespace = await Namespace.create();
  [home, elsewhere, foreign] = [namespace.link().address, namespace.link().address, namespace.link().address];
});
after(async () => {
  await endPrograms((program) => program.name !== "namespace");
  await namespace.stop();
});

/** Sends a tone in RTP, and reports and goodbyes in RTCP, to these ports as fast as it may without filling a socket. */
class Mallory {
  readonly received: Buffer[] = [];
  sent = 0;
  private readonly spraying: NodeJS.Timeout;

  private constructor(
    private readonly socket: Socket,
    private readonly host: string,
    private readonly ports: readonly number[],
  ) {
    socket.on("message", (message) => this.received.push(message));
    this.spraying = setInterval(() => this.spray(), 5);
  }

  static async at(address: string, host: string, ports: readonly number[]): Promise<Mallory> {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(0, address, resolve));
    return new Mallory(socket, host, ports);
  }

  stop(): void {
    clearInterval(this.spraying);
    this.socket.close();
  }

  private spray(): void {
    const tone = toMuLaw(tones([MALLORY], 0.02, 8000).samples);
    const head = Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 0, 0xba, 0xd0, 0xba, 0xd0]);
    head.writeUInt16BE(this.sent % 65_536, 2);
    head.writeUInt32BE((this.sent * 160) % 2 ** 32, 4);
    // An empty receiver report and a goodbye of the source (RFC 3550 sections 6.4.2 and 6.6).
    const goodbye = Buffer.from([0x80, 201, 0, 1, 0xba, 0xd0, 0xba, 0xd0, 0x81, 203, 0, 1, 0xba, 0xd0, 0xba, 0xd0]);
    for (const at of this.ports) {
      this.socket.send(Buffer.concat([head, tone]), at, this.host);
      this.socket.send(goodbye, at, this.host);
    }
    this.sent += 1;
  }
}

function audioPort(message: string): number {
  return Number(/^m=audio (\d+)/m.exec(message)?.[1]);
}

it("who sprays a call's ports from elsewhere gets nothing and harms nothing", async () => {
  const sip = await port(CALLEE);
  const relay = await Relay.start({
    rtp: [home],
    rtpInactivity: 60,
    tables: `
[trunks.caller]
host = "${CALLER}"
[trunks.callee]
host = "${CALLEE}:${sip}"
addresses = []
[[routes]]
number = "bob"
from = "any"
trunk = "callee"
`,
  });
  const [alice, bob] = [await RtpEnd.open(home), await RtpEnd.open(elsewhere)];
  const called = new Called().invited().reply(200, "OK", { sdp: { address: elsewhere, port: bob.port, codecs: ["pcmu"] } }).asked("ACK").asked("BYE").confirm();
  const uas = await Sipp.answering(called, { address: CALLEE, port: sip });
  const caller = new Caller("+4930123").invite({ address: home, port: alice.port, codecs: ["pcmu"] }).progress().expect(200).acknowledge();
  const uac = await Sipp.calling("bob", relay.sip, caller.asked("BYE").confirm(), { address: CALLER });
  const [offer, answer] = await Promise.all([uas.message(/^INVITE /m), uac.message(/^SIP\/2\.0 200/m)]);
  const ports = [audioPort(offer), audioPort(answer)].flatMap((rtp) => [rtp, rtp + 1]);

  // Before anybody speaks, and on and on from then.
  const mallory = await Mallory.at(foreign, home, ports);
  await eventually(() => mallory.sent >= 40, "the attack to be under way");
  alice.say(tones([ALICE], 5, 8000), answer);
  bob.say(tones([BOB], 5, 8000), offer);
  await Promise.all([hearsTone(alice, BOB), hearsTone(bob, ALICE)]);
  // Once they are known, and from another port, as one who begins only now.
  const late = await Mallory.at(foreign, home, ports);
  await eventually(() => late.sent >= 400, "the second attack to have lasted");

  for (const [listener, tone] of [[alice, BOB], [bob, ALICE]] as const) {
    const heard = listener.heard(2);
    assert.ok(purest(heard, tone) > CLEAR, `${tone} Hz is ${purest(heard, tone).toFixed(3)} of what is heard`);
    assert.ok(purest(heard, MALLORY) < NOTHING, `the attacker is ${purest(heard, MALLORY).toFixed(3)} of what is heard`);
    const hole = longestGap(heard);
    assert.ok(hole <= HOLE, `a hole of ${hole} s`);
  }
  for (const attacker of [mallory, late]) {
    attacker.stop();
    assert.equal(attacker.received.length, 0, "what the attacker was sent");
  }
  alice.close();
  bob.close();
  await relay.stop();
  await Promise.all([uac.done(), uas.done()]);
});
