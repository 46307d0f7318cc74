import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { OffhookError } from "../src/error.js";
import { Bench, refusal, settled } from "./fake-core.js";

const URL_SERVER = "wss://relay.example/ws";
const ANNA = { urlServer: URL_SERVER, sipOptions: { login: "anna" } };

test("createSession returns a pending session at once and opens it once the core is loaded", async () => {
  const bench = new Bench();
  const options = { urlServer: URL_SERVER, sipOptions: { login: "anna" } };
  const session = bench.offhook.createSession(options);
  assert.equal(session.status(), "PENDING");
  assert.deepEqual(bench.core.asked, []);
  await settled();
  assert.deepEqual(bench.core.asked, [["openSession", session.id(), options]]);
});

test("a session without the relay's address is refused with the documented text", () => {
  const { offhook } = new Bench();
  for (const options of [undefined, null, {}, { urlServer: "" }]) {
    assert.throws(() => offhook.createSession(options as never), {
      name: "TypeError",
      message: "options.urlServer must be provided",
      code: "optionsMissing",
    });
  }
});

test("listeners chained after createSession miss no event and run after it has returned", async () => {
  const bench = new Bench();
  await bench.offhook.init();
  const seen: string[] = [];
  const session = bench.offhook
    .createSession(ANNA)
    .on("CONNECTED", (s) => seen.push(s.status()))
    .on("ESTABLISHED", (s) => seen.push(s.status()))
    .on("REGISTERED", (s) => seen.push(s.status()));
  await settled();
  bench.session(session, "CONNECTED");
  bench.session(session, "ESTABLISHED");
  bench.session(session, "REGISTERED");
  assert.deepEqual(seen, [], "nothing is delivered from inside the core's own call");
  await settled();
  assert.deepEqual(seen, ["CONNECTED", "ESTABLISHED", "REGISTERED"]);
});

test("in a listener the session has the status of the event, whatever has happened since", async () => {
  const bench = new Bench();
  const session = await bench.opened();
  let inListener = "";
  session.on("CONNECTED", () => { inListener = session.status(); });
  bench.session(session, "CONNECTED");
  bench.session(session, "ESTABLISHED");
  await settled();
  assert.equal(inListener, "CONNECTED");
  assert.equal(session.status(), "ESTABLISHED");
});

test("ESTABLISHED hands over the login and the token", async () => {
  const bench = new Bench();
  const session = await bench.opened();
  const seen: unknown[] = [];
  session.on("ESTABLISHED", (s, connection) => seen.push(s === session, connection));
  bench.emit({ kind: "session", sessionId: session.id(), status: "ESTABLISHED", login: "anna", token: "secret" });
  await settled();
  assert.deepEqual(seen, [true, { sipLogin: "anna", authToken: "secret", keepAliveMs: undefined }]);
});

test("several listeners hear one event, in the order in which they were added", async () => {
  const bench = new Bench();
  const session = await bench.opened();
  const seen: number[] = [];
  session.on("CONNECTED", () => seen.push(1)).on("CONNECTED", () => seen.push(2));
  bench.session(session, "CONNECTED");
  await settled();
  assert.deepEqual(seen, [1, 2]);
});

test("off removes one listener, or all of an event", async () => {
  const bench = new Bench();
  const session = await bench.opened();
  const seen: string[] = [];
  const first = (): void => { seen.push("first"); };
  session.on("CONNECTED", first).on("CONNECTED", () => seen.push("second")).off("CONNECTED", first);
  session.on("REGISTERED", first).off("REGISTERED");
  bench.session(session, "CONNECTED");
  bench.session(session, "REGISTERED");
  await settled();
  assert.deepEqual(seen, ["second"]);
});

test("a listener that throws is reported and stops neither the others nor the SDK", async (t) => {
  const reported: unknown[] = [];
  t.mock.method(console, "error", (error: unknown) => reported.push(error));
  const bench = new Bench();
  const session = await bench.opened();
  const mistake = new Error("the app's mistake");
  const seen: string[] = [];
  session.on("CONNECTED", () => { throw mistake; }).on("CONNECTED", () => seen.push("CONNECTED"));
  session.on("ESTABLISHED", () => seen.push("ESTABLISHED"));
  bench.session(session, "CONNECTED");
  bench.session(session, "ESTABLISHED");
  await settled();
  assert.deepEqual(seen, ["CONNECTED", "ESTABLISHED"]);
  assert.deepEqual(reported, [mistake]);
});

test("a listener without event or function is refused with the documented text", async () => {
  const session = await new Bench().opened();
  assert.throws(() => session.on(null as never, () => undefined), { message: "Event can't be null" });
  assert.throws(() => session.on("CONNECTED", undefined as never), {
    message: "Callback needs to be a valid function",
    code: "invalidListener",
  });
});

test("WARN carries the error and leaves the status alone", async () => {
  const bench = new Bench();
  const session = await bench.established();
  const warnings: OffhookError[] = [];
  session.on("WARN", (error) => warnings.push(error));
  bench.emit({
    kind: "warn",
    sessionId: session.id(),
    error: { code: "unauthorized", message: "The password is wrong.", sipStatus: 403 },
  });
  await settled();
  assert.equal(warnings[0]?.code, "unauthorized");
  assert.equal(warnings[0].sipStatus, 403);
  assert.equal(session.status(), "ESTABLISHED");
});

test("a refused option fails the session with the field named, also when the core was loaded long ago", async () => {
  const bench = new Bench();
  await bench.offhook.init();
  bench.core.refusal = refusal({ code: "invalidField", message: "The SIP login has a space in it.", field: "login" });
  const session = bench.offhook.createSession({ urlServer: URL_SERVER, sipOptions: { login: "a b" } });
  const failures: (OffhookError | undefined)[] = [];
  session.on("FAILED", (_, error) => failures.push(error));
  await settled();
  assert.equal(session.status(), "FAILED");
  assert.equal(failures[0]?.code, "invalidField");
  assert.equal(failures[0].field, "login");
  assert.equal(session.error(), failures[0]);
});

test("createCall needs an open session and says which state it is in", async () => {
  const bench = new Bench();
  const session = await bench.opened();
  assert.throws(() => session.createCall({ callee: "echo" }), {
    message: "Invalid session state PENDING",
    code: "invalidSessionState",
  });
  bench.session(session, "CONNECTED");
  await settled();
  assert.throws(() => session.createCall({ callee: "echo" }), { message: "Invalid session state CONNECTED" });
});

test("createCall is possible while established, registered and no longer registered", async () => {
  const bench = new Bench();
  const session = await bench.established();
  for (const status of ["ESTABLISHED", "REGISTERED", "UNREGISTERED"] as const) {
    bench.session(session, status);
    await settled();
    assert.equal(session.createCall({ callee: "echo" }).status(), "NEW");
  }
});

test("createCall without options or callee is refused with the documented text", async () => {
  const session = await new Bench().established();
  assert.throws(() => session.createCall(undefined as never), { name: "TypeError", message: "options must be provided" });
  assert.throws(() => session.createCall({} as never), { name: "TypeError", field: "callee" });
});

test("what the core refuses in createCall is thrown with its code and leaves no call behind", async () => {
  const bench = new Bench();
  const session = await bench.established();
  bench.core.refusal = refusal({ code: "invalidField", message: "The number has a space in it.", field: "callee" });
  assert.throws(() => session.createCall({ callee: "1 2" }), (error) => error instanceof OffhookError && error.code === "invalidField");
  assert.deepEqual(session.getCalls(), []);
});

test("disconnect asks the core, and DISCONNECTED is the last event", async () => {
  const bench = new Bench();
  const session = await bench.established();
  const seen: string[] = [];
  session.on("DISCONNECTED", () => seen.push("DISCONNECTED")).on("FAILED", () => seen.push("FAILED"));
  session.disconnect();
  assert.deepEqual(bench.core.asked.at(-1), ["closeSession", session.id(), false]);
  bench.session(session, "DISCONNECTED");
  bench.session(session, "FAILED");
  await settled();
  assert.deepEqual(seen, ["DISCONNECTED"]);
  session.disconnect();
  assert.equal(bench.core.asked.filter(([name]) => name === "closeSession").length, 1);
});

test("a session that is disconnected before the core is loaded is never opened", async () => {
  const bench = new Bench();
  const session = bench.offhook.createSession(ANNA);
  const seen: string[] = [];
  session.on("DISCONNECTED", () => seen.push("DISCONNECTED"));
  session.disconnect();
  assert.deepEqual(seen, []);
  await settled();
  assert.deepEqual(seen, ["DISCONNECTED"]);
  assert.deepEqual(bench.core.asked, []);
});

test("getSessions and getSession know live sessions only, by the same object", async () => {
  const bench = new Bench();
  const first = await bench.opened();
  const second = await bench.opened();
  assert.deepEqual(bench.offhook.getSessions(), [first, second]);
  assert.equal(bench.offhook.getSession(second.id()), second);
  bench.session(first, "DISCONNECTED");
  await settled();
  assert.deepEqual(bench.offhook.getSessions(), [second]);
  assert.equal(bench.offhook.getSession(first.id()), undefined);
});

test("what has ended is in no list any more when its listeners hear of it", async () => {
  const bench = new Bench();
  const session = await bench.established();
  const seen: number[] = [];
  const call = session.createCall({ callee: "echo" }).on("FINISH", () => seen.push(session.getCalls().length));
  bench.call(call, "FINISH");
  session.on("DISCONNECTED", () => seen.push(bench.offhook.getSessions().length));
  bench.session(session, "DISCONNECTED");
  await settled();
  assert.deepEqual(seen, [0, 0]);
});

test("a lost session fails its calls first, with its own reason", async () => {
  const bench = new Bench();
  const session = await bench.established();
  const call = session.createCall({ callee: "echo" });
  const seen: string[] = [];
  call.on("FAILED", () => seen.push(`call ${call.getInfo()}`));
  session.on("FAILED", () => seen.push("session"));
  bench.session(session, "FAILED", { code: "relayLost", message: "The connection to the relay was lost." });
  await settled();
  assert.deepEqual(seen, ["call The connection to the relay was lost.", "session"]);
  assert.equal(call.error()?.code, "relayLost");
  assert.deepEqual(session.getCalls(), []);
});

test("a listener that calls again when its session is lost is refused, and rings nobody", async (t) => {
  const reported: unknown[] = [];
  t.mock.method(console, "error", (error: unknown) => reported.push(error));
  const bench = new Bench();
  const session = await bench.established();
  const redial = (): void => { session.createCall({ callee: "echo" }).on("FAILED", redial); };
  redial();
  bench.session(session, "FAILED", { code: "relayLost", message: "The connection to the relay was lost." });
  await settled();
  assert.deepEqual(reported.map((error) => (error as OffhookError).message), ["Invalid session state FAILED"]);
  assert.deepEqual(session.getCalls(), []);
});

test("a session that is printed does not show its password", async () => {
  const bench = new Bench();
  const session = await bench.opened({ sipOptions: { login: "anna", password: "open sesame", domain: "sip.example" } });
  assert.doesNotMatch(inspect(session, { depth: null, showHidden: true }), /sesame/);
  assert.doesNotMatch(JSON.stringify(session), /sesame/);
});

test("an event for a session or call that is gone is ignored", async () => {
  const bench = new Bench();
  const session = await bench.established();
  bench.session(session, "DISCONNECTED");
  bench.session(session, "ESTABLISHED");
  bench.emit({ kind: "incoming", sessionId: session.id(), callId: "x", caller: "b", callee: "a", hasVideo: false });
  bench.emit({ kind: "call", callId: "x", status: "RING" });
  bench.emit({ kind: "dtmf", callId: "x", digit: "1", durationMs: 100 });
  await settled();
  assert.equal(session.status(), "DISCONNECTED");
});

test("a session without an identity fails as the core says, rather than throwing", async () => {
  const bench = new Bench();
  await bench.offhook.init();
  bench.core.refusal = refusal({ code: "invalidField", message: "A login is missing.", field: "login" });
  const session = bench.offhook.createSession({ urlServer: URL_SERVER });
  await settled();
  assert.equal(session.error()?.field, "login");
});

test("options that the app changes later do not change the session", async () => {
  const bench = new Bench();
  const options = { urlServer: URL_SERVER, sipOptions: { login: "anna" } };
  const session = bench.offhook.createSession(options);
  options.sipOptions.login = "mallory";
  await settled();
  assert.deepEqual(bench.core.asked, [["openSession", session.id(), { urlServer: URL_SERVER, sipOptions: { login: "anna" } }]]);
});
