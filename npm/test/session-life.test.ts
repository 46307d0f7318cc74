// A session that outlives its socket and its page; data, reports and logs.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { LevelLogger } from "../src/logger.js";
import { Bench, refusal, settled } from "./fake-core.js";

test("RECONNECTING and RECONNECTED tell of the connection; status and calls stay", async () => {
  const bench = new Bench();
  const session = await bench.established();
  const call = session.createCall({ callee: "echo" });
  const seen: unknown[] = [];
  session.on("RECONNECTING", (same, error) => seen.push(same === session, error?.code)).on("RECONNECTED", (same) => seen.push(same === session));
  bench.emit({ kind: "connection", sessionId: session.id(), state: "lost", error: { code: "relayLost", message: "Lost." } });
  bench.emit({ kind: "connection", sessionId: session.id(), state: "restored" });
  await settled();
  assert.deepEqual(seen, [true, "relayLost", true]);
  assert.equal(session.status(), "ESTABLISHED");
  assert.deepEqual(session.getCalls(), [call]);
});

test("a session that is given up is DISCONNECTED with the reason, and its calls have FAILED", async () => {
  const bench = new Bench();
  const session = await bench.established();
  const call = session.createCall({ callee: "echo" });
  bench.session(session, "DISCONNECTED", { code: "relayLost", message: "The connection to the relay was lost." });
  await settled();
  assert.deepEqual([session.status(), session.error()?.code], ["DISCONNECTED", "relayLost"]);
  assert.deepEqual([call.status(), call.error()?.code], ["FAILED", "relayLost"]);
});

test("keepAlive: ESTABLISHED says for how long, and disconnect keeps the session only if it is asked to", async () => {
  const bench = new Bench();
  const session = await bench.opened({ keepAlive: true });
  let keepAliveMs: unknown;
  session.on("ESTABLISHED", (_, connection) => { keepAliveMs = connection.keepAliveMs; });
  bench.emit({ kind: "session", sessionId: session.id(), status: "ESTABLISHED", login: "anna", token: "t", keepAliveMs: 60_000 });
  await settled();
  assert.equal(keepAliveMs, 60_000);
  session.disconnect({ keep: true });
  assert.deepEqual(bench.requests("closeSession"), [[session.id(), true]]);
});

test("authToken: a session can be taken back without an account", async () => {
  const bench = new Bench();
  const session = bench.offhook.createSession({ urlServer: "wss://relay.example/ws", authToken: "t" });
  await settled();
  assert.deepEqual(bench.requests("openSession"), [[session.id(), { urlServer: "wss://relay.example/ws", authToken: "t" }]]);
});

test("getCalls: after a page reload the call that the relay kept is there before ESTABLISHED, and takes media", async () => {
  const bench = new Bench();
  const session = await bench.opened({ authToken: "t" });
  const about = { callId: "kept", incoming: false, caller: "anna", callee: "bob", hasVideo: false };
  let found: unknown;
  session.on("ESTABLISHED", () => { found = session.getCalls().map((call) => [call.id(), call.status(), call.isIncoming()]); });
  bench.emit({ kind: "resumed", sessionId: session.id(), status: "HOLD", headers: [{ name: "X-A", value: "1" }], ...about });
  bench.emit({ kind: "session", sessionId: session.id(), status: "ESTABLISHED", login: "anna", token: "t" });
  await settled();
  assert.deepEqual(found, [["kept", "HOLD", false]]);
  const [call] = session.getCalls();
  assert.ok(call);
  const options = { constraints: { audio: { outputId: "headset" } } };
  call.attachMedia(options);
  assert.deepEqual(bench.core.asked.slice(-2), [["attach", "kept", options], ["setAudioOutput", "kept", "headset"]]);
  assert.throws(() => { call.attachMedia(); }, { code: "invalidCallState" });
  bench.call(call, "ESTABLISHED");
  await settled();
  assert.equal(call.status(), "ESTABLISHED");
});

test("attachMedia is for calls that were taken back", async () => {
  const call = (await new Bench().established()).createCall({ callee: "echo" });
  assert.throws(() => { call.attachMedia(); }, { message: "Invalid call state" });
});

test("sendData: any JSON to the far ends or to a user; the outcome is a promise and an event", async () => {
  const bench = new Bench();
  const session = await bench.established();
  const statuses: unknown[] = [];
  session.on("SEND_DATA_STATUS", ({ status, info }) => statuses.push(status, info));
  const { status, operationId } = await session.sendData({ a: [1, null] });
  assert.equal(status, "ACCEPTED");
  assert.match(operationId, /^[0-9a-f-]{36}$/);
  bench.core.rejection = refusal({ code: "notFound", message: "There is no user “bob”." });
  await assert.rejects(session.sendData("hello", { to: "bob" }), { name: "OffhookError", code: "notFound" });
  assert.deepEqual(bench.requests("sendData"), [[session.id(), '{"a":[1,null]}', undefined], [session.id(), '"hello"', "bob"]]);
  assert.deepEqual(statuses, ["ACCEPTED", undefined, "FAILED", "There is no user “bob”."]);
});

test("sendMessage: what becomes of a text comes with its name, and texts and waiting messages are events", async () => {
  const bench = new Bench();
  const session = await bench.established();
  const told: unknown[] = [];
  for (const event of ["MESSAGE", "MESSAGE_STATUS", "MESSAGE_WAITING"] as const) {
    session.on(event, (news: unknown) => { told.push([event, news]); });
  }
  const [first, second] = [session.sendMessage("bob", "hello"), session.sendMessage("1000", "two")];
  assert.deepEqual(bench.requests("sendMessage"), [[session.id(), first, "bob", "hello"], [session.id(), second, "1000", "two"]]);
  bench.emit({ kind: "messageStatus", sessionId: session.id(), messageId: first });
  const error = { code: "notFound", message: "Nobody of that name.", sipStatus: 404 };
  bench.emit({ kind: "messageStatus", sessionId: session.id(), messageId: second, error });
  bench.emit({ kind: "message", sessionId: session.id(), from: "bob", visibleName: "Bob", text: "hello yourself" });
  bench.emit({ kind: "messageWaiting", sessionId: session.id(), waiting: true, newMessages: 2, oldMessages: 8 });
  await settled();
  const failed = told[1] as [string, { error: { sipStatus: number } }];
  assert.equal(failed[1].error.sipStatus, 404);
  assert.deepEqual(told[0], ["MESSAGE_STATUS", { messageId: first, status: "ACCEPTED", error: undefined }]);
  assert.deepEqual(told.slice(2), [
    ["MESSAGE", { from: "bob", visibleName: "Bob", text: "hello yourself" }],
    ["MESSAGE_WAITING", { waiting: true, newMessages: 2, oldMessages: 8 }],
  ]);
});

test("sendMessage that the relay refuses fails with its reason", async () => {
  const bench = new Bench();
  const session = await bench.established();
  const failed = new Promise((resolve) => session.on("MESSAGE_STATUS", resolve));
  bench.core.rejection = refusal({ code: "tooLarge", message: "A message can have at most 8 kB." });
  const messageId = session.sendMessage("bob", "x");
  const status = (await failed) as { messageId: string; status: string; error: { code: string } };
  assert.deepEqual([status.messageId, status.status, status.error.code], [messageId, "FAILED", "tooLarge"]);
});

test("sendData before the session is there rejects rather than throws", async () => {
  const session = await new Bench().opened();
  await assert.rejects(session.sendData(1), { message: "Invalid session state PENDING", code: "invalidSessionState" });
});

test("sendData whose session ends meanwhile still has its outcome, and no event", async () => {
  const bench = new Bench();
  const session = await bench.established();
  session.on("SEND_DATA_STATUS", () => assert.fail("told after the end"));
  bench.core.rejection = refusal({ code: "relayLost", message: "Lost." });
  const sent = session.sendData(1);
  bench.session(session, "DISCONNECTED");
  await assert.rejects(sent, { code: "relayLost" });
});

test("APP_DATA: what another app sent, read from its JSON", async () => {
  const bench = new Bench();
  const session = await bench.established();
  const seen: unknown[] = [];
  session.on("APP_DATA", (data) => seen.push(data));
  bench.emit({ kind: "appData", sessionId: session.id(), payload: '{"a":1}', from: "bob", callId: "c" });
  bench.emit({ kind: "appData", sessionId: session.id(), payload: "{" });
  await settled();
  assert.deepEqual(seen, [{ payload: { a: 1 }, from: "bob", callId: "c" }, { payload: "{", from: undefined, callId: undefined }]);
});

test("submitBugReport: a text or an object, with the latest log lines if they are pushed, cut at the relay's limit", async () => {
  const bench = new Bench();
  const session = await bench.established({ logger: { severity: "ERROR", push: true } });
  session.getLogger().info("app", "clicked");
  session.submitBugReport("no sound");
  const [, text] = bench.requests("report")[0] as [string, string];
  assert.match(text, /^no sound\n.*ESTABLISHED.*\n\d\d:\d\d:\d\d INFO app - clicked$/s);
  session.submitBugReport("é".repeat(40_000));
  assert.ok(Buffer.byteLength(bench.requests("report")[1]?.[1] as string) <= 32_768);
});

test("startDebug, stopDebug: the relay is told, and the page logs more meanwhile", async (t: TestContext) => {
  const lines: unknown[] = [];
  t.mock.method(console, "debug", (_: string, text: unknown) => lines.push(text));
  const bench = new Bench();
  const session = await bench.established({ logger: { severity: "ERROR" } });
  const logger = session.getLogger();
  logger.debug("app", "before");
  t.mock.method(console, "info", () => undefined);
  session.startDebug();
  logger.debug("app", "during");
  session.stopDebug();
  logger.debug("app", "after");
  assert.deepEqual(lines, ["during"]);
  assert.deepEqual(bench.requests("debug"), [[session.id(), true], [session.id(), false]]);
});

test("DEBUG tells what the relay does", async () => {
  const bench = new Bench();
  const session = await bench.established();
  const seen: unknown[] = [];
  session.on("DEBUG", (state) => seen.push(state));
  bench.emit({ kind: "debug", sessionId: session.id(), enabled: true });
  await settled();
  assert.deepEqual(seen, [{ enabled: true }]);
});

test("logger: of the page, of a session, of a call; each takes the place of the wider one", async () => {
  const bench = new Bench();
  const heard: string[] = [];
  const into = (name: string): { severity: "INFO"; customLogger: Record<"error" | "warn" | "info" | "debug" | "trace", (text: unknown) => void> } => {
    const line = (text: unknown): void => { heard.push(`${name} ${String(text).replace(/^\S+ /, "").trim()}`); };
    return { severity: "INFO", customLogger: { error: line, warn: line, info: line, debug: line, trace: line } };
  };
  await bench.offhook.init({ logger: into("page") });
  await bench.opened().then((session) => { bench.session(session, "CONNECTED"); });
  const session = await bench.established({ logger: into("session") });
  const call = session.createCall({ callee: "echo", logger: into("call") });
  bench.call(call, "RING");
  await settled();
  assert.deepEqual(heard, ["page CONNECTED", "session CONNECTED", "session ESTABLISHED", "call RING"]);
  assert.notEqual(call.getLogger(), session.getLogger());
});

test("logger: severity, enableLogs, setLevel, and a level that does not exist counts as INFO", () => {
  const lines: string[] = [];
  const line = (text: unknown): void => { lines.push(String(text)); };
  const logger = new LevelLogger({ customLogger: { error: line, warn: line, info: line, debug: line, trace: line } });
  logger.info("app", "info is below WARN");
  logger.warn("app", "warn");
  logger.setLevel("LOUD" as never);
  logger.info("app", "info");
  logger.debug("app", "debug is below INFO");
  logger.setEnableLogs(false);
  logger.error("app", "off");
  assert.deepEqual(lines, ["warn", "info"]);
});

test("logger: tokens, passwords and what a call carries are in no line", async () => {
  const bench = new Bench();
  const lines: unknown[] = [];
  const line = (text: unknown): void => { lines.push(text); };
  const logger = { severity: "TRACE", customLogger: { error: line, warn: line, info: line, debug: line, trace: line } } as const;
  const session = await bench.established({ logger, sipOptions: { login: "anna", password: "sesame" } });
  const call = session.createCall({ callee: "bob", custom: "secret" });
  bench.call(call, "RING", { headers: [{ name: "X-Key", value: "secret" }] });
  bench.emit({ kind: "appData", sessionId: session.id(), payload: '"secret"' });
  await settled();
  assert.doesNotMatch(JSON.stringify(lines), /sesame|secret|"t"/);
});
