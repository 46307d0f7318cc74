/** The original's Phone Video, unmodified: two visitors who see each other, and every device control of the page. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { eventually } from "../peers/deadline.ts";
import { hears, hearsNothing } from "../peers/hearing.ts";
import { BROWSER_VOICE, OTHER_VOICE } from "../e2e/stage.ts";
import type { ExamplePage } from "./example-page.ts";
import { type VisitorOptions, office } from "./office.ts";

const set = office({ users: { ann: "ann-password", ben: "ben-password" } });

const MUTE_AUDIO = "#muteAudioToggle + .btn-toggle button:first-child";
const MUTE_VIDEO = "#muteVideoToggle + .btn-toggle button:first-child";
const SHARE = "#screenSharingToggle + .btn-toggle button:first-child";

/** The page with an account of the relay itself: its own address as the domain, and no port (the original's way). */
async function connected(user: "ann" | "ben", options: VisitorOptions = {}): Promise<ExamplePage> {
  const page = await set.visit("sip/phone-video/phone-video.html", options);
  await page.visible("#callBtn");
  const { hostname } = new URL(set.relay.http);
  await page.fill({
    "#sipLogin": user,
    "#sipAuthenticationName": user,
    "#sipPassword": `${user}-password`,
    "#sipDomain": hostname,
    "#sipOutboundProxy": hostname,
    "#sipPort": "0",
  });
  await choices(page, "#cameraList", 2);
  await page.click("#connectBtn");
  await page.shows("regStatus", "REGISTERED");
  return page;
}

/** Waits until the list offers as many devices, and gives their ids. */
function choices(page: ExamplePage, list: string, least: number): Promise<string[]> {
  return eventually(async () => {
    const ids = await page.page.$$eval(`${list} option`, (options) => options.map((option) => (option as HTMLOptionElement).value));
    return ids.length >= least && ids;
  }, `${list} to offer ${least} devices`);
}

async function conversation(): Promise<{ ann: ExamplePage; ben: ExamplePage }> {
  const [ann, ben] = [await connected("ann"), await connected("ben", { other: true })];
  await ann.fill({ "#callee": "ben" });
  await ann.click("#callBtn");
  await ann.shows("callStatus", "RING");
  await ben.click("#answerBtn");
  await Promise.all([ann, ben].map((page) => page.shows("callStatus", "ESTABLISHED")));
  return { ann, ben };
}

/** What the display plays just now: its size, a sum over its pixels, and how many frames it has shown. */
interface Picture {
  width: number;
  height: number;
  frames: number;
  light: number;
}

function picture(page: ExamplePage, display: string): Promise<Picture | undefined> {
  return page.page.evaluate((selector) => {
    const video = document.querySelector<HTMLVideoElement>(`${selector} video`);
    if (!video || video.videoWidth === 0) return undefined;
    const canvas = Object.assign(document.createElement("canvas"), { width: 32, height: 24 });
    const context = canvas.getContext("2d");
    if (!context) return undefined;
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const light = data.reduce((sum, value, i) => sum + (i % 4 === 3 ? 0 : value), 0);
    const frames = video.getVideoPlaybackQuality().totalVideoFrames;
    return { width: video.videoWidth, height: video.videoHeight, frames, light };
  }, display);
}

/** Waits until the display plays a moving picture of this kind. */
async function sees(page: ExamplePage, display: string, kind: (seen: Picture) => boolean, what: string): Promise<void> {
  let last: Picture | undefined;
  const first = await eventually(() => picture(page, display), `${display} to show a picture`);
  await eventually(
    async () => {
      last = await picture(page, display);
      return last !== undefined && last.frames > first.frames + 5 && kind(last);
    },
    () => `${display} to show ${what}: ${JSON.stringify(last)}`,
  );
}

const bright = ({ light }: Picture): boolean => light > 20_000;
const black = ({ light }: Picture): boolean => light < 5000;

describe("Phone Video", () => {
  it("lists microphones, cameras and speakers by their names", async () => {
    const ann = await connected("ann");
    for (const list of ["#micList", "#cameraList", "#speakerList"]) await choices(ann, list, 2);
    const labels = await ann.page.$$eval("#cameraList option", (options) => options.map((option) => option.textContent));
    for (const label of labels) assert.match(label, /fake/i);
    assert.deepEqual(ann.errors, []);
    await ann.reads("#notifyFlash", "");
  });

  it("carries pictures and sound both ways, mutes each, fills in the statistics, holds and finishes", async () => {
    const { ann, ben } = await conversation();
    await Promise.all([ann.record("#remoteVideo"), ben.record("#remoteVideo")]);
    await Promise.all([hears(ann, OTHER_VOICE), hears(ben, BROWSER_VOICE)]);
    await Promise.all([ann, ben].map((page) => sees(page, "#remoteVideo", bright, "a bright picture")));
    await sees(ann, "#localVideo", (seen) => seen.width === 320 && seen.height === 240, "320x240");

    await ann.click(MUTE_VIDEO);
    await sees(ben, "#remoteVideo", black, "black");
    await ann.click(MUTE_VIDEO);
    await sees(ben, "#remoteVideo", bright, "a bright picture again");
    await ann.click(MUTE_AUDIO);
    await hearsNothing(ben);
    await ann.click(MUTE_AUDIO);
    await hears(ben, BROWSER_VOICE);

    for (const id of ["videoStatBytesSent", "videoStatPacketsSent", "audioStatBytesSent", "audioStatPacketsSent"]) {
      await ann.texts.waitFor((shown) => shown.id === id && Number(shown.text) > 0, `#${id} to be filled in`);
    }

    await ann.click("#holdBtn");
    await ann.reads("#holdBtn", "Unhold");
    await ann.enabled("#holdBtn");
    await hearsNothing(ben);
    await ann.click("#holdBtn");
    await ann.enabled("#holdBtn");
    await hears(ben, BROWSER_VOICE);

    await ann.click("#callBtn");
    await Promise.all([ann, ben].map((page) => page.shows("callStatus", "FINISH")));
    assert.deepEqual([...ann.errors, ...ben.errors], []);
  });

  it("switches camera and microphone to the next and to a chosen one", async () => {
    const { ann, ben } = await conversation();
    const [cameras, mics] = [await choices(ann, "#cameraList", 2), await choices(ann, "#micList", 2)];
    for (const [list, button] of [["#cameraList", "#switchCamBtn"], ["#micList", "#switchMicBtn"]] as const) {
      const before = await ann.value(list);
      await ann.click(button);
      await eventually(async () => (await ann.value(list)) !== before, `${list} to name the next device`);
    }
    await ann.page.selectOption("#cameraList", cameras[0] ?? "");
    await ann.page.selectOption("#micList", mics[0] ?? "");
    await sees(ben, "#remoteVideo", bright, "a bright picture from the other camera");
    await ben.record("#remoteVideo");
    await hears(ben, BROWSER_VOICE);
    assert.deepEqual(ann.errors, []);
  });

  it("shares the screen and goes back to the camera", async () => {
    const { ann, ben } = await conversation();
    const size = (seen: Picture): string => `${seen.width}x${seen.height}`;
    await sees(ben, "#remoteVideo", bright, "the camera");
    await ann.click(SHARE);
    await sees(ann, "#localVideo", (seen) => size(seen) !== "320x240", "the screen");
    await ann.enabled("#switchCamBtn", false);
    await sees(ben, "#remoteVideo", () => true, "the screen");
    await ann.click(SHARE);
    await sees(ann, "#localVideo", (seen) => size(seen) === "320x240", "the camera");
    await ann.enabled("#switchCamBtn");
    await sees(ben, "#remoteVideo", bright, "the camera again");
    assert.deepEqual(ann.errors, []);
  });

  it("plays the call on the speaker that is chosen", async () => {
    const { ann } = await conversation();
    const speakers = await choices(ann, "#speakerList", 2);
    const other = speakers.at(-1) ?? "";
    await ann.page.selectOption("#speakerList", other);
    await ann.page.waitForFunction((id) => document.querySelector<HTMLVideoElement>("#remoteVideo video")?.sinkId === id, other);
  });

  it("is called by name, and either may decline", async () => {
    const [ann, ben] = [await connected("ann"), await connected("ben", { other: true })];
    await ann.fill({ "#callee": "ben" });
    await ann.click("#callBtn");
    await ben.visible("#incomingCallAlert");
    await ben.reads("#incomingCallAlert", "You have a new call from ann");
    await ben.click("#hangupBtn");
    await Promise.all([ann.shows("callStatus", "FAILED"), ben.shows("callStatus", "FINISH")]);
    await ann.enabled("#callBtn");
  });
});
