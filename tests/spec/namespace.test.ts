/** Section 1 of the original's specification: the global `Flashphoner`, its functions, options of `init`, constants. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lab } from "./lab.ts";

const set = lab();

describe("the namespace", () => {
  it("global Flashphoner: is there as soon as the classic script has run", async () => {
    const page = await set.page();
    const known = await page.evaluate(() => {
      const frame = document.body.appendChild(document.createElement("iframe"));
      const script = document.createElement("script");
      const xhr = new XMLHttpRequest();
      xhr.open("GET", "/offhook/flashphoner.js", false);
      xhr.send();
      script.text = xhr.responseText;
      frame.contentDocument?.head.append(script);
      return typeof (frame.contentWindow as Window & { Flashphoner: { createSession: unknown } }).Flashphoner.createSession;
    });
    assert.equal(known, "function");
    await page.context().close();
  });

  it("global Flashphoner: has every name of the original", async () => {
    const missing = await set.run(() => {
      const names = [
        "init", "isUsingTemasys", "getMediaProviders", "getMediaDevices", "getMobileDevices", "getMediaAccess",
        "releaseLocalMedia", "getSessions", "getSession", "createSession", "playFirstSound", "playFirstVideo", "getLogger",
      ];
      return names.filter((name) => typeof (window.Flashphoner as unknown as Record<string, unknown>)[name] !== "function");
    });
    assert.deepEqual(missing, []);
  });

  it("init: counts at once, before its promise settles", async () => {
    const [providers, session] = await set.run(() => {
      void window.Flashphoner.init();
      const providers = window.Flashphoner.getMediaProviders();
      const session = window.Flashphoner.createSession({ urlServer: window.lab.url, sipOptions: { login: window.lab.name("alice") } });
      return [providers, session.status()] as const;
    });
    assert.deepEqual([providers[0], session], ["WebRTC", "PENDING"]);
  });

  it("init: may be called twice, and the second call does nothing", async () => {
    const providers = await set.run(async () => {
      await Promise.all([window.Flashphoner.init(), window.Flashphoner.init({ preferredMediaProviders: ["MSE"] })]);
      return window.Flashphoner.getMediaProviders();
    });
    assert.equal(providers[0], "WebRTC");
  });

  it("init: errors reject its promise and are not thrown", async () => {
    const thrown = await set.run(() => window.lab.rejected(window.Flashphoner.init({ preferredMediaProviders: ["Flash"] })));
    assert.equal(thrown?.message, "None of preferred MediaProviders available");
  });

  it("isUsingTemasys: never", async () => {
    assert.equal(await set.run(() => window.Flashphoner.isUsingTemasys()), false);
  });

  it("firefoxScreenSharingExtensionInstalled: is true", async () => {
    assert.equal(await set.run(() => window.Flashphoner.firefoxScreenSharingExtensionInstalled), true);
  });

  it("getMediaProviders: names WebRTC first", async () => {
    const providers = await set.run(async () => {
      await window.Flashphoner.init();
      return window.Flashphoner.getMediaProviders();
    });
    assert.equal(providers[0], "WebRTC");
  });

  it("getSessions: lists sessions until they end", async () => {
    const counts = await set.run(async () => {
      const alice = await window.lab.open("alice");
      const during = window.Flashphoner.getSessions().includes(alice.session);
      alice.session.disconnect();
      await alice.seen.until("DISCONNECTED");
      return [during, window.Flashphoner.getSessions().length];
    });
    assert.deepEqual(counts, [true, 0]);
  });

  it("getSessions: forgets a session that failed", async () => {
    const count = await set.run(async () => {
      const nobody = window.lab.begin("nobody", { urlServer: "ws://127.0.0.1:9" });
      await nobody.seen.until("FAILED");
      return window.Flashphoner.getSessions().length;
    });
    assert.equal(count, 0);
  });

  it("getSession: finds a session by its id", async () => {
    const found = await set.run(async () => {
      const { session } = await window.lab.open("alice");
      return [window.Flashphoner.getSession(session.id()) === session, window.Flashphoner.getSession("unknown") === undefined];
    });
    assert.deepEqual(found, [true, true]);
  });

  it("getLogger: has the original's methods", async () => {
    const missing = await set.run(() => {
      void window.Flashphoner.init();
      const logger = window.Flashphoner.getLogger();
      const names = ["info", "debug", "trace", "warn", "error", "setEnableLogs", "setCustomLogger", "setPushLogs", "setLevel"];
      return names.filter((name) => typeof logger[name] !== "function");
    });
    assert.deepEqual(missing, []);
  });

  it("playFirstSound: unlocks sound without an error", async () => {
    await set.run(async () => {
      await window.Flashphoner.init();
      window.Flashphoner.playFirstSound();
    });
  });

  it("playFirstVideo: puts a muted player into the display and resolves", async () => {
    const players = await set.run(async () => {
      await window.Flashphoner.init();
      const display = window.lab.display();
      await window.Flashphoner.playFirstVideo(display, true, await window.lab.clip());
      return [...display.querySelectorAll("video")].map((video) => [video.muted, video.id.includes("LOCAL_CACHED_VIDEO")]);
    });
    assert.deepEqual(players, [[true, true]]);
  });

  it("Browser: knows the browser, by functions", async () => {
    const known = await set.run(() => {
      const browser = window.Flashphoner.Browser;
      const names = [
        "isIE", "isFirefox", "isChrome", "isEdge", "isOpera", "isiOS", "isSafari", "isAndroid", "isSafariWebRTC",
        "isSamsungBrowser", "isAndroidFirefox", "isChromiumEdge",
      ];
      return names.filter((name) => Boolean(browser[name]()));
    });
    assert.deepEqual(known, ["isChrome"]);
  });
});

describe("media devices", () => {
  it("getMediaDevices: lists microphones and cameras by default", async () => {
    const { audio, video } = await set.run(async () => {
      void window.Flashphoner.init();
      return window.Flashphoner.getMediaDevices();
    });
    assert.ok(audio.length >= 2 && audio.every(({ type }) => type === "mic"), JSON.stringify(audio));
    assert.ok(video.length === 2 && video.every(({ type }) => type === "camera"), JSON.stringify(video));
    for (const device of [...audio, ...video]) assert.ok(device.id !== "" && device.label !== "");
  });

  it("getMediaDevices: lists speakers when asked for outputs, and everything when asked for all", async () => {
    const [output, all] = await set.run(async () => {
      void window.Flashphoner.init();
      const kinds = window.Flashphoner.constants["MEDIA_DEVICE_KIND"] as Record<string, string>;
      return Promise.all([
        window.Flashphoner.getMediaDevices(null, true, kinds["OUTPUT"]),
        window.Flashphoner.getMediaDevices(null, true, kinds["ALL"]),
      ]);
    });
    assert.ok(output.audio.length > 0 && output.audio.every(({ type }) => type === "speaker"), JSON.stringify(output));
    assert.deepEqual(new Set(all.audio.map(({ type }) => type)), new Set(["mic", "speaker"]));
  });

  it("getMediaDevices: with labels, opens what the constraints allow and closes it again", async () => {
    const { opened, live } = await set.run(async () => {
      void window.Flashphoner.init();
      await window.Flashphoner.getMediaDevices(null, true, undefined, { audio: true, video: false });
      const opened = window.asked.map(({ audio, video }) => [Boolean(audio), Boolean(video)]);
      return { opened, live: window.opened.flatMap((stream) => stream.getTracks()).filter((track) => track.readyState === "live").length };
    });
    assert.deepEqual(opened, [[true, false]]);
    assert.equal(live, 0);
  });

  it("getMediaDevices: throws before init", async () => {
    const thrown = await set.run(async () => {
      const early = window.lab.thrown(() => void window.Flashphoner.getMediaDevices());
      return early ?? window.lab.rejected(window.Flashphoner.getMediaDevices());
    });
    assert.equal(thrown?.message, "Flashphoner API is not initialized");
  });

  it("getMobileDevices: has the same shape", async () => {
    const list = await set.run(async () => {
      void window.Flashphoner.init();
      return window.Flashphoner.getMobileDevices();
    });
    assert.deepEqual(Object.keys(list).sort(), ["audio", "video"]);
  });

  it("getMediaAccess: opens media into a player of the display, and uses it again for the same constraints", async () => {
    const result = await set.run(async () => {
      void window.Flashphoner.init();
      const display = window.lab.display();
      const constraints = { audio: true, video: { width: 320, height: 240 } };
      const given = await window.Flashphoner.getMediaAccess(constraints, display);
      const first = display.querySelector("video")?.srcObject;
      await window.Flashphoner.getMediaAccess(constraints, display);
      const second = display.querySelector("video")?.srcObject;
      const tracks = first instanceof MediaStream ? first.getTracks().map((track) => track.kind).sort() : [];
      return { same: given === display, players: display.querySelectorAll("video").length, kept: first === second, tracks };
    });
    assert.deepEqual(result, { same: true, players: 1, kept: true, tracks: ["audio", "video"] });
  });

  it("releaseLocalMedia: stops what getMediaAccess opened, and says whether there was anything", async () => {
    const [found, live, again] = await set.run(async () => {
      void window.Flashphoner.init();
      const display = window.lab.display();
      await window.Flashphoner.getMediaAccess({ audio: true, video: true }, display);
      const stream = display.querySelector("video")?.srcObject as MediaStream;
      const found = window.Flashphoner.releaseLocalMedia(display);
      const live = stream.getTracks().filter((track) => track.readyState === "live").length;
      return [found, live, window.Flashphoner.releaseLocalMedia(window.lab.display())] as const;
    });
    assert.deepEqual([found, live, again], [true, 0, false]);
  });
});

/** What the browser is asked for when the app asks for this. */
function asked(constraints: object | null, options: object = {}): Promise<MediaStreamConstraints> {
  return set.run(
    async ([wanted, init]) => {
      void window.Flashphoner.init(init);
      await window.Flashphoner.getMediaAccess(wanted, window.lab.display()).catch(() => undefined);
      return window.asked.at(-1) ?? {};
    },
    [constraints, options] as const,
  );
}

const ideal = (value: unknown): unknown => (typeof value === "object" && value !== null ? Object.values(value)[0] : value);

describe("constraints", () => {
  it("constraints default: sound, and a picture of 320x240", async () => {
    const { audio, video } = await asked(null);
    assert.ok(audio);
    assert.deepEqual([ideal((video as MediaTrackConstraints).width), ideal((video as MediaTrackConstraints).height)], [320, 240]);
  });

  it("constraints video: true becomes 320x240, and sizes that are no numbers do too", async () => {
    for (const video of [true, { width: 0, height: 0 }, { width: NaN, height: NaN }]) {
      const given = (await asked({ audio: true, video })).video as MediaTrackConstraints;
      assert.deepEqual([ideal(given.width), ideal(given.height)], [320, 240]);
    }
  });

  it("constraints video size: passes as it was given", async () => {
    const given = (await asked({ audio: true, video: { width: 640, height: 480 } })).video as MediaTrackConstraints;
    assert.deepEqual([ideal(given.width), ideal(given.height)], [640, 480]);
  });

  it("constraints frameRate: is a number the browser understands", async () => {
    const given = (await asked({ audio: true, video: { width: 320, height: 240, frameRate: 15 } })).video as MediaTrackConstraints;
    assert.equal(ideal(given.frameRate), 15);
  });

  it("constraints audio.stereo: turns echo cancellation off", async () => {
    const given = (await asked({ audio: { stereo: true }, video: false })).audio as MediaTrackConstraints;
    assert.equal(ideal(given.echoCancellation), false);
  });

  it("constraints deviceId: chooses the device", async () => {
    const given = (await asked({ audio: { deviceId: "some-microphone" }, video: false })).audio as MediaTrackConstraints;
    assert.match(JSON.stringify(given.deviceId), /some-microphone/);
  });

  it("constraints video.type screen: asks for the screen", async () => {
    const screen = await set.run(async () => {
      void window.Flashphoner.init();
      const display = window.lab.display();
      const video = { width: 640, height: 480, type: "screen", withoutExtension: true };
      await window.Flashphoner.getMediaAccess({ video }, display);
      return display.querySelector("video")?.srcObject instanceof MediaStream;
    });
    assert.equal(screen, true);
  });
});

describe("options of init", () => {
  it("init option mediaProvidersReadyCallback: gets the names of the providers", async () => {
    const names = await set.run(
      () =>
        new Promise((resolve) => {
          void window.Flashphoner.init({ mediaProvidersReadyCallback: (providers: string[]) => resolve(providers) });
        }),
    );
    assert.deepEqual((names as string[])[0], "WebRTC");
  });

  it("init option preferredMediaProvider: moves one to the front", async () => {
    const names = await set.run(async () => {
      await window.Flashphoner.init({ preferredMediaProvider: "WebRTC" });
      return window.Flashphoner.getMediaProviders();
    });
    assert.equal(names[0], "WebRTC");
  });

  it("init option preferredMediaProviders: keeps only these", async () => {
    const names = await set.run(async () => {
      await window.Flashphoner.init({ preferredMediaProviders: ["WebRTC", "MSE"] });
      return window.Flashphoner.getMediaProviders();
    });
    assert.deepEqual(names[0], "WebRTC");
  });

  for (const [option, value] of [
    ["init option flashMediaProviderSwfLocation", { flashMediaProviderSwfLocation: "media-provider.swf" }],
    ["init option receiverLocation", { receiverLocation: "WSReceiver2.js" }],
    ["init option decoderLocation", { decoderLocation: "video-worker2.js" }],
    ["init option screenSharingExtensionId", { screenSharingExtensionId: "nlbaajplpmleofphigmgaifhoikjmbkg" }],
    ["init option collectClientInfo", { collectClientInfo: false }],
    ["init option createMicGainNode", { createMicGainNode: false }],
    ["init option disableConnectionQualityCalculation", { disableConnectionQualityCalculation: true }],
  ] as const) {
    it(`${option}: is accepted, and calls work`, async () => {
      const status = await set.run(async (options) => {
        await window.Flashphoner.init(options);
        return (await window.lab.pair()).out.call.status();
      }, value);
      assert.equal(status, "ESTABLISHED");
    });
  }

  it("init option constraints: are what calls without constraints of their own use", async () => {
    const given = await asked(null, { constraints: { audio: true, video: { width: 480, height: 360 } } });
    assert.deepEqual([ideal((given.video as MediaTrackConstraints).width), ideal((given.video as MediaTrackConstraints).height)], [480, 360]);
  });

  it("init option logger: is asked for with a severity, and may be the app's own", async () => {
    const lines = await set.run(async () => {
      const lines: string[] = [];
      const write = (...args: unknown[]): void => void lines.push(args.map(String).join(" "));
      const customLogger = { debug: write, trace: write, info: write, warn: write, error: write, log: write };
      await window.Flashphoner.init({ logger: { severity: "DEBUG", enableLogs: true, customLogger } });
      window.Flashphoner.getLogger()["error"]("core", "something to write down");
      await window.lab.open("alice");
      return lines;
    });
    assert.ok(lines.some((line) => line.includes("something to write down")), lines.join("\n"));
  });
});

const SAME_NAMES: Record<string, string> = {
  "constants SESSION_STATUS":
    "CONNECTED ESTABLISHED DISCONNECTED WARN FAILED DEBUG APP_DATA SEND_DATA_STATUS PENDING REGISTERED UNREGISTERED INCOMING_CALL",
  "constants CALL_STATUS": "NEW RING RING_MEDIA HOLD ESTABLISHED FINISH BUSY SESSION_PROGRESS FAILED PENDING TRYING",
  "constants STREAM_STATUS":
    "NEW PENDING PUBLISHING PLAYING PAUSED UNPUBLISHED STOPPED FAILED PLAYBACK_PROBLEM RESIZE SNAPSHOT_COMPLETE NOT_ENOUGH_BANDWIDTH",
};

const VALUES: Record<string, Record<string, string>> = {
  "constants CALL_STATUS_INFO": {
    NORMAL_CALL_CLEARING: "Normal call clearing",
    FAILED_BY_SESSION_CREATION: "Failed by session creation",
    FAILED_BY_ICE_ERROR: "Failed by ICE error",
    FAILED_BY_RTP_ACTIVITY: "Failed by RTP activity",
    FAILED_BY_RTMP_WRITER_ERROR: "Failed by RTMP writer error",
    FAILED_BY_DTLS_FINGERPRINT_ERROR: "Failed by DTLS fingerprint error",
    NO_COMMON_CODECS: "No common codecs",
    FAILED_BY_DTLS_ERROR: "Failed by DTLS error",
    FAILED_BY_ERROR: "Failed by error",
    FAILED_BY_REQUEST_TIMEOUT: "Failed by request timeout",
    TRANSCODING_REQUIRED_BUT_DISABLED: "Transcoding required, but disabled",
  },
  "constants ERROR_INFO": {
    NONE_OF_MEDIAPROVIDERS_AVAILABLE: "None of MediaProviders available",
    NONE_OF_PREFERRED_MEDIAPROVIDERS_AVAILABLE: "None of preferred MediaProviders available",
    FLASHPHONER_API_NOT_INITIALIZED: "Flashphoner API is not initialized",
    OPTIONS_URLSERVER_MUST_BE_PROVIDED: "options.urlServer must be provided",
    INVALID_SESSION_STATE: "Invalid session state",
    OPTIONS_MUST_BE_PROVIDED: "options must be provided",
    INVALID_CALL_STATE: "Invalid call state",
    EVENT_CANT_BE_NULL: "Event can't be null",
    CALLBACK_NEEDS_TO_BE_A_VALID_FUNCTION: "Callback needs to be a valid function",
    OPTIONS_NAME_MUST_BE_PROVIDED: "options.name must be provided",
    CAN_NOT_SWITCH_CAM: "Number of cams is less than 2 or camera is already used by other application",
    CAN_NOT_SWITCH_MIC: "Number of mics is less than 2 or microphone is already used by other application",
    CAN_NOT_SET_RESOLUTION: "Cannot switch a published stream resolution",
    CAN_NOT_GET_STATS: "Cannot get PeerConnection stats",
    LOCAL_ERROR: "Local error",
  },
  "constants MEDIA_DEVICE_KIND": { OUTPUT: "output", INPUT: "input", ALL: "all" },
  "constants CONTENT_HINT_TYPE": { MOTION: "motion", DETAIL: "detail", TEXT: "text" },
};

describe("the constants", () => {
  it("constants: every group is frozen", async () => {
    const loose = await set.run(() =>
      Object.entries(window.Flashphoner.constants).filter(([, group]) => !Object.isFrozen(group)).map(([name]) => name),
    );
    assert.deepEqual(loose, []);
  });

  for (const [title, names] of Object.entries(SAME_NAMES)) {
    it(`${title}: each value is its name`, async () => {
      const group = title.replace("constants ", "");
      const known = await set.run((wanted) => window.Flashphoner.constants[wanted] as Record<string, string>, group);
      assert.deepEqual(known, Object.fromEntries(names.split(" ").map((name) => [name, name])));
    });
  }

  for (const [title, values] of Object.entries(VALUES)) {
    it(`${title}: has the original's texts`, async () => {
      const group = title.replace("constants ", "");
      const known = await set.run((wanted) => window.Flashphoner.constants[wanted], group);
      assert.deepEqual(known, values);
    });
  }

  it("constants TRANSPORT_TYPE: UDP and TCP", async () => {
    const known = await set.run(() => Object.keys(window.Flashphoner.constants["TRANSPORT_TYPE"] as object));
    assert.deepEqual(known.sort(), ["TCP", "UDP"]);
  });

  it("constants CONNECTION_QUALITY: PERFECT GOOD BAD UNKNOWN UPDATE", async () => {
    const known = await set.run(() => Object.keys(window.Flashphoner.constants["CONNECTION_QUALITY"] as object));
    assert.deepEqual(known.sort(), ["BAD", "GOOD", "PERFECT", "UNKNOWN", "UPDATE"]);
  });

  it("constants STREAM_STATUS_INFO: is there, with texts", async () => {
    const known = await set.run(() => Object.values(window.Flashphoner.constants["STREAM_STATUS_INFO"] as object) as unknown[]);
    assert.ok(known.length > 30 && known.every((text) => typeof text === "string"), `${known.length}`);
  });

  it("constants STREAM_EVENT: and its types", async () => {
    const [event, types] = await set.run(() => {
      const { STREAM_EVENT, STREAM_EVENT_TYPE } = window.Flashphoner.constants as unknown as Record<string, object>;
      return [STREAM_EVENT, Object.values(STREAM_EVENT_TYPE) as string[]] as const;
    });
    assert.equal(event, "STREAM_EVENT");
    const wanted = "audioMuted audioUnmuted videoMuted videoUnmuted data snapshotCompleted snapshotFailed resize notEnoughBandwidth";
    for (const type of wanted.split(" ")) assert.ok(types.includes(type), `${type} is one of ${types.join(" ")}`);
  });
});
