/** Browsers whose network lets nothing through but a TURN server, reached over UDP or over TCP. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Coturn } from "../peers/coturn.ts";
import { hears } from "../peers/hearing.ts";
import { BROWSER_VOICE, OTHER_VOICE, stage } from "./stage.ts";

const set = stage({ users: { alice: "", bob: "" }, secondBrowser: true });

describe("a browser that has only a TURN server", () => {
  for (const transport of ["udp", "tcp"] as const) {
    it(`over ${transport.toUpperCase()} speaks with one that has not, and holds and resumes`, async () => {
      const turn = await Coturn.start();
      const alice = await set.phone();
      await alice.register({ urlServer: set.relay.url, sipOptions: { login: "alice" }, mediaOptions: turn.only(transport) });
      const bob = await set.local("bob", { in: set.secondBrowser });
      const out = await alice.call("bob");
      const incoming = (await bob.incoming()).id;
      await bob.answer(incoming);
      await Promise.all([alice.event(out, "ESTABLISHED"), bob.event(incoming, "ESTABLISHED")]);
      await Promise.all([alice.record(), bob.record()]);
      await Promise.all([hears(alice, OTHER_VOICE), hears(bob, BROWSER_VOICE)]);
      assert.ok(turn.allocations > 0, "the TURN server carries it");
      await alice.act(out, "hold");
      await bob.event(incoming, "HOLD");
      const from = bob.reports.now();
      await alice.act(out, "unhold");
      await bob.event(incoming, "ESTABLISHED", { from });
      await Promise.all([hears(alice, OTHER_VOICE), hears(bob, BROWSER_VOICE)]);
      await alice.hangup(out);
      await bob.event(incoming, "FINISH");
    });
  }
});
