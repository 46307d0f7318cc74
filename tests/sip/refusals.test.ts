/** How a peer's refusal reaches the app: with its code, its phrase and a sentence. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { App } from "../peers/app.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Called } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";

let relay: Relay;
before(async () => (relay = await Relay.start({ connectTimeout: 120 })));
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(() => relay.stop(["unused-password"]));

describe("a call that is refused", () => {
  for (const [code, phrase, status] of [
    [486, "Busy Here", "BUSY"],
    [603, "Decline", "FAILED"],
    [404, "No Such Extension", "FAILED"],
  ] as const) {
    it(`with ${code} ends ${status}, with code and phrase`, async () => {
      const sipp = await Sipp.answering(new Called().invited().reply(code, phrase).asked("ACK"));
      const app = await App.account(relay, sipp.target);
      const over = await app.status(await app.call("anyone"), status);
      assert.deepEqual([over["sipStatus"], over["sipReason"]], [code, phrase]);
      await sipp.done();
      await app.close();
    });
  }
});
