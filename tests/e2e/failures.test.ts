/** Sessions and calls that cannot be made: each fails with its reason, in time, and none stays PENDING. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { port } from "../peers/ports.ts";
import { Relay } from "../peers/relay.ts";
import { stage } from "./stage.ts";

const set = stage({ users: { alice: "", mute: "" }, destinations: ["127.0.0.30"] });

describe("a session", () => {
  it("to a relay that is not there fails with that reason", async () => {
    const phone = await set.phone();
    await phone.connect({ urlServer: `ws://127.0.0.1:${await port()}/ws`, sipOptions: { login: "alice" } });
    const failed = await phone.session("FAILED");
    assert.equal(failed.code, "relayUnreachable");
    assert.ok((failed.message ?? "").length > 10);
  });

  it("with a login that cannot be one is refused before anything is sent, naming the field", async () => {
    const phone = await set.phone();
    const bad: [Record<string, string>, string][] = [
      [{ login: "al ice" }, "login"],
      [{ login: "<alice>" }, "login"],
      [{ login: "alice\r\nVia: x" }, "login"],
      [{ login: "" }, "login"],
      [{ login: "alice", domain: "exa mple.com", password: "x" }, "domain"],
      [{ login: "alice", domain: "example.com", password: "x", authenticationName: "a\nb" }, "authenticationName"],
    ];
    for (const [sipOptions, field] of bad) {
      const from = phone.reports.now();
      // Not even tried: nothing listens there.
      const urlServer = "ws://127.0.0.1:1/ws";
      const thrown = await phone.connect({ urlServer, sipOptions: sipOptions as { login: string } }).then(
        () => undefined,
        (error: unknown) => String(error),
      );
      if (thrown !== undefined) {
        assert.match(thrown, new RegExp(field, "i"));
        continue;
      }
      const failed = await phone.session("FAILED", { from });
      assert.deepEqual([failed.code, failed.field?.replace("sipOptions.", "")], ["invalidField", field]);
    }
  });

  it("for a SIP server the relay may not call is refused with that reason", async () => {
    const phone = await set.phone();
    const sipOptions = { login: "web", password: "unused-password", domain: "192.0.2.1" };
    await phone.connect({ urlServer: set.relay.url, sipOptions });
    assert.equal((await phone.session("FAILED")).code, "destinationForbidden");
  });

  it("that does not reconnect ends with a reason when its relay stops, and so do its calls", async () => {
    const doomed = await Relay.start({ users: { alice: "" }, origins: [set.browser.origin] });
    const phone = await set.phone();
    await phone.register({ urlServer: doomed.url, sipOptions: { login: "alice" }, reconnectTimeout: 0 });
    const call = await phone.call("echo");
    await phone.event(call, "ESTABLISHED");
    await doomed.stop();
    const end = await phone.end(call);
    assert.deepEqual([end.event, end.code], ["FAILED", "shuttingDown"]);
    const over = await phone.session("DISCONNECTED");
    assert.equal(over.code, "shuttingDown");
    assert.ok((over.message ?? "").length > 10);
  });

  it("that does not reconnect ends with a reason when its relay is killed, and so do its calls", async () => {
    const doomed = await Relay.start({ users: { alice: "" }, origins: [set.browser.origin] });
    const phone = await set.phone();
    await phone.register({ urlServer: doomed.url, sipOptions: { login: "alice" }, reconnectTimeout: 0 });
    const call = await phone.call("echo");
    await phone.event(call, "ESTABLISHED");
    await doomed.program.kill();
    assert.equal((await phone.end(call)).event, "FAILED");
    assert.equal((await phone.session("DISCONNECTED")).code, "relayLost");
  });
});

describe("a call", () => {
  it("without the microphone fails with that reason", async () => {
    const phone = await set.phone({ microphone: false });
    await phone.register({ urlServer: set.relay.url, sipOptions: { login: "alice" } });
    const end = await phone.end(await phone.call("echo"));
    assert.deepEqual([end.event, end.code], ["FAILED", "microphoneDenied"]);
    assert.match(end.message ?? "", /microphone/i);
  });

  it("answered without the microphone fails with that reason, and the caller is told it is over", async () => {
    const [alice, mute] = [await set.local("alice"), await set.phone({ microphone: false })];
    await mute.register({ urlServer: set.relay.url, sipOptions: { login: "mute" } });
    const call = await alice.call("mute");
    const incoming = (await mute.incoming()).id;
    await mute.answer(incoming);
    const end = await mute.end(incoming);
    assert.deepEqual([end.event, end.code], ["FAILED", "microphoneDenied"]);
    await alice.end(call);
  });

  it("whose media cannot arrive fails within its deadline", async () => {
    const phone = await set.local("alice");
    // A page that cannot send to the relay: every packet must take a TURN server that is not there.
    await phone.disconnect();
    await phone.session("DISCONNECTED");
    await phone.register({
      urlServer: set.relay.url,
      sipOptions: { login: "alice" },
      mediaOptions: { iceTransportPolicy: "relay", iceServers: [{ urls: "turn:127.0.0.1:9", username: "u", credential: "c" }] },
    });
    const end = await phone.end(await phone.call("echo"), { ms: 30_000 });
    assert.deepEqual([end.event, end.code], ["FAILED", "mediaFailed"]);
  });

  it("to something that cannot be dialled is refused, naming the field", async () => {
    const phone = await set.local("alice");
    for (const callee of ["two words", "<sip:x>", "a\r\nVia: x"]) {
      const thrown = await phone.call(callee).then(
        (id) => phone.end(id).then((end) => `${end.code} ${end.field}`),
        (error: unknown) => String(error),
      );
      assert.match(thrown, /callee/i);
    }
  });
});
