// Flashphoner: devices, and media outside of calls.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { FlashphonerApi } from "../src/compat/flashphoner.js";
import { CompatBench } from "./fake-core.js";
import { FakePage, FakeStream, FakeTrack, FakeVideo } from "./fake-page.js";

const MIC = { deviceId: "m1", kind: "audioinput", label: "Desk" } as const;
const SPEAKER = { deviceId: "s1", kind: "audiooutput", label: "Loud" } as const;
const CAMERA = { deviceId: "c1", kind: "videoinput", label: "Face" } as const;

function initialised(): FlashphonerApi {
  const { flashphoner } = new CompatBench();
  void flashphoner.init({ logger: { enableLogs: false } });
  return flashphoner;
}

test("getMediaDevices: microphones and cameras by default, speakers or all if asked", async (t: TestContext) => {
  const page = new FakePage(t);
  page.devices = [MIC, SPEAKER, CAMERA, { ...MIC, deviceId: "communications" }];
  const flashphoner = initialised();
  const mic = { id: "m1", label: "Desk", type: "mic" };
  const speaker = { id: "s1", label: "Loud", type: "speaker" };
  const camera = { id: "c1", label: "Face", type: "camera" };
  assert.deepEqual(await flashphoner.getMediaDevices(), { audio: [mic], video: [camera] });
  assert.deepEqual(await flashphoner.getMediaDevices(null, false, "output"), { audio: [speaker], video: [] });
  assert.deepEqual(await flashphoner.getMediaDevices(null, false, "all"), { audio: [mic, speaker], video: [camera] });
  assert.deepEqual(page.asked, []);
});

test("getMediaDevices: empty labels are numbered", async (t: TestContext) => {
  const page = new FakePage(t);
  page.devices = [MIC, { ...MIC, deviceId: "m2" }, SPEAKER, CAMERA].map((device) => ({ ...device, label: "" }));
  const { audio, video } = await initialised().getMediaDevices(null, false, "all");
  assert.deepEqual([...audio, ...video].map(({ label }) => label), ["microphone1", "microphone2", "speaker1", "camera1"]);
});

test("getMediaDevices with labels: opens what may be opened, then stops it", async (t: TestContext) => {
  const page = new FakePage(t);
  page.shy = true;
  page.devices = [MIC, CAMERA];
  const flashphoner = initialised();
  const { audio } = await flashphoner.getMediaDevices(null, true, "input", { audio: true, video: false });
  assert.equal(audio[0]?.label, "Desk");
  assert.deepEqual(page.asked, [{ audio: true }]);
  assert.ok(page.streams.every(({ tracks }) => tracks.every(({ stopped }) => stopped)));
  await flashphoner.getMediaDevices(null, true);
  assert.deepEqual(page.asked.at(-1), { audio: true, video: true });
});

test("getMediaDevices with labels and no device rejects with the documented text", async (t: TestContext) => {
  new FakePage(t);
  await assert.rejects(initialised().getMediaDevices(null, true), { message: "input media devices not found" });
});

test("getMobileDevices: one camera at the front, one at the back", async (t: TestContext) => {
  const page = new FakePage(t);
  page.devices = ["wide", "user", "tele", "environment"].map((deviceId) => ({ ...CAMERA, deviceId }));
  const { video } = await initialised().getMobileDevices();
  assert.deepEqual(video.map(({ id }) => id), ["user", "environment"]);
  assert.ok(page.streams.every(({ tracks }) => tracks.every(({ stopped }) => stopped)));
});

test("getMobileDevices: with a camera on one side only that one, with neither all", async (t: TestContext) => {
  const page = new FakePage(t);
  page.devices = ["usb", "user"].map((deviceId) => ({ ...CAMERA, deviceId }));
  const refused = (...modes: string[]) => ({ video }: MediaStreamConstraints): Error | undefined =>
    modes.some((mode) => JSON.stringify(video).includes(mode)) ? new Error("OverconstrainedError") : undefined;
  page.refuse = refused("environment");
  const flashphoner = initialised();
  assert.deepEqual((await flashphoner.getMobileDevices()).video.map(({ id }) => id), ["user"]);
  page.refuse = refused("environment", "user");
  assert.deepEqual((await flashphoner.getMobileDevices()).video.map(({ id }) => id), ["usb", "user"]);
});

test("getMediaAccess: opens media into the display and resolves to it; the same constraints again reuse it", async (t: TestContext) => {
  const page = new FakePage(t);
  const display = page.display();
  const flashphoner = initialised();
  assert.equal(await flashphoner.getMediaAccess({ audio: true, video: { width: 640, height: 480, frameRate: 15 } }, display), display);
  assert.deepEqual(page.asked, [{ audio: true, video: { width: 640, height: 480, frameRate: { ideal: 15 } } }]);
  const [video] = display.children;
  assert.match(video?.id ?? "", /-LOCAL_CACHED_VIDEO$/);
  assert.deepEqual([video?.muted, video?.playsInline, video?.srcObject], [true, true, page.streams[0]]);
  assert.equal(video?.dataset["constraints"], '{"audio":true,"video":{"width":640,"height":480,"frameRate":15}}');
  await flashphoner.getMediaAccess({ audio: true, video: { width: 640, height: 480, frameRate: 15 } }, display);
  assert.equal(page.asked.length, 1);
  await flashphoner.getMediaAccess({ audio: true }, display);
  assert.deepEqual([page.asked.length, display.children.length], [2, 1]);
  assert.ok(page.streams[0]?.tracks.every(({ stopped }) => stopped));
});

test("getMediaAccess: constraints default to those of init, and are left alone if asked", async (t: TestContext) => {
  const page = new FakePage(t);
  const { flashphoner } = new CompatBench();
  void flashphoner.init({ constraints: { audio: { stereo: true }, video: true }, logger: { enableLogs: false } });
  await flashphoner.getMediaAccess(null, page.display());
  await flashphoner.getMediaAccess(null, page.display(), null, true);
  assert.deepEqual(page.asked, [
    { audio: { stereo: true, echoCancellation: false }, video: { width: 320, height: 240, frameRate: { ideal: 30 } } },
    { audio: { stereo: true }, video: true },
  ]);
});

test("getMediaAccess: a screen, a stream of the app's, and nothing at all", async (t: TestContext) => {
  const page = new FakePage(t);
  const flashphoner = initialised();
  await flashphoner.getMediaAccess({ video: { type: "screen" } }, page.display(), null, true);
  assert.deepEqual(page.asked, [{ audio: false, video: {} }]);
  const customStream = new FakeStream([new FakeTrack("audio")]) as unknown as MediaStream;
  const display = page.display();
  await flashphoner.getMediaAccess({ customStream }, display);
  assert.equal(display.children[0]?.srcObject, customStream);
  const empty = page.display();
  await flashphoner.getMediaAccess({ audio: false, video: false }, empty);
  assert.deepEqual([empty.children, page.asked.length], [[], 1]);
});

test("constraints: Safari gets ranges, new Chromes their own frame rate, sizes that are none a small picture", async (t: TestContext) => {
  const opened = async (userAgent: string, vendor: string, video: MediaTrackConstraints | true): Promise<unknown> => {
    const page = new FakePage(t, userAgent, vendor);
    await initialised().getMediaAccess({ video }, page.display());
    return page.asked[0]?.video;
  };
  const safari = "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/17.4 Safari/605.1.15";
  const chrome = "Mozilla/5.0 (X11) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36";
  const frameRate = { ideal: 30 };
  assert.deepEqual(await opened(safari, "Apple", true), { width: { min: 320, max: 640 }, height: { min: 180, max: 360 }, frameRate });
  assert.deepEqual(await opened(safari, "Apple", { width: 640, height: 480 }), {
    width: { min: 640, max: 640 }, height: { min: 480, max: 480 }, frameRate,
  });
  assert.deepEqual(await opened(chrome, "Google Inc.", { width: NaN, height: 0 }), { width: 320, height: 240 });
  assert.deepEqual(await opened(chrome, "Google Inc.", { width: { ideal: 1280 }, height: { ideal: 720 } }), {
    width: { ideal: 1280 }, height: { ideal: 720 },
  });
});

test("releaseLocalMedia: true if something was found and stopped", async (t: TestContext) => {
  const page = new FakePage(t);
  const display = page.display();
  const flashphoner = initialised();
  assert.equal(flashphoner.releaseLocalMedia(display), false);
  await flashphoner.getMediaAccess({ audio: true }, display);
  assert.equal(flashphoner.releaseLocalMedia(display), true);
  assert.ok(page.streams[0]?.tracks.every(({ stopped }) => stopped));
  assert.deepEqual([display.children[0]?.srcObject, display.children[0]?.dataset["constraints"]], [null, undefined]);
});

test("playFirstVideo: a muted video with a cached id, once per display; it plays what it is given first", async (t: TestContext) => {
  const page = new FakePage(t);
  const [local, remote] = [page.display(), page.display()];
  const flashphoner = initialised();
  await flashphoner.playFirstVideo(local, true, "preloader.mp4", true);
  await flashphoner.playFirstVideo(local, true, "preloader.mp4");
  await flashphoner.playFirstVideo(remote, false);
  const [mine, theirs] = [local.children[0], remote.children[0]];
  assert.deepEqual([local.children.length, remote.children.length], [1, 1]);
  assert.match(mine?.id ?? "", /-LOCAL_CACHED_VIDEO$/);
  assert.match(theirs?.id ?? "", /-REMOTE_CACHED_VIDEO$/);
  assert.deepEqual([mine?.muted, mine?.controls, mine?.played, mine?.src], [true, true, ["preloader.mp4"], ""]);
});

test("playFirstVideo rejects where the browser does not let it play", async (t: TestContext) => {
  const page = new FakePage(t);
  FakeVideo.refusal = new Error("NotAllowedError");
  t.after(() => { FakeVideo.refusal = undefined; });
  await assert.rejects(initialised().playFirstVideo(page.display(), true, "preloader.mp4"), /NotAllowedError/);
});

test("playFirstSound: true where there is an AudioContext", (t: TestContext) => {
  const flashphoner = initialised();
  assert.equal(flashphoner.playFirstSound(), false);
  const heard: string[] = [];
  class AudioContext {
    destination = "speakers";
    resume(): Promise<void> {
      return Promise.resolve();
    }
    createBuffer(channels: number, length: number): string {
      return `${channels}x${length}`;
    }
    createBufferSource(): unknown {
      return { buffer: "", connect: (to: string) => heard.push(to), start: () => heard.push("started") };
    }
  }
  Object.assign(globalThis, { AudioContext });
  t.after(() => Reflect.deleteProperty(globalThis, "AudioContext"));
  assert.equal(flashphoner.playFirstSound(), true);
  assert.deepEqual(heard, ["speakers", "started"]);
});

test("Browser: every question has an answer, by the browser's own name", (t: TestContext) => {
  const agents = {
    chrome: ["Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36", "Google Inc."],
    firefox: ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", ""],
    safari: ["Mozilla/5.0 (iPhone; CPU iPhone OS 17_4) AppleWebKit/605.1.15 Version/17.4 Mobile/15E148 Safari/604.1", "Apple"],
    edge: ["Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0", "Google Inc."],
    samsung: ["Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 SamsungBrowser/25.0 Chrome/121.0 Mobile Safari/537.36", "Google Inc."],
    firefoxOnAndroid: ["Mozilla/5.0 (Android 14; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", ""],
  };
  const yes = Object.entries(agents).map(([name, [userAgent, vendor]]) => {
    new FakePage(t, userAgent, vendor);
    const { Browser } = new CompatBench().flashphoner;
    const is = Object.entries(Browser).filter(([question, answer]) => question !== "version" && answer() === true);
    return [name, Browser.version(), ...is.map(([question]) => question)].join(" ");
  });
  assert.deepEqual(yes, [
    "chrome 140 isChrome",
    "firefox 140 isFirefox",
    "safari 17 isiOS isSafari isSafariWebRTC",
    "edge 139 isChrome isChromiumEdge",
    "samsung 121 isChrome isAndroid isSamsungBrowser",
    "firefoxOnAndroid 140 isFirefox isAndroid isAndroidFirefox",
  ]);
});
