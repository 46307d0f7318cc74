/** Pictures between SIP telephones through the relay: decoded at the far end, and whole ones asked for. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { eventually } from "../peers/deadline.ts";
import { port } from "../peers/ports.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Called, Caller } from "../peers/scenario.ts";
import { sees } from "../peers/seeing.ts";
import { Sipp } from "../peers/sipp.ts";
import { VideoEnd, type VideoCodec, type VideoEndOptions } from "../peers/video-end.ts";
import type { Film } from "../picture/film.ts";

const BLUE: Film = { ground: [30, 40, 200] };
const GREEN: Film = { ground: [20, 150, 40] };
const [CALLER, CALLEE] = ["127.0.0.40", "127.0.0.30"];
/** What a telephone says that takes requests over RTCP. */
const PLI = ["a=rtcp-fb:* nack pli"];
const MEDIA_CONTROL = "application/media_control+xml";
const UPDATE = '<?xml version="1.0"?><media_control><vc_primitive><to_encoder><picture_fast_update/></to_encoder></vc_primitive></media_control>';

let relay: Relay;
/** Where the callee takes its calls. */
let called: number;
const ends: VideoEnd[] = [];

before(async () => {
  called = await port(CALLEE);
  relay = await Relay.start({
    users: { web: "" },
    connectTimeout: 120,
    tables: `
[trunks.caller]
host = "${CALLER}"
[trunks.callee]
host = "${CALLEE}:${called}"
addresses = []
[trunks.sound]
host = "${CALLEE}:${called}"
addresses = []
video = false
[[routes]]
number = "1*"
from = "caller"
trunk = "callee"
[[routes]]
number = "2*"
from = "caller"
trunk = "sound"
`,
  });
});
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  ends.splice(0).forEach((end) => end.close());
  await relay.idle();
});
after(() => relay.stop());

async function telephone(options: Partial<VideoEndOptions> = {}): Promise<VideoEnd> {
  const end = await VideoEnd.open({ shows: GREEN, address: CALLEE, ...options });
  ends.push(end);
  return end;
}

interface Conversation {
  caller: VideoEnd;
  callee: VideoEnd;
  placed: Sipp;
  taken: Sipp;
}

/** How the two describe their pictures, and what else happens before the caller hangs up. */
interface Course {
  readonly codec?: VideoCodec;
  readonly callerSays?: readonly string[];
  readonly calleeSays?: readonly string[];
  readonly placed?: (caller: Caller) => Caller;
  readonly taken?: (called: Called) => Called;
}

/** A video call that is up, and ends when the caller is nudged (once more). */
async function conversation(course: Course = {}): Promise<Conversation> {
  const codec = course.codec === undefined ? {} : { codec: course.codec };
  const [caller, callee] = [await telephone({ shows: BLUE, address: CALLER, ...codec }), await telephone(codec)];
  const [same, sameCalled] = [(scenario: Caller): Caller => scenario, (scenario: Called): Called => scenario];
  const answers = new Called().invited().reply(200, "OK", { sdp: { lines: callee.lines(course.calleeSays ?? PLI) } }).asked("ACK");
  const uas = (course.taken ?? sameCalled)(answers).asked("BYE").confirm();
  const taken = await Sipp.answering(uas, { address: CALLEE, port: called });
  const calls = new Caller().invite({ lines: caller.lines(course.callerSays ?? PLI) }).progress().expect(200).acknowledge();
  const uac = (course.placed ?? same)(calls).nudged().bye().expect(200);
  const placed = await Sipp.calling("100", relay.sip, uac, { address: CALLER });
  callee.film(await taken.message(/^INVITE /m));
  caller.film(await placed.message(/^SIP\/2\.0 200[^]*^m=video [1-9]/m));
  return { caller, callee, placed, taken };
}

async function over({ placed, taken }: Conversation): Promise<void> {
  await placed.nudge();
  await Promise.all([placed.done(), taken.done()]);
}

describe("pictures between two telephones", () => {
  for (const codec of ["VP8", "H264"] as const) {
    it(`are decoded at both ends in ${codec}`, async () => {
      const both = await conversation({ codec });
      await Promise.all([sees(both.caller, GREEN), sees(both.callee, BLUE)]);
      assert.ok(both.caller.frames >= 10 && both.callee.frames >= 10);
      await over(both);
    });
  }

  it("keep to the bandwidth that the other end names", async () => {
    const both = await conversation({ callerSays: ["b=AS:384"] });
    assert.match(await both.taken.message(/^INVITE /m), /^m=video[^]*^b=TIAS:384000\r?$/m);
    await over(both);
  });

  it("are left out where a trunk is configured to have none", async () => {
    const caller = await telephone({ address: CALLER });
    const uas = new Called().invited().reply(200, "OK", { sdp: {} }).asked("ACK").asked("BYE").confirm();
    const taken = await Sipp.answering(uas, { address: CALLEE, port: called });
    const uac = new Caller().invite({ lines: caller.lines() }).progress().expect(200).acknowledge().pause(200).bye().expect(200);
    const placed = await Sipp.calling("200", relay.sip, uac, { address: CALLER });
    assert.doesNotMatch(await taken.message(/^INVITE /m), /^m=video/m);
    assert.match(await placed.message(/^SIP\/2\.0 200[^]*^m=/m), /^m=video 0 RTP\/AVP 98/m);
    await Promise.all([placed.done(), taken.done()]);
  });

  it("are added to a running call, and taken away again with their ports", async () => {
    const [caller, callee] = [await telephone({ shows: BLUE, address: CALLER }), await telephone()];
    const uas = new Called().invited().reply(200, "OK", { sdp: {} }).asked("ACK");
    uas.reinvited().answerInvite(200, "OK", { version: 2, lines: callee.lines(PLI) }).asked("ACK");
    uas.reinvited().answerInvite(200, "OK", { version: 3, lines: ["m=video 0 RTP/AVP 98"] }).asked("ACK");
    const taken = await Sipp.answering(uas.asked("BYE").confirm(), { address: CALLEE, port: called });
    const uac = new Caller().invite().progress().expect(200).acknowledge().nudged();
    uac.reinvite({ version: 2, lines: caller.lines(PLI) }).progress().expect(200).acknowledge().nudged();
    uac.reinvite({ version: 3, lines: ["m=video 0 RTP/AVP 98"] }).progress().expect(200).acknowledge().nudged();
    const placed = await Sipp.calling("100", relay.sip, uac.bye().expect(200), { address: CALLER });
    const ports = (count: number): Promise<unknown> => eventually(async () => (await relay.health())["rtpPorts"] === count, `${count} pairs of ports`);
    await ports(2);
    await placed.nudge();
    callee.film(await taken.message(/^INVITE [^]*^m=video [1-9]/m));
    caller.film(await placed.message(/^SIP\/2\.0 200[^]*^m=video [1-9]/m));
    await Promise.all([sees(caller, GREEN), sees(callee, BLUE), ports(4)]);
    await placed.nudge();
    await ports(2);
    await placed.nudge();
    await Promise.all([placed.done(), taken.done()]);
  });
});

describe("a whole picture", () => {
  it("is asked of who films over RTCP, where that takes it", async () => {
    const both = await conversation();
    await sees(both.caller, GREEN);
    const from = both.callee.asked.now();
    both.caller.loses();
    await both.callee.asked.waitFor((asked) => asked === "pli", "a picture loss indication", { from });
    await over(both);
  });

  it("is asked for with FIR where who films knows nothing else", async () => {
    const both = await conversation({ calleeSays: ["a=rtcp-fb:98 ccm fir"] });
    await sees(both.caller, GREEN);
    both.caller.loses();
    await both.callee.asked.waitFor((asked) => asked === "fir", "a full intra request");
    assert.ok(!both.callee.asked.all().includes("pli"));
    await over(both);
  });

  it("is asked for by INFO where who films takes nothing over RTCP", async () => {
    const both = await conversation({ calleeSays: [], taken: (callee) => callee.asked("INFO").confirm() });
    await sees(both.caller, GREEN);
    both.caller.loses();
    const info = await both.taken.message(/^INFO /m);
    assert.match(info, /^Content-Type: application\/media_control\+xml/m);
    assert.match(info, /<picture_fast_update\/>/);
    assert.deepEqual(both.callee.asked.all(), []);
    await over(both);
  });

  it("that is asked for by INFO is asked of who films", async () => {
    const body = { type: MEDIA_CONTROL, body: UPDATE } as const;
    const both = await conversation({ placed: (caller) => caller.nudged().info(body).expect(200) });
    await sees(both.caller, GREEN);
    const from = both.callee.asked.now();
    await both.placed.nudge();
    await both.callee.asked.waitFor((asked) => asked === "pli", "a picture loss indication", { from });
    await over(both);
  });
});
