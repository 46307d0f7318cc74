/** Scanners get no answer where policy says silence, and no more than their share elsewhere. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { after, before, it } from "node:test";
import { eventually } from "../peers/deadline.ts";
import { Relay } from "../peers/relay.ts";

let relay: Relay;
before(async () => {
  relay = await Relay.start({
    users: { desk: "desk-phone-secret" },
    sip: ['strangers = "silent"'],
    tables: '[registrar]\ndomains = ["relay.example"]\n',
  });
});
after(() => relay.stop());

/** As scanners write them. */
function probe(method: string, user: string, address: string, branch: number): Buffer {
  const lines = [
    `${method} sip:${user}@${relay.sip} SIP/2.0`,
    `Via: SIP/2.0/UDP ${address};branch=z9hG4bK-${branch};rport`,
    `From: "sipvicious"<sip:100@1.1.1.1>;tag=${branch}`,
    `To: "sipvicious"<sip:${user}@1.1.1.1>`,
    `Call-ID: ${branch}`,
    `CSeq: 1 ${method}`,
    `Contact: <sip:100@${address}>`,
    "User-Agent: friendly-scanner",
    "Max-Forwards: 70",
    "Content-Length: 0",
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);
}

it("a scanner hears nothing, whatever it asks, and leaves nothing behind", async () => {
  const socket = createSocket("udp4");
  const answers: Buffer[] = [];
  socket.on("message", (message) => answers.push(message));
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.66", resolve));
  const [host, port] = relay.sip.split(":") as [string, string];
  const methods = ["OPTIONS", "REGISTER", "INVITE", "SUBSCRIBE", "BYE", "CANCEL"];
  methods.forEach((method, at) => socket.send(probe(method, "100", "127.0.0.66:5060", at), Number(port), host));
  socket.send(probe("REGISTER", "desk", "127.0.0.66:5060", 99), Number(port), host);
  const unreadable = probe("OPTIONS", "100", "127.0.0.66:5060", 100).toString().replace(/^Via: .*$/m, "Via: ;;\r");
  socket.send(unreadable, Number(port), host);
  await eventually(async () => (await relay.health())["strangersIgnored"] === 8, "the relay to have ignored them all");
  const health = await relay.health();
  assert.deepEqual([answers.length, health["transactions"], health["calls"]], [0, 0, 0]);
  socket.close();
});
