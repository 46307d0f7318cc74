/** Sections 1.3 and 2 of the original's specification: options of `createSession`, methods and events of a session. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { describe, it } from "node:test";
import type { Page } from "playwright-core";
import { eventually } from "../peers/deadline.ts";
import { port } from "../peers/ports.ts";
import { lab } from "./lab.ts";

const set = lab({ keepAlive: 5 });

/** What a page sends to the relay, as it is on the wire. */
async function frames(page: Page): Promise<string[]> {
  const sent: string[] = [];
  page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => sent.push(payload.toString())));
  await page.reload();
  await page.waitForFunction(() => typeof window.lab === "object");
  return sent;
}

describe("options of createSession", () => {
  it("createSession: throws before init", async () => {
    const thrown = await set.run(() => window.lab.thrown(() => window.Flashphoner.createSession({ urlServer: window.lab.url })));
    assert.equal(thrown?.message, "Flashphoner API is not initialized");
  });

  it("createSession option urlServer: must be given", async () => {
    const thrown = await set.run(() => {
      void window.Flashphoner.init();
      return [window.lab.thrown(() => window.Flashphoner.createSession({})), window.lab.thrown(() => window.Flashphoner.createSession())];
    });
    for (const error of thrown) {
      assert.equal(error?.message, "options.urlServer must be provided");
      assert.equal(error.name, "TypeError");
    }
  });

  it("createSession option urlServer: is host and port, with or without a path", async () => {
    const status = await set.run(async () => {
      const bare = new URL(window.lab.url).origin;
      return (await window.lab.open("alice", { urlServer: bare })).session.status();
    });
    assert.equal(status, "ESTABLISHED");
  });

  it("createSession option keepAlive: and authToken: takes the session back without its account", async () => {
    const result = await set.run(async () => {
      const first = await window.lab.open("alice", { keepAlive: true });
      const [, connection] = (await first.seen.until("ESTABLISHED")).args as [unknown, { authToken: string }];
      first.session.disconnect();
      await first.seen.until("DISCONNECTED");
      const again = window.lab.begin("alice", { keepAlive: true, authToken: connection.authToken, sipOptions: undefined });
      const [, taken] = (await again.seen.until("ESTABLISHED")).args as [unknown, { authToken: string; sipLogin: string }];
      // A fresh token may replace the old one; the account is the same and can call.
      return { login: taken.sipLogin === window.lab.name("alice"), token: taken.authToken.length > 10 };
    });
    assert.deepEqual(result, { login: true, token: true });
  });

  it("createSession option authToken: that nobody gave fails the session", async () => {
    const events = await set.run(async () => {
      const session = window.lab.begin("alice", { authToken: "a-token-of-nobody", sipOptions: undefined });
      await session.seen.until("FAILED");
      return session.seen.names();
    });
    assert.equal(events.at(-1), "FAILED");
    assert.ok(!events.includes("ESTABLISHED"));
  });

  it("createSession option lbUrl: names the server to connect to", async () => {
    const page = await set.page();
    const { hostname, port: ws } = new URL(set.relay.http);
    await page.route("**/balancer", (route) => route.fulfill({ json: { server: hostname, ws, wss: "8443", flash: "1935" } }));
    const status = await page.evaluate(async () => {
      const options = { urlServer: "ws://127.0.0.1:9", lbUrl: `${location.origin}/balancer` };
      return (await window.lab.open("alice", options)).session.status();
    });
    assert.equal(status, "ESTABLISHED");
    await page.context().close();
  });

  it("createSession option lbUrl: that does not answer is done without", async () => {
    const page = await set.page();
    await page.route("**/balancer", (route) => route.abort());
    const status = await page.evaluate(async () => {
      return (await window.lab.open("alice", { lbUrl: `${location.origin}/balancer` })).session.status();
    });
    assert.equal(status, "ESTABLISHED");
    await page.context().close();
  });

  it("createSession option appKey: and createSession option custom: reach the relay", async () => {
    const page = await set.page();
    const sent = await frames(page);
    await page.evaluate(() => window.lab.open("alice", { appKey: "some-app", custom: { tenant: "some-tenant" } }));
    const opening = sent.find((frame) => frame.includes("some-app"));
    assert.match(opening ?? "", /some-tenant/);
    await page.context().close();
  });

  it("createSession option custom: is echoed when the session is established", async () => {
    const given = await set.run(async () => {
      const { seen } = await window.lab.open("alice", { appKey: "some-app", custom: { tenant: "some-tenant" } });
      const { appKey, custom } = seen.log.find(({ event }) => event === "ESTABLISHED")?.args[1] as Record<string, unknown>;
      return { appKey, custom };
    });
    assert.deepEqual(given, { appKey: "some-app", custom: { tenant: "some-tenant" } });
  });

  it("createSession option sipOptions: without a domain is a user of the relay", async () => {
    const login = await set.run(async () => {
      const { seen } = await window.lab.open("alice");
      const { sipLogin } = seen.log.find(({ event }) => event === "ESTABLISHED")?.args[1] as { sipLogin: string };
      return sipLogin === window.lab.name("alice");
    });
    assert.equal(login, true);
  });

  it("createSession option mediaOptions: configures the peer connections", async () => {
    const configured = await set.run(async () => {
      const iceServers = [{ urls: "stun:127.0.0.1:9" }];
      await window.lab.pair({ session: { mediaOptions: { iceServers } } });
      return window.configured.map((configuration) => configuration?.iceServers);
    });
    assert.equal(configured.length, 2);
    for (const iceServers of configured) assert.match(JSON.stringify(iceServers), /stun:127\.0\.0\.1:9/);
  });

  it("createSession option timeout: ends the wait for a server that says nothing", async () => {
    const deaf = await port();
    const server = createServer(() => undefined).listen(deaf, "127.0.0.1");
    const took = await set.run(async (address) => {
      const started = performance.now();
      const session = window.lab.begin("alice", { urlServer: address, timeout: 500 });
      await session.seen.until("FAILED");
      return performance.now() - started;
    }, `ws://127.0.0.1:${deaf}`);
    server.close();
    assert.ok(took >= 450 && took < 3000, `${took} ms`);
  });

  it("createSession option pingInterval: pings as often", async () => {
    const page = await set.page();
    const sent = await frames(page);
    await page.evaluate(() => window.lab.open("alice", { pingInterval: 100 }));
    await eventually(() => sent.filter((frame) => frame.includes("ping")).length >= 3, "three pings");
    await page.context().close();
  });

  it("createSession option receiveProbes: and createSession option probesInterval: find a server that has gone silent", async () => {
    const page = await set.page();
    let connections = 0;
    await page.routeWebSocket(/./, (socket) => {
      const server = socket.connectToServer();
      const first = ++connections === 1;
      let frames = 0;
      // The first connection falls silent once the session is there.
      server.onMessage((message) => {
        if (!first || ++frames < 4) socket.send(message);
      });
    });
    await page.reload();
    await page.waitForFunction(() => typeof window.lab === "object");
    await page.evaluate(() => window.lab.open("alice", { receiveProbes: 3, probesInterval: 200 }));
    await eventually(() => connections > 1, "the session to look for another connection");
    await page.context().close();
  });

  it("createSession option logger: and the options that mean nothing here are accepted", async () => {
    const status = await set.run(async () => {
      const options = { logger: { severity: "ERROR" }, sendClientInfo: false, flashProto: "rtmfp", flashPort: 1935 };
      return (await window.lab.open("alice", options)).session.status();
    });
    assert.equal(status, "ESTABLISHED");
  });

  for (const [option, value] of [
    ["createSession option sendClientInfo", { sendClientInfo: true }],
    ["createSession option flashProto", { flashProto: "rtmp" }],
    ["createSession option flashPort", { flashPort: 1935 }],
  ] as const) {
    it(`${option}: is accepted`, async () => {
      const status = await set.run(async (options) => (await window.lab.open("alice", options)).session.status(), value);
      assert.equal(status, "ESTABLISHED");
    });
  }
});

describe("methods of a session", () => {
  it("Session.id: is a UUID", async () => {
    const id = await set.run(() => window.lab.begin("alice").session.id());
    assert.match(id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  it("Session.status: goes from PENDING by CONNECTED to ESTABLISHED, and ends DISCONNECTED", async () => {
    const statuses = await set.run(async () => {
      const { session, seen } = window.lab.begin("alice");
      const first = session.status();
      await seen.until("ESTABLISHED");
      session.disconnect();
      await seen.until("DISCONNECTED");
      return [first, ...seen.log.map(({ event, status }) => `${event}:${status}`), session.status()];
    });
    assert.deepEqual(statuses, [
      "PENDING",
      "CONNECTED:CONNECTED",
      "ESTABLISHED:ESTABLISHED",
      "DISCONNECTED:DISCONNECTED",
      "DISCONNECTED",
    ]);
  });

  it("Session.getServerUrl: is the address it was given", async () => {
    const [url, given] = await set.run(() => [window.lab.begin("alice").session.getServerUrl(), window.lab.url]);
    assert.equal(url, given);
  });

  it("Session.createCall: gives a call in NEW", async () => {
    const [status, callee] = await set.run(async () => {
      const { session } = await window.lab.open("alice");
      const call = session.createCall({ callee: "somebody" });
      return [call.status(), call.callee()] as const;
    });
    assert.deepEqual([status, callee], ["NEW", "somebody"]);
  });

  it("Session.createCall: throws before the session is established, and without options", async () => {
    const [early, empty] = await set.run(async () => {
      const { session, seen } = window.lab.begin("alice");
      const early = window.lab.thrown(() => session.createCall({ callee: "somebody" }));
      await seen.until("ESTABLISHED");
      return [early, window.lab.thrown(() => session.createCall(undefined as unknown as object))] as const;
    });
    assert.match(early?.message ?? "", /^Invalid session state/);
    assert.deepEqual([empty?.name, empty?.message], ["TypeError", "options must be provided"]);
  });

  for (const method of ["Session.createStream", "Session.getStream", "Session.getStreams"] as const) {
    it(`${method}: says that there are no streams here`, async () => {
      const thrown = await set.run(async (name) => {
        const { session } = await window.lab.open("alice");
        const call = (session as unknown as Record<string, (options: object) => unknown>)[name];
        return window.lab.thrown(() => call.call(session, { name: "stream" }));
      }, method.replace("Session.", ""));
      assert.match(thrown?.message ?? "", /stream/);
    });
  }

  it("Session.sendData: reaches the app at the far end of the call as APP_DATA, and resolves", async () => {
    const [payload, resolved] = await set.run(async () => {
      const { alice, bob } = await window.lab.pair();
      const sent = alice.session.sendData({ greeting: "hello" }).then(() => true);
      const { args } = await bob.seen.until("APP_DATA");
      return [JSON.stringify(args[0]), await sent] as const;
    });
    assert.match(payload, /"greeting":"hello"/);
    assert.equal(resolved, true);
  });

  it("Session.sendData: is rejected when nobody can get it", async () => {
    const error = await set.run(async () => {
      const { session } = await window.lab.open("alice");
      return window.lab.rejected(session.sendData({ greeting: "hello" }));
    });
    assert.ok((error?.message ?? "").length > 10, JSON.stringify(error));
  });

  it("Session event SEND_DATA_STATUS: tells of data that has arrived", async () => {
    const status = await set.run(async () => {
      const { alice } = await window.lab.pair();
      void alice.session.sendData({ greeting: "hello" });
      const { args } = await alice.seen.until("SEND_DATA_STATUS");
      return (args[0] as { status: string }).status;
    });
    assert.equal(status, "ACCEPTED");
  });

  it("Session.disconnect: ends the session, and its calls at the far end too", async () => {
    const [session, call] = await set.run(async () => {
      const { alice, inc } = await window.lab.pair();
      alice.session.disconnect();
      await Promise.all([alice.seen.until("DISCONNECTED"), inc.seen.until("FINISH")]);
      return [alice.session.status(), inc.call.status()];
    });
    assert.deepEqual([session, call], ["DISCONNECTED", "FINISH"]);
  });

  it("Session.submitBugReport: is in the relay's log", async () => {
    await set.run(async () => {
      const { session } = await window.lab.open("alice");
      session.submitBugReport({ text: "the ringing sounds like rain", type: "no_media" });
      await new Promise((resolve) => setTimeout(resolve, 200));
    });
    await set.relay.program.line(/the ringing sounds like rain/);
  });

  it("Session.startDebug: and Session.stopDebug: are confirmed by DEBUG", async () => {
    const events = await set.run(async () => {
      const { session, seen } = await window.lab.open("alice");
      session.startDebug();
      await seen.until("DEBUG");
      const from = seen.log.length;
      session.stopDebug();
      await seen.until("DEBUG", from);
      return [seen.names().filter((event) => event === "DEBUG").length, session.status()] as const;
    });
    assert.deepEqual(events, [2, "ESTABLISHED"]);
  });

  it("Session.on: gives the session, and a later listener takes the earlier one's place", async () => {
    const [same, heard] = await set.run(async () => {
      void window.Flashphoner.init();
      const session = window.Flashphoner.createSession({ urlServer: window.lab.url, sipOptions: { login: window.lab.name("alice") } });
      const heard: string[] = [];
      const same = session.on("ESTABLISHED", () => void heard.push("first")) === session;
      await new Promise<void>((resolve) => {
        session.on("ESTABLISHED", () => {
          heard.push("second");
          resolve();
        });
      });
      return [same, heard] as const;
    });
    assert.deepEqual([same, heard], [true, ["second"]]);
  });

  it("Session.on: refuses no event and no function, with the original's texts", async () => {
    const thrown = await set.run(() => {
      const { session } = window.lab.begin("alice");
      const nothing = null as never;
      return [window.lab.thrown(() => session.on(nothing, () => undefined)), window.lab.thrown(() => session.on("FAILED", nothing))];
    });
    assert.deepEqual(thrown.map((error) => error?.message), ["Event can't be null", "Callback needs to be a valid function"]);
  });

  it("Session.getLogger: has the original's methods", async () => {
    const kind = await set.run(() => typeof (window.lab.begin("alice").session.getLogger() as Record<string, unknown>)["info"]);
    assert.equal(kind, "function");
  });
});

describe("events of a session", () => {
  it("Session event CONNECTED: comes first, with the session alone", async () => {
    const [event, args, own] = await set.run(async () => {
      const { session, seen } = await window.lab.open("alice");
      const first = seen.log[0];
      return [first.event, first.args.length === 1 || first.args[1] === undefined, first.args[0] === session] as const;
    });
    assert.deepEqual([event, args, own], ["CONNECTED", true, true]);
  });

  it("Session event ESTABLISHED: brings the session and the connection with authToken and sipLogin", async () => {
    const given = await set.run(async () => {
      const { session, seen } = await window.lab.open("alice");
      const [first, connection] = (await seen.until("ESTABLISHED")).args as [unknown, Record<string, unknown>];
      return { own: first === session, token: typeof connection["authToken"], login: typeof connection["sipLogin"] };
    });
    assert.deepEqual(given, { own: true, token: "string", login: "string" });
  });

  it("Session event DISCONNECTED: brings the session", async () => {
    const own = await set.run(async () => {
      const { session, seen } = await window.lab.open("alice");
      session.disconnect();
      return (await seen.until("DISCONNECTED")).args[0] === session;
    });
    assert.equal(own, true);
  });

  it("Session event FAILED: brings the session, and no DISCONNECTED follows", async () => {
    const [own, events] = await set.run(async () => {
      const { session, seen } = window.lab.begin("alice", { urlServer: "ws://127.0.0.1:9" });
      const own = (await seen.until("FAILED")).args[0] === session;
      await new Promise((resolve) => setTimeout(resolve, 300));
      return [own, seen.names()] as const;
    });
    assert.deepEqual([own, events], [true, ["FAILED"]]);
  });

  it("Session event INCOMING_CALL: brings the call alone, and leaves the session's status", async () => {
    const given = await set.run(async () => {
      const bob = await window.lab.open("bob");
      const alice = await window.lab.open("alice");
      const arrived = new Promise<unknown[]>((resolve) => bob.session.on("INCOMING_CALL", (...args: unknown[]) => resolve(args)));
      window.lab.dial(alice, window.lab.name("bob"));
      const args = await arrived;
      const call = args[0] as { caller: () => string; status: () => string };
      return [args.length, call.caller() === window.lab.name("alice"), call.status(), bob.session.status()];
    });
    assert.deepEqual(given, [1, true, "NEW", "ESTABLISHED"]);
  });

  it("Session event APP_DATA: leaves the session's status", async () => {
    const status = await set.run(async () => {
      const { alice, bob } = await window.lab.pair();
      await alice.session.sendData({});
      return (await bob.seen.until("APP_DATA")).status;
    });
    assert.equal(status, "ESTABLISHED");
  });

  it("Session event WARN: tells of what ends nothing, with a text", async () => {
    const [info, status] = await set.run(async () => {
      const { alice, out } = await window.lab.pair();
      out.call.sendDTMF("no digits at all");
      const { args, status } = await alice.seen.until("WARN");
      return [(args[0] as { info: string }).info, status] as const;
    });
    assert.ok(info.length > 10);
    assert.equal(status, "ESTABLISHED");
  });

  it("Session event DEBUG: leaves the session's status", async () => {
    const status = await set.run(async () => {
      const { session, seen } = await window.lab.open("alice");
      session.startDebug();
      return (await seen.until("DEBUG")).status;
    });
    assert.equal(status, "ESTABLISHED");
  });

  it("Session event ESTABLISHED: may make a call at once, in its own listener", async () => {
    const status = await set.run(async () => {
      const bob = await window.lab.open("bob");
      const incoming = window.lab.incoming(bob);
      const { session, seen } = window.lab.begin("alice");
      session.on("ESTABLISHED", () => {
        session.createCall({ callee: window.lab.name("bob"), ...window.lab.media() }).call();
      });
      return [(await incoming).call.status(), seen.names().includes("FAILED")];
    });
    assert.deepEqual(status, ["NEW", false]);
  });

  it("two sessions of one page: live side by side", async () => {
    const [count, distinct] = await set.run(async () => {
      const sessions = await Promise.all(["alice", "bob", "carol"].map((who) => window.lab.open(who)));
      return [window.Flashphoner.getSessions().length, new Set(sessions.map(({ session }) => session.id())).size];
    });
    assert.deepEqual([count, distinct], [3, 3]);
  });
});
