/** Digest answers to challenges of calls: they are what OpenSSL's hashes make of what SIPp received. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { App } from "../peers/app.ts";
import { type Algorithm, answered, body, response } from "../peers/digest.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Called } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";

const PASSWORD = "s3cret-of-alice";

let relay: Relay;
before(async () => (relay = await Relay.start({ connectTimeout: 120 })));
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(() => relay.stop([PASSWORD]));

describe("the answer to a call's challenge", () => {
  const algorithms: readonly Algorithm[] = ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256", "SHA-512-256-sess"];
  for (const algorithm of algorithms) {
    for (const qop of ["auth", "auth-int"] as const) {
      it(`is right for ${algorithm} with ${qop}`, async () => {
        const offer = `Proxy-Authenticate: Digest realm="pbx", nonce="once-${algorithm}", algorithm=${algorithm}, qop="${qop}", opaque="o"`;
        const scenario = new Called().invited().reply(407, "Proxy Authentication Required", { headers: [offer] }).asked("ACK");
        const sipp = await Sipp.answering(scenario.invited().reply(486, "Busy Here").asked("ACK"));
        const app = await App.account(relay, sipp.target, { login: "alice", password: PASSWORD });
        await app.status(await app.call("bob"), "BUSY");
        await sipp.done();
        const invite = await sipp.message(/^Proxy-Authorization: /m);
        assert.match(body(invite).toString(), /^v=0\r\n[^]*\r\n$/);
        const parameters = answered(invite, "Proxy-Authorization");
        assert.deepEqual(
          ["algorithm", "qop", "opaque", "nc"].map((name) => parameters.get(name)),
          [algorithm, qop, "o", "00000001"],
        );
        assert.equal(parameters.get("uri"), /^INVITE (\S+) /m.exec(invite)?.[1]);
        assert.equal(parameters.get("response"), response(invite, parameters, PASSWORD));
        await app.close();
      });
    }
  }
});
