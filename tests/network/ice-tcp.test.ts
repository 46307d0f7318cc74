/** A browser behind a firewall that lets no UDP through: its sound and its pictures go over TCP (RFC 6544). */
import assert from "node:assert/strict";
import { type Socket, connect } from "node:net";
import { after, before, it } from "node:test";
import type { Browser } from "../peers/browser.ts";
import { eventually } from "../peers/deadline.ts";
import { type Link, Namespace } from "../peers/namespace.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { bothHeard, browsersAcross, converse, local } from "./conversation.ts";

/** More connections than may be that have proven nothing. */
const STRANGERS = 200;
const MOST_STRANGERS = 128;

let namespace: Namespace;
let link: Link;
let inside: Browser;
let outside: Browser;
before(async () => {
  namespace = await Namespace.create();
  link = namespace.link();
  link.plug();
  for (const rule of ["add table inet wall", "add chain inet wall out { type filter hook output priority 0; }"]) {
    namespace.run("nft", ...rule.split(" "));
  }
  namespace.run("nft", "add", "rule", "inet", "wall", "out", "oifname", "!=", "lo", "udp", "dport", "!=", "53", "drop");
  [inside, outside] = await browsersAcross(namespace, link);
});
after(async () => {
  await Promise.all([inside.stop(), outside.stop()]);
  await endPrograms();
});

async function strangers(count: number, host: string, at: number): Promise<Socket[]> {
  return Promise.all(
    Array.from({ length: count }, () => new Promise<Socket>((resolve, reject) => {
      const socket = connect({ host, port: at });
      socket.once("error", reject).once("connect", () => {
        socket.removeListener("error", reject).on("error", () => undefined).resume();
        resolve(socket);
      });
    })),
  );
}

it("a browser without UDP is heard and hears, however many strangers hold connections", async () => {
  const relay = await Relay.start({
    origins: [inside.origin],
    users: { alice: "", bob: "" },
    rtpInactivity: 20,
    listen: link.address,
    media: link.address,
  });
  const crowd = await strangers(STRANGERS, link.address, relay.media);
  const left = (): number => crowd.filter((socket) => !socket.destroyed).length;
  await eventually(() => left() <= MOST_STRANGERS, () => `${MOST_STRANGERS} strangers to be left, not ${left()}`);
  const [alice, bob] = [await inside.phone(), await outside.phone()];
  await alice.register(local("alice", relay.url));
  await bob.register(local("bob", relay.url));
  const call = await converse(alice, bob);
  // What is no frame of a browser's ends its own connection and no other.
  const [rude] = await strangers(1, link.address, relay.media);
  rude.write(Buffer.alloc(100, 0xff));
  await eventually(() => rude.destroyed, "who says what is no frame to be sent away");
  await bothHeard(call);
  crowd.forEach((socket) => socket.destroy());
  await alice.hangup(call.out);
  await bob.event(call.in, "FINISH");
  await Promise.all([alice.kill(), bob.kill()]);
  await relay.stop();
});

it("nobody is told of TCP where the relay is not to take it", async () => {
  const relay = await Relay.start({ origins: [inside.origin], users: { alice: "" }, listen: link.address, media: link.address, mediaLines: ["webrtc_tcp = false"] });
  await assert.rejects(strangers(1, link.address, relay.media));
  await relay.stop();
});
