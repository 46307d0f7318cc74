/** Pictures between a browser and a SIP telephone: passed through as they are coded, decoded at the far end, recognised. */
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { eventually } from "../peers/deadline.ts";
import type { BrowserPhone } from "../peers/phone.ts";
import { Called, Caller } from "../peers/scenario.ts";
import { sees } from "../peers/seeing.ts";
import { Sipp } from "../peers/sipp.ts";
import { VideoEnd, type VideoCodec } from "../peers/video-end.ts";
import type { Film } from "../picture/film.ts";
import { stage } from "./stage.ts";

const BLUE: Film = { ground: [30, 40, 200] };
const GREEN: Film = { ground: [20, 150, 40] };
/** What a telephone says that takes requests over RTCP. */
const PLI = ["a=rtcp-fb:* nack pli"];
const UPDATE = '<?xml version="1.0"?><media_control><vc_primitive><to_encoder><picture_fast_update/></to_encoder></vc_primitive></media_control>';

const set = stage({ users: { web: "" }, rtpInactivity: 60, films: [BLUE, GREEN] });
const ends: VideoEnd[] = [];
afterEach(() => ends.splice(0).forEach((end) => end.close()));

async function telephone(codec: VideoCodec = "VP8"): Promise<VideoEnd> {
  const end = await VideoEnd.open({ shows: GREEN, codec, complains: true });
  ends.push(end);
  return end;
}

interface Conversation {
  web: BrowserPhone;
  call: string;
  end: VideoEnd;
  sipp: Sipp;
}

/** A call of the browser's that a telephone has taken, which goes on like this. */
async function taken(codec: VideoCodec, goesOn: (called: Called) => Called = (called) => called): Promise<Conversation> {
  const end = await telephone(codec);
  const called = new Called().invited().reply(180, "Ringing").reply(200, "OK", { sdp: { lines: end.lines(PLI) } }).asked("ACK");
  const sipp = await Sipp.answering(goesOn(called).asked("BYE").confirm());
  const web = await set.phone();
  await web.register(set.direct(sipp.target));
  const call = await web.call("anyone", { camera: true });
  end.film(await sipp.message(/^INVITE /m));
  await web.event(call, "ESTABLISHED");
  return { web, call, end, sipp };
}

async function over({ web, call, sipp }: Conversation): Promise<void> {
  await web.hangup(call);
  await sipp.done();
}

describe("pictures between a browser and a telephone", () => {
  for (const codec of ["VP8", "H264"] as const) {
    it(`are decoded at both ends in ${codec}`, async () => {
      const both = await taken(codec);
      await Promise.all([sees(both.end, BLUE), sees(both.web, GREEN)]);
      assert.ok(both.end.frames >= 10, `${both.end.frames} frames`);
      await over(both);
    });
  }

  it("are decoded at both ends when the telephone calls", async () => {
    const end = await telephone();
    const web = await set.local("web");
    const calls = new Caller().invite({ lines: end.lines(PLI) }).progress().expect(200).acknowledge();
    const sipp = await Sipp.calling("web", set.relay.sip, calls.nudged().bye().expect(200));
    const { id } = await web.incoming();
    await web.answer(id, { camera: true });
    await web.event(id, "ESTABLISHED");
    end.film(await sipp.message(/^SIP\/2\.0 200[^]*^m=video [1-9]/m));
    await Promise.all([sees(end, BLUE), sees(web, GREEN)]);
    await sipp.nudge();
    await sipp.done();
  });

  it("are seen where a telephone adds them to a running call", async () => {
    const end = await telephone();
    const called = new Called().invited().reply(200, "OK", { sdp: {} }).asked("ACK").nudged();
    const adds = called.request("INVITE", { version: 2, lines: end.lines(PLI) }).answered(200).acknowledge();
    const sipp = await Sipp.answering(adds.asked("BYE").confirm());
    const web = await set.phone();
    await web.register(set.direct(sipp.target));
    const call = await web.call("anyone");
    await web.event(call, "ESTABLISHED");
    assert.equal(await web.seen(), undefined);
    await sipp.nudge();
    end.film(await sipp.message(/^SIP\/2\.0 200[^]*^m=video [1-9]/m));
    await sees(web, GREEN);
    await over({ web, call, end, sipp });
  });

  it("begin anew with a whole one when the telephone asks for that by INFO", async () => {
    const asks = { type: "application/media_control+xml", body: UPDATE } as const;
    const both = await taken("VP8", (called) => called.nudged().info(asks).answered(200));
    await sees(both.end, BLUE);
    const before = both.end.whole;
    await both.sipp.nudge();
    await eventually(() => both.end.whole > before, () => `a whole picture after ${before}`);
    await over(both);
  });
});
