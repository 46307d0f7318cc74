// Flashphoner: sessions.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CompatBench, refusal, settled } from "./fake-core.js";

test("session.on: one callback per event, a later one replaces it", async () => {
  const bench = new CompatBench();
  const session = await bench.opened();
  const seen: string[] = [];
  const same = session.on("CONNECTED", () => seen.push("first")).on("CONNECTED", () => seen.push("second"));
  assert.equal(same, session);
  bench.session(session, "CONNECTED");
  await settled();
  assert.deepEqual(seen, ["second"]);
});

test("session.on: null event and a callback that is no function are refused with the documented texts", async () => {
  const bench = new CompatBench();
  const session = await bench.opened();
  const seen: string[] = [];
  session.on("CONNECTED", () => seen.push("kept"));
  assert.throws(() => session.on(null as never, () => undefined), { message: "Event can't be null" });
  assert.throws(() => session.on("CONNECTED", 7 as never), { message: "Callback needs to be a valid function" });
  bench.session(session, "CONNECTED");
  await settled();
  assert.deepEqual(seen, ["kept"]);
});

test("session events: CONNECTED, REGISTERED, UNREGISTERED, DISCONNECTED and FAILED get the session alone", async () => {
  for (const status of ["CONNECTED", "REGISTERED", "UNREGISTERED", "DISCONNECTED", "FAILED"] as const) {
    const bench = new CompatBench();
    const session = await bench.opened();
    const seen: unknown[] = [];
    session.on(status, (...args) => seen.push(...args));
    bench.session(session, status, { code: "timeout", message: "Too late." });
    await settled();
    assert.deepEqual([seen[0] === session, seen[1]], [true, undefined], status);
    assert.equal(session.status(), status);
  }
});

test("ESTABLISHED: the connection has the token, the login and what the app gave", async () => {
  const bench = new CompatBench();
  const session = await bench.opened({ appKey: "click", custom: { a: 1 }, keepAlive: true });
  let connection: unknown;
  session.on("ESTABLISHED", (_, given) => { connection = given; });
  const event = { sessionId: session.id(), login: "anna", token: "secret", keepAliveMs: 60_000 };
  bench.emit({ kind: "session", status: "ESTABLISHED", ...event });
  await settled();
  assert.deepEqual(connection, {
    sipLogin: "anna", authToken: "secret", keepAliveMs: 60_000, status: "ESTABLISHED", appKey: "click", custom: { a: 1 },
  });
});

test("INCOMING_CALL gets the call alone, and the status stays", async () => {
  const bench = new CompatBench();
  const session = await bench.established();
  const seen: unknown[] = [];
  session.on("INCOMING_CALL", (...args) => seen.push(...args));
  const call = await bench.incoming(session);
  assert.deepEqual(seen, [call]);
  assert.equal(session.status(), "ESTABLISHED");
  assert.equal(call.status(), "NEW");
});

test("WARN gets an object with the server's words in info", async () => {
  const bench = new CompatBench();
  const session = await bench.established();
  const seen: unknown[] = [];
  session.on("WARN", (warning) => seen.push(warning));
  const error = { code: "unauthorized", message: "The password is wrong.", sipStatus: 403, sipReason: "Forbidden" };
  bench.emit({ kind: "warn", sessionId: session.id(), error });
  await settled();
  const { message: info, ...rest } = error;
  assert.deepEqual(seen, [{ info, ...rest }]);
  assert.equal(session.status(), "ESTABLISHED");
});

test("a lost connection and its return are told with WARN, and the status stays", async () => {
  const bench = new CompatBench();
  const session = await bench.established();
  const codes: unknown[] = [];
  session.on("WARN", ({ code }) => codes.push(code));
  bench.emit({ kind: "connection", sessionId: session.id(), state: "lost" });
  bench.emit({ kind: "connection", sessionId: session.id(), state: "restored" });
  await settled();
  assert.deepEqual(codes, ["relayLost", "relayRestored"]);
  assert.equal(session.status(), "ESTABLISHED");
});

test("APP_DATA and DEBUG get the raw object", async () => {
  const bench = new CompatBench();
  const session = await bench.established();
  const seen: unknown[] = [];
  session.on("APP_DATA", (...args) => seen.push(args)).on("DEBUG", (...args) => seen.push(args));
  bench.emit({ kind: "appData", sessionId: session.id(), payload: '{"a":[1]}', from: "bob", callId: "c" });
  bench.emit({ kind: "debug", sessionId: session.id(), enabled: true });
  await settled();
  assert.deepEqual(seen, [[{ payload: { a: [1] }, from: "bob", callId: "c" }], [{ enabled: true }]]);
});

test("session.sendData: resolves when accepted, rejects when failed", async () => {
  const bench = new CompatBench();
  const session = await bench.established();
  assert.equal((await session.sendData({ hello: "there" })).status, "ACCEPTED");
  assert.deepEqual(bench.requests("sendData"), [[session.id(), '{"hello":"there"}', undefined]]);
  bench.core.rejection = refusal({ code: "notFound", message: "Nobody is there." });
  await assert.rejects(session.sendData("x"), { status: "FAILED", info: "Nobody is there.", code: "notFound" });
});

test("session.createCall: needs ESTABLISHED or REGISTERED, and options", async () => {
  const bench = new CompatBench();
  const session = await bench.opened();
  assert.throws(() => session.createCall({ callee: "echo" }), { message: "Invalid session state PENDING" });
  bench.session(session, "REGISTERED");
  await settled();
  assert.throws(() => session.createCall(undefined as never), { name: "TypeError", message: "options must be provided" });
  assert.equal(session.createCall({ callee: "echo" }).status(), "NEW");
});

test("session.disconnect: a keepAlive session stays at the relay, another does not", async () => {
  const bench = new CompatBench();
  const kept = await bench.established({ keepAlive: true });
  const other = await bench.established();
  kept.disconnect();
  other.disconnect();
  assert.deepEqual(bench.requests("closeSession"), [[kept.id(), true], [other.id(), false]]);
});

test("session.id is a UUID, session.getServerUrl the address", async () => {
  const session = await new CompatBench().opened();
  assert.match(session.id(), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.equal(session.getServerUrl(), "wss://relay.example/ws");
});

test("session.createStream, getStream, getStreams throw that there are no streams", async () => {
  const session = await new CompatBench().established();
  for (const act of [() => session.createStream({}), () => session.getStream("x"), () => session.getStreams()]) {
    assert.throws(act, { code: "notSupported", message: /Offhook makes calls and has no streams, rooms or RTMP/ });
  }
});

test("session.submitBugReport, startDebug, stopDebug reach the relay", async () => {
  const bench = new CompatBench();
  const session = await bench.established();
  session.submitBugReport({ text: "no sound" });
  session.startDebug();
  session.stopDebug();
  const id = session.id();
  assert.deepEqual(bench.core.asked.slice(-3), [["report", id, '{"text":"no sound"}'], ["debug", id, true], ["debug", id, false]]);
});

test("sipOptions: what only the other server knew is left out, proxy stands in for outboundProxy", async () => {
  const bench = new CompatBench();
  const sipOptions = { login: "1001", domain: "sip.example", proxy: "edge.example", port: "5060", useProxy: true, visibleName: "x" };
  await bench.opened({ sipOptions });
  const [, options] = bench.requests("openSession")[0] as [string, { sipOptions: unknown }];
  assert.deepEqual(options.sipOptions, { login: "1001", domain: "sip.example", outboundProxy: "edge.example", port: "5060" });
});

test("session options authToken, lbUrl, timeout, pingInterval, probes, mediaOptions, appKey, custom reach the core", async () => {
  const bench = new CompatBench();
  const options = {
    authToken: "t", keepAlive: true, lbUrl: "https://lb.example", timeout: 1_000, pingInterval: 5_000, receiveProbes: 2,
    probesInterval: 3_000, mediaOptions: { iceServers: [] }, appKey: "app", custom: { a: 1 },
  };
  await bench.opened(options);
  const [, given] = bench.requests("openSession")[0] as [string, Record<string, unknown>];
  for (const [name, value] of Object.entries(options)) assert.deepEqual(given[name], value, name);
});

test("the server's own address as domain with port 0 makes a user of the relay, who counts as registered", async () => {
  const bench = new CompatBench();
  const session = await bench.opened({
    urlServer: "ws://pbx.example:8080",
    sipOptions: { login: "anna", authenticationName: "anna", password: "x", domain: "PBX.example", outboundProxy: "pbx.example", port: "0" },
  });
  const [, options] = bench.requests("openSession")[0] as [string, { sipOptions: unknown }];
  assert.deepEqual(options.sipOptions, { login: "anna", password: "x" });
  const seen: unknown[] = [];
  session.on("ESTABLISHED", (_, { authToken }) => seen.push(authToken)).on("REGISTERED", () => seen.push("REGISTERED"));
  bench.emit({ kind: "session", sessionId: session.id(), status: "ESTABLISHED", login: "anna", token: "t" });
  await settled();
  assert.deepEqual(seen, ["local.t", "REGISTERED"]);
});

test("such a user comes back with the token alone, registered again", async () => {
  const bench = new CompatBench();
  const session = await bench.opened({ authToken: "local.t", sipOptions: undefined as never });
  const [, options] = bench.requests("openSession")[0] as [string, Record<string, unknown>];
  assert.deepEqual([options.authToken, "sipOptions" in options], ["t", false]);
  bench.emit({ kind: "session", sessionId: session.id(), status: "ESTABLISHED", login: "anna", token: "t2" });
  await settled();
  assert.equal(session.status(), "REGISTERED");
});

test("such a user who did not ask to register is only established", async () => {
  const bench = new CompatBench();
  const session = await bench.established({
    urlServer: "ws://pbx.example:8080",
    sipOptions: { login: "anna", domain: "pbx.example", port: 0, registerRequired: false },
  });
  assert.equal(session.status(), "ESTABLISHED");
});

test("another domain, or a port, is a SIP account", async () => {
  for (const account of [{ domain: "sip.example", port: "0" }, { domain: "relay.example", port: 5060 }, { domain: "relay.example" }]) {
    const bench = new CompatBench();
    await bench.opened({ sipOptions: { login: "anna", ...account } });
    const [, options] = bench.requests("openSession")[0] as [string, { sipOptions: unknown }];
    assert.deepEqual(options.sipOptions, { login: "anna", ...account });
  }
});
