/** Session descriptions as devices of the field make them, and what the relay answers, on the wire. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Caller } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";

let relay: Relay;
before(async () => (relay = await Relay.start({ sip: [`srtp = "offered"`] })));
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(() => relay.stop());

const KEY = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";

/** Calls the echo with this offer's sections; the answer, line by line. */
async function answer(sections: readonly string[], session: readonly string[] = []): Promise<string[]> {
  const offer = ["v=0", "o=- 1 1 IN IP4 [media_ip]", "s=-", "c=IN IP4 [media_ip]", "t=0 0", ...session, ...sections].join("\n");
  const scenario = new Caller().offering(offer).progress().expect(200).acknowledge().bye().expect(200);
  const sipp = await Sipp.calling("echo", relay.sip, scenario);
  const message = await sipp.message(/^SIP\/2.0 200[\s\S]*CSeq: 1 INVITE[\s\S]*\nm=/m);
  await sipp.done();
  return message.split(/\r?\n/).filter((line) => /^[a-z]=/.test(line));
}

const media = (lines: readonly string[]): string[] => lines.filter((line) => line.startsWith("m="));

describe("an offer such as", () => {
  it("a desk phone's, with G.729 first and keys", async () => {
    const lines = await answer([
      "m=audio [media_port] RTP/AVP 18 0 8 101",
      "a=rtpmap:18 G729/8000", "a=fmtp:18 annexb=no", "a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000",
      "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", "a=ptime:20", "a=sendrecv",
    ]);
    assert.match(media(lines)[0] ?? "", /^m=audio \d+ RTP\/AVP 0 8 101$/);
    assert.ok(lines.includes("a=fmtp:101 0-15"));
  });

  it("a PBX's, with other packet times and video", async () => {
    const lines = await answer([
      "m=audio [media_port] RTP/AVP 8 0", "a=ptime:30", "a=maxptime:150",
      "m=video 5678 RTP/AVP 99", "a=rtpmap:99 H264/90000", "a=fmtp:99 profile-level-id=42801F;packetization-mode=1",
    ]);
    assert.match(media(lines)[0] ?? "", /^m=audio \d+ RTP\/AVP 8 0$/);
    assert.match(media(lines)[1] ?? "", /^m=video [1-9]\d* RTP\/AVP 99$/);
  });

  it("a switch's, with ICE, shared ports and feedback", async () => {
    const lines = await answer([
      "m=audio [media_port] RTP/AVPF 96 0 97", "a=rtpmap:96 opus/48000/2", "a=fmtp:96 useinbandfec=1; maxaveragebitrate=30000",
      "a=rtpmap:97 telephone-event/48000", "a=rtcp-mux", "a=rtcp:5005", "a=ice-ufrag:abcd",
      "a=ice-pwd:0123456789abcdef012345", "a=candidate:1 1 udp 2130706431 [media_ip] 5004 typ host",
    ]);
    assert.match(media(lines)[0] ?? "", /^m=audio \d+ RTP\/AVPF 96 0 97$/);
    assert.ok(lines.includes("a=rtcp-mux"));
    assert.ok(!lines.some((line) => /ice|candidate/.test(line)), "ICE is left out");
  });

  it("a session border controller's, encrypted and with several lines of keys", async () => {
    const lines = await answer([
      "m=audio [media_port] RTP/SAVP 8 0",
      `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${KEY}|2^31|1:1`,
      `a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:${KEY}|2^31`,
    ]);
    assert.match(media(lines)[0] ?? "", /^m=audio \d+ RTP\/SAVP 8 0$/);
    const keys = lines.filter((line) => line.startsWith("a=crypto:"));
    assert.equal(keys.length, 1);
    assert.match(keys[0] ?? "", /^a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:[\w+/]{40}$/);
    assert.ok(!keys[0]?.includes(KEY));
  });

  it("one with an encrypted section, one in the clear, a fax and a chat", async () => {
    const lines = await answer([
      "m=image 6000 udptl t38", "m=audio [media_port] RTP/SAVP 8", `a=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:${KEY}`,
      "m=audio 6002 RTP/AVP 8", "m=message 7000 TCP/MSRP *", "a=path:msrp://[media_ip]:7000/x;tcp",
    ]);
    assert.deepEqual(media(lines).map((line) => line.replace(/ [1-9]\d+ /, " PORT ")), [
      "m=image 0 udptl t38", "m=audio PORT RTP/SAVP 8", "m=audio 0 RTP/AVP 8", "m=message 0 TCP/MSRP *",
    ]);
  });

  it("one that only listens, said for the whole session", async () => {
    const lines = await answer(["m=audio [media_port] RTP/AVP 8"], ["a=recvonly"]);
    assert.ok(lines.includes("a=sendonly"));
  });

  it("the old hold", async () => {
    const lines = await answer(["m=audio [media_port] RTP/AVP 8", "c=IN IP4 0.0.0.0"]);
    assert.ok(lines.includes("a=recvonly"), lines.join("\n"));
  });
});

describe("an offer that cannot be taken", () => {
  for (const [what, code, sections] of [
    ["without a common codec", 488, ["m=audio [media_port] RTP/AVP 3"]],
    ["without audio", 488, ["m=video [media_port] RTP/AVP 31"]],
    ["encrypted without a key", 488, ["m=audio [media_port] RTP/SAVP 8"]],
    ["with 33 sections", 400, Array.from({ length: 33 }, () => "m=audio [media_port] RTP/AVP 8")],
    ["with 129 formats", 400, [`m=audio [media_port] RTP/AVP${" 8".repeat(129)}`]],
    ["that is none", 400, ["m=audio"]],
  ] as const) {
    it(`${what} is refused with ${code}`, async () => {
      const offer = ["v=0", "o=- 1 1 IN IP4 [media_ip]", "s=-", "c=IN IP4 [media_ip]", "t=0 0", ...sections].join("\n");
      const scenario = new Caller().offering(offer).progress().expect(code).acknowledge({ failure: true });
      await (await Sipp.calling("echo", relay.sip, scenario)).done();
    });
  }
});
