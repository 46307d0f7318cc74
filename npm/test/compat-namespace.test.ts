// Flashphoner: the namespace itself.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { constants } from "../src/compat/constants.js";
import { CompatBench, settled } from "./fake-core.js";

const URL_SERVER = "wss://relay.example/ws";
const ANNA = { urlServer: URL_SERVER, sipOptions: { login: "anna" } };
const QUIET = { logger: { enableLogs: false } };

beforeEach(() => {
  Object.assign(globalThis, { RTCPeerConnection: Object });
});

test("init: everything works at once after a call that nobody waits for", async () => {
  const bench = new CompatBench();
  const { flashphoner } = bench;
  assert.deepEqual(flashphoner.getMediaProviders(), []);
  void flashphoner.init(QUIET);
  assert.deepEqual(flashphoner.getMediaProviders(), ["WebRTC"]);
  const session = flashphoner.createSession(ANNA);
  assert.equal(session.status(), "PENDING");
  await settled();
  assert.deepEqual(bench.requests("openSession"), [[session.id(), ANNA]]);
});

test("init: a second call does nothing", async () => {
  const bench = new CompatBench();
  await Promise.all([bench.flashphoner.init(QUIET), bench.flashphoner.init({ preferredMediaProviders: ["Flash"] })]);
  assert.equal(bench.loads, 1);
  assert.deepEqual(bench.flashphoner.getMediaProviders(), ["WebRTC"]);
});

test("init: mediaProvidersReadyCallback gets the names", () => {
  const seen: unknown[] = [];
  void new CompatBench().flashphoner.init({ ...QUIET, mediaProvidersReadyCallback: (names) => seen.push(names) });
  assert.deepEqual(seen, [["WebRTC"]]);
});

test("init: what is wrong is a rejected promise with the documented text, never an exception", async () => {
  const { flashphoner } = new CompatBench();
  await assert.rejects(flashphoner.init({ preferredMediaProviders: ["MSE", "WSPlayer"] }), {
    message: "None of preferred MediaProviders available",
    code: "notSupported",
  });
  Object.assign(globalThis, { RTCPeerConnection: undefined });
  await assert.rejects(flashphoner.init(), { message: "None of MediaProviders available" });
  assert.throws(() => flashphoner.createSession(ANNA), { message: "Flashphoner API is not initialized" });
});

test("init: a module that cannot be loaded rejects, and fails the sessions", async () => {
  const bench = new CompatBench();
  bench.loadError = new Error("HTTP 404");
  const initialised = bench.flashphoner.init(QUIET);
  const session = bench.flashphoner.createSession(ANNA);
  await assert.rejects(initialised, { code: "wasmFailed" });
  await settled();
  assert.equal(session.status(), "FAILED");
});

test("before init everything that needs it throws the documented error", async () => {
  const { flashphoner } = new CompatBench();
  const error = { message: "Flashphoner API is not initialized", code: "notInitialized" };
  assert.throws(() => flashphoner.createSession(ANNA), error);
  assert.throws(() => flashphoner.getMediaDevices(), error);
  assert.throws(() => flashphoner.getMobileDevices(), error);
  assert.throws(() => flashphoner.releaseLocalMedia({} as HTMLElement), error);
  await assert.rejects(flashphoner.getMediaAccess(undefined, {} as HTMLElement), error);
  assert.equal(flashphoner.getLogger(), undefined);
});

test("createSession: urlServer is required", () => {
  const { flashphoner } = new CompatBench();
  void flashphoner.init(QUIET);
  for (const options of [undefined, {}, { urlServer: "" }]) {
    assert.throws(() => flashphoner.createSession(options as never), {
      name: "TypeError",
      message: "options.urlServer must be provided",
    });
  }
});

test("getSessions, getSession: live sessions, by the same object, until DISCONNECTED or FAILED", async () => {
  const bench = new CompatBench();
  const { flashphoner } = bench;
  const first = await bench.opened();
  const second = await bench.opened();
  assert.deepEqual(flashphoner.getSessions(), [first, second]);
  assert.equal(flashphoner.getSession(second.id()), second);
  bench.session(first, "DISCONNECTED");
  bench.session(second, "FAILED");
  await settled();
  assert.deepEqual(flashphoner.getSessions(), []);
});

test("isUsingTemasys, firefoxScreenSharingExtensionInstalled", () => {
  const { flashphoner } = new CompatBench();
  assert.equal(flashphoner.isUsingTemasys(), false);
  assert.equal(flashphoner.firefoxScreenSharingExtensionInstalled, true);
});

test("getLogger: the logger of the page, with every documented method", () => {
  const { flashphoner } = new CompatBench();
  const lines: unknown[] = [];
  const line = (text: unknown): void => { lines.push(text); };
  const customLogger = { error: line, warn: line, info: line, debug: line, trace: line };
  void flashphoner.init({ logger: { severity: "ERROR", customLogger } });
  const logger = flashphoner.getLogger();
  assert.ok(logger);
  const methods = "init info debug trace warn error setEnableLogs setCustomLogger setConnection setPushLogs setLevel";
  for (const name of methods.split(" ")) assert.equal(typeof logger[name as keyof typeof logger], "function", name);
  logger.warn("app", "not shown");
  logger.setLevel("TRACE");
  logger.trace("app", "shown");
  assert.deepEqual(lines, ["shown"]);
});

test("init: logger null is silence", (t) => {
  const lines = t.mock.method(console, "info", () => undefined);
  void new CompatBench().flashphoner.init({ logger: null });
  assert.equal(lines.mock.callCount(), 0);
  void new CompatBench().flashphoner.init();
  assert.equal(lines.mock.callCount(), 1);
});

test("constants: every table with its names and values, all frozen", () => {
  const self = (...names: string[]): Record<string, string> => Object.fromEntries(names.map((name) => [name, name]));
  assert.ok(Object.isFrozen(constants));
  for (const table of Object.values(constants)) if (typeof table === "object") assert.ok(Object.isFrozen(table));
  assert.equal(
    Object.keys(constants).join(" "),
    "SESSION_STATUS STREAM_STATUS CALL_STATUS STREAM_STATUS_INFO CALL_STATUS_INFO ERROR_INFO MEDIA_DEVICE_KIND " +
      "TRANSPORT_TYPE CONNECTION_QUALITY STREAM_EVENT STREAM_EVENT_TYPE CONTENT_HINT_TYPE",
  );
  assert.deepEqual({ ...constants.STREAM_STATUS }, self(
    "NEW", "PENDING", "PUBLISHING", "PLAYING", "PAUSED", "UNPUBLISHED", "STOPPED", "FAILED", "PLAYBACK_PROBLEM", "RESIZE",
    "SNAPSHOT_COMPLETE", "NOT_ENOUGH_BANDWIDTH",
  ));
  assert.deepEqual({ ...constants.MEDIA_DEVICE_KIND }, { OUTPUT: "output", INPUT: "input", ALL: "all" });
  assert.deepEqual({ ...constants.TRANSPORT_TYPE }, self("UDP", "TCP"));
  assert.deepEqual({ ...constants.CONNECTION_QUALITY }, self("PERFECT", "GOOD", "BAD", "UNKNOWN", "UPDATE"));
  assert.equal(constants.STREAM_EVENT, "STREAM_EVENT");
  assert.equal(
    Object.values(constants.STREAM_EVENT_TYPE).join(" "),
    "audioMuted audioUnmuted videoMuted videoUnmuted data snapshotCompleted snapshotFailed resize notEnoughBandwidth",
  );
  assert.deepEqual({ ...constants.CONTENT_HINT_TYPE }, { MOTION: "motion", DETAIL: "detail", TEXT: "text" });
  assert.deepEqual(Object.keys(constants.ERROR_INFO), [
    "NONE_OF_MEDIAPROVIDERS_AVAILABLE", "NONE_OF_PREFERRED_MEDIAPROVIDERS_AVAILABLE", "FLASHPHONER_API_NOT_INITIALIZED",
    "OPTIONS_URLSERVER_MUST_BE_PROVIDED", "INVALID_SESSION_STATE", "OPTIONS_MUST_BE_PROVIDED", "INVALID_CALL_STATE",
    "EVENT_CANT_BE_NULL", "CALLBACK_NEEDS_TO_BE_A_VALID_FUNCTION", "OPTIONS_NAME_MUST_BE_PROVIDED", "CAN_NOT_SWITCH_CAM",
    "CAN_NOT_SWITCH_MIC", "CAN_NOT_SET_RESOLUTION", "CAN_NOT_GET_STATS", "LOCAL_ERROR",
  ]);
  assert.equal(constants.CALL_STATUS_INFO.TRANSCODING_REQUIRED_BUT_DISABLED, "Transcoding required, but disabled");
});
