/** The rows of the original's specification that end at a SIP peer: accounts, what is on the wire, statuses by SIP's answers. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { Kamailio } from "../peers/kamailio.ts";
import { endPrograms } from "../peers/program.ts";
import { Called, Caller } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";
import { lab } from "./lab.ts";

const set = lab({ keepAlive: 3, grace: 1 });

let kamailio: Kamailio;
before(async () => (kamailio = await Kamailio.start({ users: { web: "web-password", other: "other-password" } })));
afterEach(() => endPrograms((program) => program !== set.relay.program && program !== kamailio.program));
after(() => kamailio.stop());

/** An account at the SIP server, as the original's apps give it. */
function account(more: object = {}): object {
  const { address: domain, port } = kamailio;
  return { sipOptions: { login: "web", authenticationName: "web", password: "web-password", domain, port: `${port}`, ...more } };
}

/** An account whose requests go straight to SIPp. */
function direct(sipp: Sipp, more: object = {}): object {
  const sipOptions = { login: "web", password: "unused", domain: sipp.address, port: sipp.port, registerRequired: false, ...more };
  return { sipOptions };
}

/** Calls SIPp, which plays this scenario; what came of the call, as its events. */
async function calling(scenario: Called, options: object = {}): Promise<{ sipp: Sipp; events: string[]; end: Ending }> {
  const sipp = await Sipp.answering(scenario);
  const result = await set.run(
    async ([session, call]) => {
      const web = await window.lab.open("alice", session);
      const { call: made, seen } = window.lab.dial(web, "anyone", call);
      const ends = ["BUSY", "FAILED", "FINISH", "ESTABLISHED"];
      await window.lab.eventually(() => seen.names().some((event) => ends.includes(event)), "an answer");
      if (seen.names().includes("ESTABLISHED")) {
        made.hangup();
        await seen.until("FINISH");
      }
      return { events: seen.names(), end: { status: made.status(), sipStatus: made.getSipStatus(), info: made.getInfo() } };
    },
    [direct(sipp), options] as const,
  );
  await sipp.done();
  return { sipp, ...result };
}

interface Ending {
  status: string;
  sipStatus: number | undefined;
  info: string | undefined;
}

const answering = (): Called => new Called().invited().reply(200, "OK", { sdp: {} }).asked("ACK").asked("BYE").confirm();
const refusing = (code: number, reason: string): Called => new Called().invited().reply(code, reason).asked("ACK");

/** Registers in a page that stays, and gives the page. */
async function registered(more: object = {}): Promise<Page> {
  const page = await set.page();
  await page.evaluate(async (options) => {
    const { seen } = window.lab.begin("alice", options);
    await seen.until("REGISTERED");
  }, { ...account(), ...more });
  return page;
}

describe("sipOptions", () => {
  it("sipOptions.login: sipOptions.authenticationName: and sipOptions.password: register the account", async () => {
    const from = kamailio.program.output.now();
    const events = await set.run(async (options) => {
      const { seen } = window.lab.begin("alice", options);
      await seen.until("REGISTERED");
      return seen.names();
    }, account());
    assert.deepEqual(events, ["CONNECTED", "ESTABLISHED", "REGISTERED"]);
    await kamailio.registered("web", true, { from });
  });

  it("sipOptions.authenticationName: is who the digest names, and the login whom the account is for", async () => {
    const challenge = 'WWW-Authenticate: Digest realm="office", nonce="4711", algorithm=MD5';
    const sipp = await Sipp.answering(
      new Called().asked("REGISTER").registrar(401, "Unauthorized", [challenge]).asked("REGISTER").registrar(200, "OK", ["Expires: 300"])
        .asked("REGISTER").registrar(200, "OK"),
    );
    const page = await registered(direct(sipp, { authenticationName: "somebody", password: "other-password", registerRequired: true }));
    const request = await sipp.message(/^REGISTER [^]*^Authorization:/m);
    assert.match(request, /^Authorization: *Digest .*username="somebody"/m);
    assert.match(request, /^To: *<sip:web@/m);
    await page.context().close();
    await sipp.message(/^REGISTER [^]*^Expires: 0/m);
    await sipp.done();
  });

  it("sipOptions.password: that is wrong fails the session", async () => {
    const events = await set.run(async (options) => {
      const { seen } = window.lab.begin("alice", options);
      await seen.until("FAILED");
      return seen.names();
    }, account({ password: "a-wrong-guess" }));
    assert.ok(!events.includes("REGISTERED"));
  });

  it("sipOptions.domain: is where calls go, and sipOptions.port: may be a text or a number", async () => {
    for (const asText of [true, false]) {
      const sipp = await Sipp.answering(refusing(486, "Busy Here"));
      await set.run(async (session) => {
        const web = await window.lab.open("alice", session);
        await window.lab.dial(web, "anyone").seen.until("BUSY");
      }, direct(sipp, { port: asText ? `${sipp.port}` : sipp.port }));
      assert.match(await sipp.message(/^INVITE /m), new RegExp(`^INVITE sip:anyone@${sipp.address}`, "m"));
      await sipp.done();
    }
  });

  it("sipOptions.port: is of the domain", async () => {
    const { sipp } = await calling(refusing(486, "Busy Here"));
    assert.match(await sipp.message(/^INVITE /m), /^INVITE sip:anyone@/m);
  });

  for (const option of ["sipOptions.outboundProxy", "sipOptions.proxy"]) {
    it(`${option}: is where requests go, whatever the domain`, async () => {
      const sipp = await Sipp.answering(refusing(486, "Busy Here"));
      await set.run(async (session) => {
        const web = await window.lab.open("alice", session);
        await window.lab.dial(web, "anyone").seen.until("BUSY");
      }, direct(sipp, { domain: "example.org", [option.replace("sipOptions.", "")]: sipp.address }));
      assert.match(await sipp.message(/^INVITE /m), /^INVITE sip:anyone@example\.org/m);
      await sipp.done();
    });
  }

  it("sipOptions.registerRequired: false registers nobody, and calls go out", async () => {
    const { sipp, events } = await calling(answering());
    assert.ok(events.includes("ESTABLISHED"));
    assert.doesNotMatch(sipp.messages(), /^REGISTER /m);
  });
});

describe("registration", () => {
  it("Session event REGISTERED: follows ESTABLISHED with the session", async () => {
    const [own, status] = await set.run(async (options) => {
      const { session, seen } = window.lab.begin("alice", options);
      const { args, status } = await seen.until("REGISTERED");
      return [args[0] === session, status] as const;
    }, account());
    assert.deepEqual([own, status], [true, "REGISTERED"]);
  });

  it("Session event UNREGISTERED: fires when the server will not have the account any more", async () => {
    const sipp = await Sipp.answering(
      new Called().asked("REGISTER").registrar(200, "OK", ["Expires: 4"]).asked("REGISTER").registrar(403, "Forbidden"),
    );
    const page = await registered(direct(sipp, { registerRequired: true }));
    const own = await page.evaluate(() => {
      const [session] = window.Flashphoner.getSessions();
      return new Promise((resolve) => session.on("UNREGISTERED", (...args: unknown[]) => resolve(args[0] === session)));
    });
    assert.equal(own, true);
    await sipp.done();
    await page.context().close();
  });

  it("createSession option keepAlive: keeps the registration while the page is away", async () => {
    const from = kamailio.program.output.now();
    const page = await registered({ keepAlive: true });
    await kamailio.registered("web", true, { from });
    await page.context().close();
    const sipp = await Sipp.calling("web", set.relay.sip, new Caller().invite().progress().expect(480).acknowledge({ failure: true }));
    await sipp.stop();
    // Removed only once the keep-alive time is over: later than the grace of sessions that are not kept alive.
    const early = await kamailio.registered("web", false, { from, ms: 1800 }).then(() => true, () => false);
    assert.equal(early, false);
    await kamailio.registered("web", false, { from });
  });

  it("createSession option authToken: brings the registration back, and REGISTERED with it", async () => {
    const events = await set.run(async (options) => {
      const first = window.lab.begin("alice", { ...options, keepAlive: true });
      const [, { authToken }] = (await first.seen.until("ESTABLISHED")).args as [unknown, { authToken: string }];
      await first.seen.until("REGISTERED");
      first.session.disconnect();
      await first.seen.until("DISCONNECTED");
      const again = window.lab.begin("alice", { keepAlive: true, authToken, sipOptions: undefined });
      await again.seen.until("REGISTERED");
      return again.seen.names();
    }, account());
    assert.deepEqual(events, ["CONNECTED", "ESTABLISHED", "REGISTERED"]);
  });

  it("Session.createCall: is possible after REGISTERED", async () => {
    const status = await set.run(async (options) => {
      const { session, seen } = window.lab.begin("alice", options);
      await seen.until("REGISTERED");
      return session.createCall({ callee: "somebody" }).status();
    }, account());
    assert.equal(status, "NEW");
  });
});

describe("statuses by SIP's answers", () => {
  it("Call status TRYING: is 100 Trying, Call status RING: is 180", async () => {
    const { events } = await calling(
      new Called().invited().reply(100, "Trying").reply(180, "Ringing").reply(200, "OK", { sdp: {} }).asked("ACK").asked("BYE").confirm(),
    );
    assert.deepEqual(events, ["TRYING", "RING", "ESTABLISHED", "FINISH"]);
  });

  it("Call status SESSION_PROGRESS: or Call status RING_MEDIA: is 183 with sound before the answer", async () => {
    const { events } = await calling(
      new Called().invited().reply(183, "Session Progress", { sdp: {} }).reply(200, "OK", { sdp: {} }).asked("ACK").asked("BYE").confirm(),
    );
    assert.ok(events.some((event) => ["SESSION_PROGRESS", "RING_MEDIA"].includes(event)), events.join(" "));
  });

  it("Call status RING_MEDIA: is 180 with sound before the answer", async () => {
    const { events } = await calling(
      new Called().invited().reply(180, "Ringing", { sdp: {} }).reply(200, "OK", { sdp: {} }).asked("ACK").asked("BYE").confirm(),
    );
    assert.ok(events.includes("RING_MEDIA"), events.join(" "));
  });

  for (const [code, reason] of [[486, "Busy Here"], [600, "Busy Everywhere"]] as const) {
    it(`Call status BUSY: is ${code}`, async () => {
      const { end } = await calling(refusing(code, reason));
      assert.deepEqual([end.status, end.sipStatus], ["BUSY", code]);
    });
  }

  for (const [code, reason] of [[403, "Forbidden"], [404, "Not Found"], [480, "Temporarily Unavailable"], [503, "Service Unavailable"], [603, "Decline"]] as const) {
    it(`Call status FAILED: is ${code}, which can be read`, async () => {
      const { end } = await calling(refusing(code, reason));
      assert.deepEqual([end.status, end.sipStatus], ["FAILED", code]);
      assert.match(end.info ?? "", new RegExp(`${code} ${reason}`));
    });
  }
});

describe("on the wire", () => {
  it("createCall option visibleName: is the display name in From", async () => {
    const { sipp } = await calling(answering(), { visibleName: "Ada Lovelace" });
    assert.match(await sipp.message(/^INVITE /m), /^From: *"?Ada Lovelace"? *</m);
  });

  it("createCall option sipHeaders: are headers of the INVITE", async () => {
    const { sipp } = await calling(answering(), { sipHeaders: ["X-Ticket: 4711", ["X-Queue", "sales"]] });
    const invite = await sipp.message(/^INVITE /m);
    assert.match(invite, /^X-Ticket: 4711\r?$/m);
    assert.match(invite, /^X-Queue: sales\r?$/m);
  });

  it("createCall option sipSDP: are lines of the offer", async () => {
    const { sipp } = await calling(answering(), { sipSDP: ["a=x-desk:7"] });
    assert.match(await sipp.message(/^INVITE /m), /^a=x-desk:7\r?$/m);
  });

  it("createCall option stripCodecs: are not in the offer", async () => {
    const { sipp } = await calling(answering(), { stripCodecs: "opus,G722" });
    // The page's offer has the two of G.711 left. Behind them the relay offers what it would translate.
    assert.match(await sipp.message(/^INVITE /m), /^m=audio \d+ RTP\/AVP (0 8|8 0) /m);
  });

  it("answer option sipHeaders: and answer option sipSDP: are in the answer", async () => {
    const page = await set.page();
    const who = await page.evaluate(async () => {
      const bob = await window.lab.open("bob");
      void window.lab.incoming(bob).then((inc) => {
        inc.call.answer({ ...window.lab.media(), sipHeaders: ["X-Desk: 7"], sipSDP: ["a=x-desk:7"] });
      });
      return window.lab.name("bob");
    });
    const sipp = await Sipp.calling(who, set.relay.sip, new Caller().invite().progress().expect(200).acknowledge().bye().expect(200));
    const answer = await sipp.message(/^SIP\/2\.0 200 [^]*^X-Desk: 7/m);
    assert.match(answer, /^a=x-desk:7\r?$/m);
    await sipp.done();
    await page.context().close();
  });

  for (const [type, body] of [["INFO", /application\/dtmf\r?\n[^]*5/], ["INFO_RELAY", /application\/dtmf-relay\r?\n[^]*Signal= *5/]] as const) {
    it(`Call.sendDTMF type ${type}: is a SIP INFO`, async () => {
      const scenario = new Called().invited().reply(200, "OK", { sdp: {} }).asked("ACK").asked("INFO").confirm().asked("BYE").confirm();
      const sipp = await Sipp.answering(scenario);
      const page = await set.page();
      await page.evaluate(async ([session, type]) => {
        const web = await window.lab.open("alice", session);
        const { call, seen } = window.lab.dial(web, "anyone");
        await seen.until("ESTABLISHED");
        call.sendDTMF("5", type);
        Object.assign(window, { call });
      }, [direct(sipp), type] as const);
      assert.match(await sipp.message(/^INFO /m), body);
      await page.evaluate(() => (window as unknown as { call: { hangup: () => void } }).call.hangup());
      await sipp.done();
      await page.context().close();
    });
  }

  it("better: a second description of the server is answered: the peer holds and moves its media", async () => {
    const sipp = await Sipp.answering(
      new Called()
        .invited()
        .reply(200, "OK", { sdp: {} })
        .asked("ACK")
        .request("INVITE", { direction: "sendonly", version: 2 })
        .answered(200)
        .acknowledge()
        .request("INVITE", { version: 3 })
        .answered(200)
        .acknowledge()
        .request("BYE")
        .answered(200),
    );
    const events = await set.run(async (session) => {
      const web = await window.lab.open("alice", session);
      const { seen } = window.lab.dial(web, "anyone");
      await seen.until("FINISH");
      return seen.names().filter((event) => event !== "TRYING");
    }, direct(sipp));
    await sipp.done();
    assert.deepEqual(events, ["ESTABLISHED", "HOLD", "ESTABLISHED", "FINISH"]);
  });
});
