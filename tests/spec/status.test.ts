/** Section 3 of the original's specification: the statuses of a call, their order, and the players in the page. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lab } from "./lab.ts";

const set = lab();

describe("statuses of a call", () => {
  it("Call status NEW: is that of a call before call(), and of an incoming one when it is told", async () => {
    const statuses = await set.run(async () => {
      const [alice, bob] = [await window.lab.open("alice"), await window.lab.open("bob")];
      const told = new Promise<string>((resolve) => {
        bob.session.on("INCOMING_CALL", (...[call]: [import("../page/original.ts").OriginalCall]) => resolve(call.status()));
      });
      const call = alice.session.createCall({ callee: window.lab.name("bob"), ...window.lab.media() });
      const before = call.status();
      call.call();
      return [before, await told];
    });
    assert.deepEqual(statuses, ["NEW", "NEW"]);
  });

  it("Call status PENDING: is read, and never an event", async () => {
    const events = await set.run(async () => {
      const { out, inc } = await window.lab.pair();
      return [...out.seen.names(), ...inc.seen.names()];
    });
    assert.ok(!events.includes("PENDING") && !events.includes("NEW"), events.join(" "));
  });

  it("Call status RING: comes at both ends, to the called side after INCOMING_CALL", async () => {
    const [out, inc] = await set.run(async () => {
      const { out, inc } = await window.lab.ringing();
      return [out.seen.names().at(-1), inc.seen.names()[0]];
    });
    assert.deepEqual([out, inc], ["RING", "RING"]);
  });

  it("Call status ESTABLISHED: comes when the call is answered, and again after a hold", async () => {
    const events = await set.run(async () => {
      const { out } = await window.lab.pair();
      out.call.hold();
      await out.seen.until("HOLD");
      const from = out.seen.log.length;
      out.call.unhold();
      await out.seen.until("ESTABLISHED", from);
      return out.seen.names().filter((event) => event !== "TRYING");
    });
    assert.deepEqual(events, ["RING", "ESTABLISHED", "HOLD", "ESTABLISHED"]);
  });

  it("Call status HOLD: comes at the held end, too", async () => {
    const status = await set.run(async () => {
      const { out, inc } = await window.lab.pair();
      out.call.hold();
      return (await inc.seen.until("HOLD")).status;
    });
    assert.equal(status, "HOLD");
  });

  it("Call status FINISH: is the last event of a call that was answered, and comes once", async () => {
    const events = await set.run(async () => {
      const { out, inc } = await window.lab.pair();
      inc.call.hangup();
      await Promise.all([out.seen.until("FINISH"), inc.seen.until("FINISH")]);
      out.call.hangup();
      await new Promise((resolve) => setTimeout(resolve, 300));
      return [out, inc].map(({ seen }) => seen.names().filter((event) => event !== "TRYING"));
    });
    for (const names of events) assert.deepEqual(names, ["RING", "ESTABLISHED", "FINISH"]);
  });

  it("Call status FAILED: comes once, and is the last", async () => {
    const events = await set.run(async () => {
      const alice = await window.lab.open("alice");
      const { seen } = window.lab.dial(alice, "nobody-of-that-name");
      await seen.until("FAILED");
      await new Promise((resolve) => setTimeout(resolve, 300));
      return seen.names().filter((event) => event !== "TRYING");
    });
    assert.deepEqual(events, ["FAILED"]);
  });

  it("Call status BUSY: comes to who listens for it, and as FAILED to who does not", async () => {
    const ends = await set.run(async () => {
      const ends: string[] = [];
      for (const listens of [true, false]) {
        const [alice, bob] = [await window.lab.open("alice"), await window.lab.open("bob")];
        const talking = window.lab.incoming(bob);
        const first = window.lab.dial(await window.lab.open("carol"), window.lab.name("bob"));
        (await talking).call.answer(window.lab.media());
        await first.seen.until("ESTABLISHED");
        const waiting = window.lab.incoming(bob);
        const call = alice.session.createCall({ callee: window.lab.name("bob"), ...window.lab.media() });
        const end = new Promise<string>((resolve) => {
          call.on("FAILED", () => resolve(`FAILED, status ${call.status()}`));
          if (listens) call.on("BUSY", () => resolve(`BUSY, status ${call.status()}`));
        });
        call.call();
        (await waiting).call.hangup();
        ends.push(await end);
        for (const session of window.Flashphoner.getSessions()) session.disconnect();
        await window.lab.eventually(() => window.Flashphoner.getSessions().length === 0, "the sessions to end");
      }
      return ends;
    });
    assert.match(ends[0], /^BUSY/);
    assert.match(ends[1], /^FAILED/);
  });

  it("Call status of an outgoing call: goes the documented way", async () => {
    const statuses = await set.run(async () => {
      const { out } = await window.lab.pair();
      out.call.hold();
      await out.seen.until("HOLD");
      out.call.hangup();
      await out.seen.until("FINISH");
      return out.seen.names();
    });
    const order = ["TRYING", "RING", "ESTABLISHED", "HOLD", "FINISH"];
    assert.deepEqual(statuses, order.filter((status) => status !== "TRYING" || statuses.includes("TRYING")));
  });

  it("Call status of a declined call: is FINISH here, and FAILED with 603 there", async () => {
    const ends = await set.run(async () => {
      const { out, inc } = await window.lab.ringing();
      inc.call.hangup();
      await Promise.all([out.seen.until("FAILED"), inc.seen.until("FINISH")]);
      return [out.call.getSipStatus(), inc.call.status()];
    });
    assert.deepEqual(ends, [603, "FINISH"]);
  });
});

describe("players in the page", () => {
  it("players: are named after the call, begin muted, and the far end is played", async () => {
    const players = await set.run(async () => {
      const { out } = await window.lab.pair();
      const [local, remote] = [window.lab.player(out.call, "local"), await window.lab.played(out.call)];
      return [local?.tagName, remote.tagName, local?.muted];
    });
    assert.deepEqual(players, ["VIDEO", "VIDEO", true]);
  });

  it("players: lose their names when the call ends, and its tracks are stopped", async () => {
    const left = await set.run(async () => {
      const { out, inc } = await window.lab.pair();
      out.call.hangup();
      await Promise.all([out.seen.until("FINISH"), inc.seen.until("FINISH")]);
      await window.lab.eventually(() => window.opened.every((stream) => stream.getTracks().every(({ readyState }) => readyState === "ended")), "tracks to stop");
      return [window.lab.player(out.call, "local"), window.lab.player(out.call, "remote"), window.peers.map(({ connectionState }) => connectionState)];
    });
    assert.deepEqual(left, [null, null, ["closed", "closed"]]);
  });

  it("players: of one call after another in the same display do not pile up", async () => {
    const counts = await set.run(async () => {
      const media = window.lab.media();
      const [alice, bob] = [await window.lab.open("alice"), await window.lab.open("bob")];
      for (let i = 0; i < 3; i++) {
        const incoming = window.lab.incoming(bob);
        const out = window.lab.dial(alice, window.lab.name("bob"), media);
        const inc = await incoming;
        inc.call.answer(window.lab.media());
        await out.seen.until("ESTABLISHED");
        out.call.hangup();
        await Promise.all([out.seen.until("FINISH"), inc.seen.until("FINISH")]);
      }
      return [media.localVideoDisplay, media.remoteVideoDisplay].map((display) => display.querySelectorAll("video").length);
    });
    assert.ok(counts.every((count) => count <= 1), counts.join(" "));
  });
});

/** Where the original is broken, ours must not be. */
describe("better than the original", () => {
  it("better: hangup in NEW of an incoming call declines it, and of an outgoing one ends it", async () => {
    const ends = await set.run(async () => {
      const [alice, bob] = [await window.lab.open("alice"), await window.lab.open("bob")];
      bob.session.on("INCOMING_CALL", (...[call]: [import("../page/original.ts").OriginalCall]) => call.hangup());
      const { call, seen } = window.lab.dial(alice, window.lab.name("bob"));
      await seen.until("FAILED");
      const unmade = window.lab.followCall(alice.session.createCall({ callee: window.lab.name("bob") }));
      unmade.call.hangup();
      await window.lab.eventually(() => unmade.seen.log.length > 0, "an end of the call that was never made");
      return [call.getSipStatus(), unmade.call.status()];
    });
    assert.equal(ends[0], 603);
    assert.ok(["FAILED", "FINISH"].includes(String(ends[1])), String(ends[1]));
  });

  it("better: hangup in PENDING cancels: the far end stops ringing", async () => {
    const ends = await set.run(async () => {
      const [alice, bob] = [await window.lab.open("alice"), await window.lab.open("bob")];
      const incoming = window.lab.incoming(bob);
      const { call, seen } = window.lab.dial(alice, window.lab.name("bob"));
      const pending = call.status();
      const inc = await incoming;
      call.hangup();
      await inc.seen.until("FINISH");
      await window.lab.eventually(() => ["FAILED", "FINISH"].includes(call.status()), "an end for the caller");
      return [pending, inc.call.status(), seen.names().filter((event) => ["FAILED", "FINISH"].includes(event)).length];
    });
    assert.deepEqual(ends, ["PENDING", "FINISH", 1]);
  });

  it("better: hangup at once, before the microphone is open, ends the call and releases the microphone", async () => {
    const [status, live] = await set.run(async () => {
      const [alice] = [await window.lab.open("alice"), await window.lab.open("bob")];
      const { call, seen } = window.lab.dial(alice, window.lab.name("bob"));
      call.hangup();
      await window.lab.eventually(() => seen.log.length > 0, "an end");
      await window.lab.eventually(() => window.opened.every((stream) => stream.getTracks().every(({ readyState }) => readyState === "ended")), "the microphone to be released");
      return [call.status(), window.opened.length] as const;
    });
    assert.ok(["FINISH", "FAILED"].includes(status), status);
    assert.ok(live <= 1);
  });

  it("better: failures after media access reach the app", async () => {
    const ends = await set.run(async () => {
      const ends: unknown[] = [];
      const prototype = RTCPeerConnection.prototype as unknown as Record<string, unknown>;
      for (const method of ["createOffer", "setLocalDescription", "setRemoteDescription"]) {
        const original = prototype[method];
        const [alice, bob] = [await window.lab.open("alice"), await window.lab.open("bob")];
        bob.session.on("INCOMING_CALL", (...[call]: [import("../page/original.ts").OriginalCall]) => call.hangup());
        prototype[method] = () => Promise.reject(new DOMException("No", "InvalidStateError"));
        const { call, seen } = window.lab.dial(alice, window.lab.name("bob"));
        if (method === "setRemoteDescription") break;
        await seen.until("FAILED");
        ends.push([method, call.status(), (call.getErrorInfo() ?? "").length > 5]);
        prototype[method] = original;
        for (const session of window.Flashphoner.getSessions()) session.disconnect();
        await window.lab.eventually(() => window.Flashphoner.getSessions().length === 0, "the sessions to end");
      }
      return ends;
    });
    // Not every way of making an offer needs createOffer; what is called and fails must be told.
    assert.deepEqual(ends.at(-1), ["setLocalDescription", "FAILED", true]);
  });

  it("better: an answer that cannot be taken reaches the app", async () => {
    const [status, error] = await set.run(async () => {
      const { out, inc } = await window.lab.ringing();
      const [caller] = window.peers;
      Object.assign(caller, { setRemoteDescription: () => Promise.reject(new DOMException("No", "InvalidAccessError")) });
      inc.call.answer(window.lab.media());
      await out.seen.until("FAILED");
      return [out.call.status(), out.call.getErrorInfo()] as const;
    });
    assert.equal(status, "FAILED");
    assert.ok((error ?? "").length > 5);
  });

  it("better: SIP code and phrase of a failed call can be read", async () => {
    const given = await set.run(async () => {
      const alice = await window.lab.open("alice");
      const { call, seen } = window.lab.dial(alice, "nobody-of-that-name");
      await seen.until("FAILED");
      return [call.getSipStatus(), call.getInfo()];
    });
    assert.equal(given[0], 404);
    assert.match(String(given[1]), /404|not found|Failed/i);
  });

  it("better: errors carry a code", async () => {
    const code = await set.run(() => {
      const { session } = window.lab.begin("alice");
      return window.lab.thrown(() => session.createCall({ callee: "somebody" }))?.code;
    });
    assert.equal(code, "invalidSessionState");
  });

  it("better: in the plain API several listeners hear an event, and off takes one away", async () => {
    const page = await set.page({ address: "/lab.html" });
    const heard = await page.evaluate(async () => {
      const address = "/offhook/index.js";
      const sdk = (await import(address)) as typeof import("offhook");
      const session = sdk.createSession({ urlServer: window.lab.url, sipOptions: { login: window.lab.name("alice") } });
      const heard: string[] = [];
      const removed = (): void => void heard.push("removed");
      session.on("ESTABLISHED", () => void heard.push("first")).on("ESTABLISHED", removed);
      await new Promise<void>((resolve) => {
        session.on("ESTABLISHED", () => {
          heard.push("last");
          resolve();
        });
        session.off("ESTABLISHED", removed);
      });
      return heard;
    });
    assert.deepEqual(heard, ["first", "last"]);
    await page.context().close();
  });

  it("better: a listener that throws keeps nobody from hearing the next event", async () => {
    const status = await set.run(async () => {
      const { out, inc } = await window.lab.ringing();
      out.call.on("ESTABLISHED", () => {
        throw new Error("of the app");
      });
      inc.call.answer(window.lab.media());
      await inc.seen.until("ESTABLISHED");
      out.call.hangup();
      return (await out.seen.until("FINISH")).status;
    });
    assert.equal(status, "FINISH");
  });

  it("better: a second call while one is up is a call of its own: hold one, talk on the other, swap, end either", async () => {
    const statuses = await set.run(async () => {
      const carol = await window.lab.open("carol");
      const { alice, bob, out, inc } = await window.lab.pair();
      const incoming = window.lab.incoming(alice);
      const second = window.lab.dial(carol, window.lab.name("alice"));
      const waiting = await incoming;
      out.call.hold();
      await out.seen.until("HOLD");
      waiting.call.answer(window.lab.media());
      await Promise.all([waiting.seen.until("ESTABLISHED"), second.seen.until("ESTABLISHED")]);
      await window.lab.hears(second.call);
      await window.lab.hears(inc.call, false);
      waiting.call.hold();
      await waiting.seen.until("HOLD");
      const from = out.seen.log.length;
      out.call.unhold();
      await out.seen.until("ESTABLISHED", from);
      await window.lab.hears(inc.call);
      waiting.call.hangup();
      await second.seen.until("FINISH");
      return [out.call.status(), inc.call.status(), second.call.status(), bob.session.status()];
    });
    assert.deepEqual(statuses, ["ESTABLISHED", "ESTABLISHED", "FINISH", "ESTABLISHED"]);
  });

  it("better: a session after REGISTERED or ESTABLISHED may create calls", async () => {
    const status = await set.run(async () => (await window.lab.open("alice")).session.createCall({ callee: "somebody" }).status());
    assert.equal(status, "NEW");
  });

  it("better: a socket that is lost for good ends the calls with a reason", async () => {
    const page = await set.page();
    const sockets: { close: (reason: { code: number }) => Promise<void> }[] = [];
    let cut = false;
    await page.routeWebSocket(/./, (socket) => {
      if (cut) return void socket.close({ code: 1011 });
      sockets.push(socket);
      socket.connectToServer();
    });
    await page.reload();
    await page.waitForFunction(() => typeof window.lab === "object");
    const ended = page.evaluate(async () => {
      const { alice, out, inc } = await window.lab.pair({ session: { reconnectTimeout: 1500 } });
      document.title = "talking";
      await Promise.all([out.seen.until("FAILED"), inc.seen.until("FAILED"), alice.seen.until("DISCONNECTED")]);
      return [out.call.getErrorInfo(), alice.seen.names().includes("WARN")] as const;
    });
    await page.waitForFunction(() => document.title === "talking");
    cut = true;
    await Promise.all(sockets.map((socket) => socket.close({ code: 1011 })));
    const [reason, warned] = await ended;
    assert.ok((reason ?? "").length > 10, reason);
    assert.equal(warned, true);
    await page.context().close();
  });
});
