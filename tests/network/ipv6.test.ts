/** A browser that reaches the relay's media over IPv6 alone. */
import { after, before, it } from "node:test";
import type { Browser } from "../peers/browser.ts";
import { eventually } from "../peers/deadline.ts";
import { type Link, Namespace } from "../peers/namespace.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { bothHeard, browsersAcross, converse, local } from "./conversation.ts";

let namespace: Namespace;
let link: Link;
let inside: Browser;
let outside: Browser;
before(async () => {
  namespace = await Namespace.create();
  link = namespace.link();
  link.plug();
  [inside, outside] = await browsersAcross(namespace, link);
});
after(async () => {
  await Promise.all([inside.stop(), outside.stop()]);
  await endPrograms();
});

it("a call whose sound goes over IPv6 is heard both ways", async () => {
  const { address, inner } = link.addIpv6();
  const relay = await Relay.start({
    origins: [inside.origin],
    users: { alice: "", bob: "" },
    rtpInactivity: 20,
    listen: link.address,
    media: address,
  });
  const [alice, bob] = [await inside.phone(), await outside.phone()];
  await eventually(async () => (await alice.addresses()).includes(`[${inner}]`), "the browser to know its address", { every: 250 });
  await alice.register(local("alice", relay.url));
  await bob.register(local("bob", relay.url));
  const call = await converse(alice, bob);
  await bothHeard(call);
  await alice.hangup(call.out);
  await bob.event(call.in, "FINISH");
  await Promise.all([alice.kill(), bob.kill()]);
  await relay.stop();
});
