import assert from "node:assert/strict";
import { test } from "node:test";
import { Bench, refusal, settled } from "../../npm/test/fake-core.js";
import type { Line } from "../src/line.js";
import { Phone } from "../src/phone.js";

const ANNA = { urlServer: "ws://relay.example/ws", sipOptions: { login: "anna" } };

/** A phone on the real facade and a core that does what the test says. */
class Desk {
  readonly bench = new Bench();
  now = 1_000;
  changes = 0;
  readonly phone: Phone;

  constructor() {
    const media = { constraints: { audio: true } };
    this.phone = new Phone({ createSession: this.bench.offhook.createSession, media, now: () => this.now });
    this.phone.addEventListener("change", () => { this.changes += 1; });
  }

  async online(): Promise<this> {
    this.phone.connect(ANNA);
    await settled();
    this.session("CONNECTED");
    this.session("ESTABLISHED");
    await settled();
    return this;
  }

  async calling(callee = "echo"): Promise<Line> {
    await this.online();
    this.phone.dial(callee);
    return this.line();
  }

  async connected(): Promise<Line> {
    const line = await this.calling();
    await this.call("ESTABLISHED");
    return line;
  }

  async rings(callId = "in-1", visibleName = "Bob"): Promise<void> {
    const sessionId = this.sessionId();
    this.bench.emit({ kind: "incoming", sessionId, callId, caller: "bob", callee: "anna", visibleName, hasVideo: false });
    this.bench.emit({ kind: "call", callId, status: "RING" });
    await settled();
  }

  session(...[status, error]: Parameters<Bench["session"]> extends [unknown, ...infer Rest] ? Rest : never): void {
    const session = this.bench.offhook.getSession(this.sessionId());
    if (session) this.bench.session(session, status, error);
  }

  async call(...[status, more]: Parameters<Bench["call"]> extends [unknown, ...infer Rest] ? Rest : never): Promise<void> {
    this.bench.call(this.line().call, status, more);
    await settled();
  }

  line(): Line {
    if (!this.phone.line) throw new Error("the phone shows no call");
    return this.phone.line;
  }

  asked(): unknown[] {
    return this.bench.core.asked.map(([name]) => name);
  }

  sessionId(): string {
    return this.bench.offhook.getSessions()[0]?.id() ?? "";
  }
}

test("connecting goes from offline through connecting to online", async () => {
  const desk = new Desk();
  assert.deepEqual([desk.phone.online, desk.phone.connecting], [false, false]);
  desk.phone.connect(ANNA);
  assert.deepEqual([desk.phone.online, desk.phone.connecting, desk.phone.login], [false, true, "anna"]);
  await settled();
  desk.session("ESTABLISHED");
  await settled();
  assert.deepEqual([desk.phone.online, desk.phone.connecting], [true, false]);
});

test("a second connect while one is under way does nothing", async () => {
  const desk = new Desk();
  desk.phone.connect(ANNA);
  desk.phone.connect(ANNA);
  await settled();
  assert.equal(desk.bench.offhook.getSessions().length, 1);
});

test("a registered account is shown as such, and a lost registration with its reason", async () => {
  const desk = await new Desk().online();
  desk.session("REGISTERED");
  await settled();
  assert.equal(desk.phone.registered, true);
  desk.session("UNREGISTERED", { code: "timeout", message: "The SIP server does not answer." });
  await settled();
  assert.equal(desk.phone.registered, false);
  assert.deepEqual(desk.phone.notice, { kind: "problem", text: "The SIP server does not answer." });
});

test("a registration lost for no stated reason is told, but does not cover a warning that has one", async () => {
  const desk = await new Desk().online();
  desk.session("UNREGISTERED");
  await settled();
  assert.equal(desk.phone.notice?.text, "Not registered any more: calls do not come in.");
  desk.bench.emit({ kind: "warn", sessionId: desk.sessionId(), error: { code: "timeout", message: "The SIP server is silent." } });
  desk.session("UNREGISTERED");
  await settled();
  assert.equal(desk.phone.notice.text, "The SIP server is silent.");
});

test("a session that fails takes the phone offline and says why, with the SIP status", async () => {
  const desk = new Desk();
  desk.phone.connect(ANNA);
  await settled();
  desk.session("FAILED", { code: "unauthorized", message: "The password is wrong.", sipStatus: 403 });
  await settled();
  assert.deepEqual([desk.phone.online, desk.phone.connecting], [false, false]);
  assert.deepEqual(desk.phone.notice, { kind: "problem", text: "The password is wrong. (SIP 403)" });
});

test("disconnecting is not a problem", async () => {
  const desk = await new Desk().online();
  desk.session("REGISTERED");
  desk.phone.disconnect();
  desk.session("UNREGISTERED");
  desk.session("DISCONNECTED");
  await settled();
  assert.deepEqual([desk.phone.online, desk.phone.notice], [false, undefined]);
});

test("after a session has ended the phone can connect again", async () => {
  const desk = await new Desk().online();
  desk.session("DISCONNECTED");
  await settled();
  await desk.online();
  assert.equal(desk.phone.online, true);
});

test("a warning is told and changes nothing else", async () => {
  const desk = await new Desk().online();
  desk.bench.emit({ kind: "warn", sessionId: desk.sessionId(), error: { code: "rejected", message: "Hold was refused." } });
  await settled();
  assert.deepEqual([desk.phone.online, desk.phone.notice?.text], [true, "Hold was refused."]);
});

test("dialling makes a call with the phone's media", async () => {
  const desk = new Desk();
  const line = await desk.calling("bob");
  assert.deepEqual([line.peer, line.status, line.text], ["bob", "PENDING", "Calling…"]);
  assert.deepEqual(desk.bench.core.asked.at(-2)?.[3], { constraints: { audio: true }, callee: "bob" });
});

test("nothing is dialled offline, without a number or during a call", async () => {
  const desk = new Desk();
  desk.phone.dial("echo");
  await desk.online();
  desk.phone.dial("");
  desk.phone.dial("echo");
  desk.phone.dial("tone");
  assert.deepEqual(desk.asked(), ["openSession", "createCall", "call"]);
});

test("the numbers called last come first, each once, and no more than four", async () => {
  const desk = await new Desk().online();
  for (const number of ["1", "2", "3", "1", "4", "5"]) {
    desk.phone.dial(number);
    await desk.call("FINISH");
  }
  assert.deepEqual(desk.phone.recent, ["5", "4", "1", "3"]);
});

test("the call's progress is put into words", async () => {
  const desk = new Desk();
  await desk.calling();
  const words: string[] = [];
  for (const status of ["TRYING", "RING", "RING_MEDIA", "ESTABLISHED"] as const) {
    await desk.call(status);
    words.push(desk.line().text);
  }
  assert.deepEqual(words, ["Calling…", "Ringing…", "Ringing…", "Connected"]);
});

test("the duration counts from the first connection, also across a hold", async () => {
  const desk = new Desk();
  desk.now = 5_000;
  const line = await desk.connected();
  desk.now = 9_000;
  await desk.call("HOLD");
  await desk.call("ESTABLISHED");
  assert.equal(line.since, 5_000);
});

test("a call that ends well says how long it was", async () => {
  const desk = new Desk();
  await desk.connected();
  desk.now += 65_000;
  desk.phone.hangup();
  await desk.call("FINISH");
  assert.equal(desk.phone.line, undefined);
  assert.deepEqual(desk.phone.notice, { kind: "info", text: "Call with echo ended after 1:05." });
});

test("a call that fails says why, with the SIP status", async () => {
  const desk = new Desk();
  await desk.calling("nobody");
  await desk.call("FAILED", { error: { code: "notFound", message: "There is no “nobody”.", sipStatus: 404 } });
  assert.deepEqual(desk.phone.notice, { kind: "problem", text: "There is no “nobody”. (SIP 404)" });
});

test("a busy far end is told, with or without a sentence from the relay", async () => {
  const desk = new Desk();
  await desk.calling("bob");
  await desk.call("BUSY", { sipStatus: 486 });
  assert.equal(desk.phone.notice?.text, "bob is busy. (SIP 486)");
  desk.phone.dial("bob");
  await desk.call("BUSY", { error: { code: "busy", message: "The far end is on another call." } });
  assert.equal(desk.phone.notice.text, "The far end is on another call.");
});

test("a call that the SDK refuses at once is a notice, and the phone is free again", async () => {
  const desk = await new Desk().online();
  desk.bench.core.refusal = refusal({ code: "invalidField", message: "The number has a space in it.", field: "callee" });
  desk.phone.dial("1 2");
  assert.equal(desk.phone.line, undefined);
  assert.equal(desk.phone.notice?.text, "The number has a space in it.");
});

test("a call that is given up before the relay has said anything is no problem", async () => {
  const desk = new Desk();
  await desk.calling();
  desk.phone.hangup();
  await desk.call("FAILED", { info: "Normal call clearing" });
  assert.deepEqual(desk.phone.notice, { kind: "info", text: "Call to echo ended." });
});

test("an incoming call rings until it is answered", async () => {
  const desk = await new Desk().online();
  await desk.rings();
  assert.deepEqual([desk.phone.ringing, desk.line().peer], [true, "Bob"]);
  desk.phone.answer();
  assert.deepEqual([desk.phone.ringing, desk.line().text], [false, "Connecting…"]);
  assert.deepEqual(desk.bench.core.asked.at(-1), ["answer", "in-1", { constraints: { audio: true } }]);
});

test("a caller who gives up is told as a missed call", async () => {
  const desk = await new Desk().online();
  await desk.rings();
  await desk.call("FINISH");
  assert.deepEqual(desk.phone.notice, { kind: "info", text: "Missed a call from Bob." });
});

test("a call that was declined was not missed", async () => {
  const desk = await new Desk().online();
  await desk.rings();
  desk.phone.hangup();
  await desk.call("FINISH");
  assert.deepEqual(desk.phone.notice, { kind: "info", text: "You declined a call from Bob." });
});

test("a second caller waits while the call goes on; a third is declined and told", async () => {
  const desk = new Desk();
  const line = await desk.connected();
  await desk.rings("in-2", "Carol");
  assert.equal(desk.line(), line);
  assert.deepEqual([desk.phone.waiting, desk.phone.other?.peer], [true, "Carol"]);
  await desk.rings("in-3", "Dave");
  assert.deepEqual(desk.bench.core.asked.at(-1), ["hangup", "in-3"]);
  assert.equal(desk.phone.notice?.text, "Dave called while you were on the phone.");
});

test("the second caller is answered, and the first call held", async () => {
  const desk = new Desk();
  const first = await desk.connected();
  await desk.rings("in-2", "Carol");
  desk.phone.answerOther();
  assert.deepEqual([desk.line().peer, desk.phone.other, desk.phone.waiting], ["Carol", first, false]);
  assert.deepEqual(desk.asked().slice(-2), ["hold", "answer"]);
});

test("a call that was not connected yet makes room for the one that is answered", async () => {
  const desk = new Desk();
  const first = await desk.calling();
  await desk.rings("in-2", "Carol");
  desk.phone.answerOther();
  assert.deepEqual(desk.asked().slice(-2), ["hangup", "answer"]);
  assert.equal(first.hungUp, true);
});

test("the second caller is declined, and the call goes on", async () => {
  const desk = new Desk();
  const line = await desk.connected();
  await desk.rings("in-2", "Carol");
  desk.phone.declineOther();
  assert.deepEqual(desk.bench.core.asked.at(-1), ["hangup", "in-2"]);
  desk.bench.emit({ kind: "call", callId: "in-2", status: "FINISH" });
  await settled();
  assert.deepEqual([desk.line(), desk.phone.other], [line, undefined]);
});

/** A phone with a call that speaks and one on hold. */
async function two(): Promise<{ desk: Desk; first: Line; second: Line }> {
  const desk = new Desk();
  const first = await desk.connected();
  await desk.rings("in-2", "Carol");
  desk.phone.answerOther();
  desk.bench.call(first.call, "HOLD");
  await desk.call("ESTABLISHED");
  return { desk, first, second: desk.line() };
}

test("swapping holds the one and goes on with the other", async () => {
  const { desk, first, second } = await two();
  desk.phone.swap();
  assert.deepEqual([desk.line(), desk.phone.other], [first, second]);
  assert.deepEqual(desk.bench.core.asked.slice(-2), [["hold", second.call.id(), false], ["unhold", first.call.id()]]);
});

test("joining has both far ends speak with each other, and says so", async () => {
  const { desk, first, second } = await two();
  desk.phone.join();
  assert.deepEqual(desk.bench.core.asked.at(-1), ["transfer", second.call.id(), undefined, first.call.id()]);
  desk.bench.emit({ kind: "transfer", callId: second.call.id(), status: "COMPLETED", target: "echo" });
  await desk.call("FINISH");
  assert.equal(desk.phone.notice?.text, "Carol speaks with echo now.");
  assert.equal(desk.line(), first);
});

test("when one of two calls ends the other is there, on hold", async () => {
  const { desk, first } = await two();
  await desk.call("FINISH");
  assert.deepEqual([desk.line(), desk.phone.other, first.held], [first, undefined, true]);
});

test("a transfer is shown while it goes on, and its failure told", async () => {
  const desk = new Desk();
  const line = await desk.connected();
  desk.phone.transfer("bob");
  assert.deepEqual(desk.bench.core.asked.at(-1), ["transfer", line.call.id(), "bob", undefined]);
  assert.equal(line.transfer, "Transferring to bob…");
  const event = { kind: "transfer", callId: line.call.id(), target: "bob" } as const;
  desk.bench.emit({ ...event, status: "RING" });
  await settled();
  assert.equal(line.transfer, "bob rings…");
  desk.bench.emit({ ...event, status: "FAILED", error: { code: "busy", message: "bob is busy.", sipStatus: 486 } });
  await settled();
  assert.deepEqual([line.transfer, desk.phone.notice?.text], ["", "bob is busy. (SIP 486)"]);
});

test("a far end that was transferred has another name", async () => {
  const desk = new Desk();
  const line = await desk.connected();
  desk.bench.emit({ kind: "party", callId: line.call.id(), user: "dave", displayName: "Dave D." });
  await settled();
  assert.equal(line.peer, "Dave D.");
});

test("microphone and speaker change within the call; one that cannot be used is told", async () => {
  const desk = new Desk();
  const line = await desk.connected();
  desk.phone.useDevices({ mic: "m2" });
  desk.phone.useDevices({ speaker: "s2" });
  const id = line.call.id();
  assert.deepEqual(desk.bench.core.asked.slice(-2), [["switchMic", id, "m2"], ["setAudioOutput", id, "s2"]]);
  desk.bench.core.rejection = refusal({ code: "cannotSwitch", message: "There is no other microphone." });
  desk.phone.useDevices({ mic: "gone" });
  await settled();
  assert.equal(desk.phone.notice?.text, "There is no other microphone.");
});

test("a connection that is lost for a while is told, and told no more once it is back", async () => {
  const desk = new Desk();
  await desk.connected();
  desk.bench.emit({ kind: "connection", sessionId: desk.sessionId(), state: "lost" });
  await settled();
  assert.equal(desk.phone.notice?.text, "The connection is being made again…");
  desk.bench.emit({ kind: "connection", sessionId: desk.sessionId(), state: "restored" });
  await settled();
  assert.equal(desk.phone.notice, undefined);
});

test("hold is ours once the far end agrees, and is ended by the same button", async () => {
  const desk = new Desk();
  const line = await desk.connected();
  desk.phone.toggleHold();
  assert.equal(line.held, false);
  await desk.call("HOLD");
  assert.deepEqual([line.held, line.text], [true, "On hold"]);
  desk.phone.toggleHold();
  await desk.call("ESTABLISHED");
  assert.deepEqual([line.held, line.text], [false, "Connected"]);
  assert.deepEqual(desk.asked().slice(-2), ["hold", "unhold"]);
});

test("a hold by the far end is theirs", async () => {
  const desk = new Desk();
  const line = await desk.connected();
  await desk.call("HOLD");
  assert.deepEqual([line.held, line.text], [false, "The other side has put you on hold"]);
});

test("mute follows its button", async () => {
  const desk = new Desk();
  const line = await desk.connected();
  desk.phone.toggleMute();
  assert.deepEqual([line.muted, desk.bench.core.muted], [true, true]);
  desk.phone.toggleMute();
  assert.deepEqual([line.muted, desk.bench.core.muted], [false, false]);
});

test("keys are sent during a connected call only, and both ends' keys are shown", async () => {
  const desk = new Desk();
  const line = await desk.calling("dtmf");
  desk.phone.sendDigit("9");
  await desk.call("ESTABLISHED");
  desk.phone.sendDigit("1");
  desk.phone.sendDigit("#");
  desk.bench.emit({ kind: "dtmf", callId: line.call.id(), digit: "5", durationMs: 100 });
  await settled();
  assert.deepEqual([line.sent, line.received], ["1#", "5"]);
});

test("what a button does wrong is a notice, not an exception", async () => {
  const desk = new Desk();
  await desk.connected();
  desk.bench.core.refusal = refusal({ code: "invalidCallState", message: "Invalid call state" });
  desk.phone.toggleHold();
  assert.equal(desk.phone.notice?.text, "Invalid call state");
});

test("a lost session ends the call and keeps the reason", async () => {
  const desk = new Desk();
  await desk.connected();
  desk.session("FAILED", { code: "relayLost", message: "The connection to the relay was lost." });
  await settled();
  assert.deepEqual([desk.phone.line, desk.phone.online], [undefined, false]);
  assert.equal(desk.phone.notice?.text, "The connection to the relay was lost.");
});

test("every change is announced", async () => {
  const desk = await new Desk().online();
  const before = desk.changes;
  desk.phone.dial("echo");
  assert.ok(desk.changes > before);
  const dialled = desk.changes;
  await desk.call("RING");
  assert.ok(desk.changes > dialled);
});
