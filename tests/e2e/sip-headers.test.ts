/** Headers and lines of apps on the wire, those of SIP peers in the app, and what may not pass. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Called, Caller } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";
import type { AnswerChoice } from "../page/phone.ts";
import type { BrowserPhone } from "../peers/phone.ts";
import { stage } from "./stage.ts";

const set = stage({ users: { web: "" } });

/** A phone that rings, is answered and hung up by the browser, and says these things of itself. */
function taken(headers: readonly string[] = []): Called {
  return new Called().invited().reply(180, "Ringing", { headers }).reply(200, "OK", { sdp: {}, headers }).asked("ACK");
}

/** How a call with these options is refused: by the SDK itself, or by the relay. */
async function refusal(web: BrowserPhone, options: AnswerChoice): Promise<(string | undefined)[]> {
  try {
    const end = await web.end(await web.call("anyone", options));
    return [end.code, end.field];
  } catch (error) {
    const thrown = /OffhookError: (\w+)/.exec(String(error));
    if (!thrown) throw error;
    return ["invalidField", thrown[1]];
  }
}

describe("headers of the app", () => {
  it("go out with its call, and so do its lines", async () => {
    const sipp = await Sipp.answering(taken().asked("BYE").confirm());
    const web = await set.phone();
    await web.register(set.direct(sipp.target));
    const sipHeaders = { "X-Ticket": "42; priority=\"high\"", "X-Name": "Grüße 😀" };
    const call = await web.call("anyone", { sipHeaders, sipSDP: ["a=X-vendor:1", "b=AS:64"] });
    await web.event(call, "ESTABLISHED");
    const invite = await sipp.message(/^INVITE /m);
    assert.match(invite, /^X-Ticket: 42; priority="high"\r?$/m);
    assert.match(Buffer.from(invite, "latin1").toString("utf8"), /^X-Name: Grüße 😀\r?$/m);
    assert.match(invite, /^b=AS:64\r?$/m);
    assert.match(invite, /^a=X-vendor:1\r?$/m);
    await web.hangup(call);
    await sipp.done();
  });

  it("go out with its answer", async () => {
    const web = await set.local("web");
    const scenario = new Caller().invite().progress().expect(200).acknowledge().asked("BYE").confirm();
    const sipp = await Sipp.calling("web", set.relay.sip, scenario);
    const { id } = await web.incoming();
    await web.answer(id, { sipHeaders: { "X-Agent": "7" } });
    await web.event(id, "ESTABLISHED");
    assert.match(await sipp.message(/^SIP\/2.0 200/m), /^X-Agent: 7\r?$/m);
    await web.hangup(id);
    await sipp.done();
  });

  it("cannot speak for the relay or begin a line of their own", async () => {
    const web = await set.phone();
    // Nobody listens there: nothing may even be tried.
    await web.register(set.direct("127.0.0.30:9"));
    const owned = { "Via": "SIP/2.0/UDP evil", "f": "<sip:evil@evil>", "Content-Length": "0", "P-Asserted-Identity": "<sip:boss@evil>" };
    for (const [name, value] of Object.entries(owned)) {
      assert.deepEqual(await refusal(web, { sipHeaders: { [name]: value } }), ["invalidField", "sipHeaders"], name);
    }
    const broken = { "X-A": "1\r\nX-B: 2", "X-C": "1\r\n folded", "X D": "1", "X-E:": "1", "X-F\r\nVia": "1", "X-Grüße": "1" };
    for (const [name, value] of Object.entries(broken)) {
      assert.deepEqual(await refusal(web, { sipHeaders: { [name]: value } }), ["invalidField", "sipHeaders"], name);
    }
    for (const line of ["a=sendonly", "m=audio 1 RTP/AVP 0", "a=x\r\na=crypto:1 x", "c=IN IP4 192.0.2.1"]) {
      assert.deepEqual(await refusal(web, { sipSDP: [line] }), ["invalidField", "sipSDP"], line);
    }
  });
});

describe("headers of a peer", () => {
  it("reach the app with each answer", async () => {
    const sipp = await Sipp.answering(taken(["X-Branch: sales", "Server: hidden"]).asked("BYE").confirm());
    const web = await set.phone();
    await web.register(set.direct(sipp.target));
    const call = await web.call("anyone");
    for (const event of ["RING", "ESTABLISHED"]) {
      const { headers = [] } = await web.event(call, event);
      assert.ok(headers.includes("X-Branch: sales"), `${event}: ${headers.join(" | ")}`);
      assert.ok(!headers.some((header) => /^(Server|Via|Contact):/i.test(header)), headers.join(" | "));
    }
    await web.hangup(call);
    await sipp.done();
  });

  it("reach the app with a call", async () => {
    const web = await set.local("web");
    const headers = ["X-Queue: sales", "P-Asserted-Identity: <sip:+4930123@pbx.example>", "Diversion: <sip:front@pbx.example>;reason=no-answer"];
    const scenario = new Caller().invite({}, { headers }).progress().expect(603).acknowledge({ failure: true });
    const sipp = await Sipp.calling("web", set.relay.sip, scenario);
    const { id } = await web.incoming();
    const rings = await web.event(id, "RING");
    for (const header of headers) assert.ok(rings.headers?.includes(header), `${header} in ${rings.headers?.join(" | ")}`);
    await web.hangup(id);
    await sipp.done();
  });

  it("say why a call is refused", async () => {
    const scenario = new Called().invited().reply(486, "On holiday", { headers: ["X-Back: Monday"] }).asked("ACK");
    const sipp = await Sipp.answering(scenario);
    const web = await set.phone();
    await web.register(set.direct(sipp.target));
    const end = await web.end(await web.call("anyone"));
    assert.deepEqual([end.event, end.sipStatus], ["BUSY", 486]);
    assert.ok(end.headers?.includes("X-Back: Monday"), end.headers?.join(" | "));
    await sipp.done();
  });

  it("say why a call ends", async () => {
    const reason = 'Q.850;cause=31;text="Preempted"';
    const scenario = taken().pause(300).request("BYE", undefined, [`Reason: ${reason}`]).answered(200);
    const sipp = await Sipp.answering(scenario);
    const web = await set.phone();
    await web.register(set.direct(sipp.target));
    const end = await web.end(await web.call("anyone"));
    assert.equal(end.event, "FINISH");
    assert.ok(end.headers?.includes(`Reason: ${reason}`), end.headers?.join(" | "));
    await sipp.done();
  });
});
