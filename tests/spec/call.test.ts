/** Sections 2 and 3 of the original's specification: options of `createCall` and `answer`, methods of a call. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lab } from "./lab.ts";

const set = lab();

describe("options of createCall", () => {
  it("createCall option callee: is who is called", async () => {
    const [callee, caller] = await set.run(async () => {
      const { out, inc } = await window.lab.ringing();
      return [out.call.callee() === window.lab.name("bob"), inc.call.caller() === window.lab.name("alice")];
    });
    assert.deepEqual([callee, caller], [true, true]);
  });

  it("createCall option callee: must be given", async () => {
    const thrown = await set.run(async () => {
      const { session } = await window.lab.open("alice");
      return window.lab.thrown(() => session.createCall(window.lab.media()));
    });
    assert.equal(thrown?.message, "options.callee must be provided");
  });

  it("createCall option visibleName: is what the called side shows", async () => {
    const name = await set.run(async () => (await window.lab.ringing({ call: { visibleName: "Alice Liddell" } })).inc.call.visibleName());
    assert.equal(name, "Alice Liddell");
  });

  it("createCall option visibleName: is the login unless given", async () => {
    const same = await set.run(async () => {
      const { out, inc } = await window.lab.ringing();
      return [out.call.visibleName() === window.lab.name("alice"), inc.call.visibleName() === window.lab.name("alice")];
    });
    assert.deepEqual(same, [true, true]);
  });

  it("createCall option localVideoDisplay: and createCall option remoteVideoDisplay: get a player each, named after the call", async () => {
    const players = await set.run(async () => {
      const media = window.lab.media();
      const { out } = await window.lab.pair({ call: media });
      const [local, remote] = [window.lab.player(out.call, "local"), await window.lab.played(out.call)];
      return [local?.parentElement === media.localVideoDisplay, remote.parentElement === media.remoteVideoDisplay, local?.muted];
    });
    assert.deepEqual(players, [true, true, true]);
  });

  it("createCall option remoteVideoDisplay: left out, the call is heard all the same", async () => {
    const heard = await set.run(async () => {
      const { out } = await window.lab.pair({ call: { localVideoDisplay: undefined, remoteVideoDisplay: undefined } });
      await window.lab.eventually(() => out.call.getVolume() >= 0, "sound of the far end");
      return out.call.status();
    });
    assert.equal(heard, "ESTABLISHED");
  });

  it("createCall option constraints: are what the browser is asked for", async () => {
    const [asked] = await set.run(async () => {
      await window.lab.ringing({ call: { constraints: { audio: { echoCancellation: false }, video: false } } });
      return window.asked;
    });
    assert.equal((asked.audio as MediaTrackConstraints).echoCancellation, false);
    assert.ok(!asked.video);
  });

  it("createCall option constraints: with customStream sends the app's own stream", async () => {
    await set.run(async () => {
      const context = new AudioContext();
      const oscillator = new OscillatorNode(context, { frequency: 440 });
      const sink = context.createMediaStreamDestination();
      oscillator.connect(sink);
      oscillator.start();
      const constraints = { audio: true, video: false, customStream: sink.stream };
      const { inc } = await window.lab.pair({ call: { constraints } });
      await window.lab.hears(inc.call);
      if (window.asked.length !== 1) throw new Error(`the microphone was asked for ${window.asked.length} times`);
    });
  });

  it("createCall option constraints: with audio.outputId chooses the speaker", async () => {
    const [chosen, wanted] = await set.run(async () => {
      void window.Flashphoner.init();
      const { audio } = await window.Flashphoner.getMediaDevices(null, true, "output");
      const outputId = audio.at(-1)?.id ?? "";
      const { out } = await window.lab.pair({ call: { constraints: { audio: { outputId }, video: false } } });
      const player = await window.lab.played(out.call);
      await window.lab.eventually(() => player.sinkId === outputId, "the speaker to be chosen");
      return [player.sinkId, outputId];
    });
    assert.equal(chosen, wanted);
  });

  it("createCall option mediaProvider: is accepted", async () => {
    const status = await set.run(async () => (await window.lab.pair({ call: { mediaProvider: "WebRTC" } })).out.call.status());
    assert.equal(status, "ESTABLISHED");
  });

  it("createCall option receiveAudio: false sends only", async () => {
    await set.run(async () => {
      const { out, inc } = await window.lab.pair({ call: { receiveAudio: false } });
      await window.lab.hears(inc.call);
      if (out.call.getVolume() !== -1) throw new Error("there is sound of the far end");
    });
  });

  it("createCall option receiveVideo: false shows a picture and sees none", async () => {
    await set.run(async () => {
      const constraints = { audio: true, video: { width: 320, height: 240 } };
      const { out, inc } = await window.lab.pair({ call: { constraints, receiveVideo: false }, answer: { constraints } });
      await window.lab.eventually(() => (window.lab.player(inc.call, "remote")?.videoWidth ?? 0) > 0, "a picture of the caller");
      if ((window.lab.player(out.call, "remote")?.videoWidth ?? 0) > 0) throw new Error("a picture that was not wanted");
    });
  });

  it("createCall option receiveVideo: true without a camera sees none either, as in the original", async () => {
    const tracks = await set.run(async () => {
      const video = { audio: true, video: { width: 320, height: 240 } };
      const { out, inc } = await window.lab.pair({ call: { receiveVideo: true }, answer: { constraints: video } });
      return [out, inc].map(({ call }) => window.lab.stream(call, "remote")?.getVideoTracks().length ?? 0);
    });
    assert.deepEqual(tracks, [0, 0]);
  });

  it("createCall option receiveVideo: false, and no camera, is a call without a picture", async () => {
    const tracks = await set.run(async () => {
      const { out, inc } = await window.lab.pair({ call: { receiveVideo: false } });
      return [out, inc].map(({ call }) => window.lab.stream(call, "remote")?.getVideoTracks().length ?? 0);
    });
    assert.deepEqual(tracks, [0, 0]);
  });

  it("createCall option cacheLocalResources: keeps the camera for the next call", async () => {
    const [asked, live] = await set.run(async () => {
      const media = { ...window.lab.media(), cacheLocalResources: true };
      const { alice, out, inc } = await window.lab.pair({ call: media });
      out.call.hangup();
      await Promise.all([out.seen.until("FINISH"), inc.seen.until("FINISH")]);
      const stream = window.opened[0];
      const live = stream.getTracks().every((track) => track.readyState === "live");
      const before = window.asked.length;
      window.lab.dial(alice, "somebody-unknown", media);
      await new Promise((resolve) => setTimeout(resolve, 500));
      return [window.asked.length - before, live] as const;
    });
    assert.deepEqual([asked, live], [0, true]);
  });

  it("createCall option stripCodecs: are not offered", async () => {
    const codecs = await set.run(async () => {
      const { out } = await window.lab.pair({ call: { stripCodecs: "opus,G722" } });
      const [caller] = window.peers;
      await window.lab.hears(out.call);
      const reports = [...(await caller.getStats()).values()] as Record<string, unknown>[];
      return reports.filter((report) => report["type"] === "codec").map((report) => report["mimeType"] as string);
    });
    assert.ok(codecs.length > 0 && !codecs.some((codec) => /opus|g722/i.test(codec)), codecs.join(" "));
  });

  it("createCall option sdpHook: gets the server's description and may change it; nothing returned keeps it", async () => {
    const [seen, described] = await set.run(async () => {
      let seen = "";
      const change = ({ sdpString }: { sdpString: string }): string => {
        seen = sdpString;
        return `${sdpString}a=x-changed-by-the-app\r\n`;
      };
      const keep = (): string => "";
      await window.lab.pair({ call: { sdpHook: change }, answer: { sdpHook: keep } });
      return [seen, window.described] as const;
    });
    assert.match(seen, /^v=0/);
    assert.deepEqual(described.map((sdp) => [sdp.startsWith("v=0"), sdp.includes("a=x-changed-by-the-app")]).sort(), [
      [true, false],
      [true, true],
    ]);
  });

  it("createCall option custom: is read by the called app", async () => {
    const custom = await set.run(async () => {
      const { inc } = await window.lab.ringing({ call: { custom: { ticket: 4711 } } });
      return (inc.call as unknown as { getCustom: () => unknown }).getCustom();
    });
    assert.deepEqual(custom, { ticket: 4711 });
  });

  it("createCall option sipHeaders: are read by the called app", async () => {
    const value = await set.run(async () => {
      const { inc } = await window.lab.ringing({ call: { sipHeaders: ["X-Ticket: 4711"] } });
      return (inc.call as unknown as { getHeader: (name: string) => unknown }).getHeader("x-ticket");
    });
    assert.equal(value, "4711");
  });

  it("createCall option sipHeaders: that would forge a header fail the call", async () => {
    const [status, info] = await set.run(async () => {
      const alice = await window.lab.open("alice");
      await window.lab.open("bob");
      const { call, seen } = window.lab.dial(alice, window.lab.name("bob"), { sipHeaders: ["X-Ticket: 1\r\nFrom: <sip:mallory@evil>"] });
      await seen.until("FAILED");
      return [call.status(), call.getErrorInfo()];
    });
    assert.equal(status, "FAILED");
    assert.match(info ?? "", /header/i);
  });

  it("createCall option videoContentHint: is the hint of the sent picture", async () => {
    const hint = await set.run(async () => {
      const constraints = { audio: true, video: { width: 320, height: 240 } };
      await window.lab.ringing({ call: { constraints, videoContentHint: "detail" } });
      return window.opened[0].getVideoTracks()[0].contentHint;
    });
    assert.equal(hint, "detail");
  });

  it("createCall option useControls: gives the players controls", async () => {
    const controls = await set.run(async () => {
      const { out } = await window.lab.pair({ call: { useControls: true } });
      return (await window.lab.played(out.call)).controls;
    });
    assert.equal(controls, true);
  });

  for (const [option, value] of [
    ["createCall option logger", { logger: { severity: "ERROR" } }],
    ["createCall option collectDeviceInfo", { collectDeviceInfo: false }],
  ] as const) {
    it(`${option}: is accepted`, async () => {
      const status = await set.run(async (call) => (await window.lab.pair({ call })).out.call.status(), value);
      assert.equal(status, "ESTABLISHED");
    });
  }

  it("createCall option disableConstraintsNormalization: asks the browser for what was given", async () => {
    const [asked] = await set.run(async () => {
      const constraints = { audio: true, video: { width: { min: 100 } } };
      await window.lab.ringing({ call: { constraints, disableConstraintsNormalization: true } });
      return window.asked;
    });
    assert.deepEqual(asked.video, { width: { min: 100 } });
  });
});

describe("options of answer", () => {
  it("answer option localVideoDisplay: and answer option remoteVideoDisplay: get a player each", async () => {
    const players = await set.run(async () => {
      const media = window.lab.media();
      const { inc } = await window.lab.pair({ answer: media });
      return [
        window.lab.player(inc.call, "local")?.parentElement === media.localVideoDisplay,
        (await window.lab.played(inc.call)).parentElement === media.remoteVideoDisplay,
      ];
    });
    assert.deepEqual(players, [true, true]);
  });

  it("answer option constraints: without a picture in the offer opens no camera", async () => {
    const asked = await set.run(async () => {
      const { inc } = await window.lab.ringing();
      inc.call.answer({ localVideoDisplay: window.lab.display(), remoteVideoDisplay: window.lab.display() });
      await inc.seen.until("ESTABLISHED");
      return window.asked.map(({ video }) => Boolean(video));
    });
    assert.deepEqual(asked, [false, false]);
  });

  it("answer option constraints: by default answer a picture with a picture", async () => {
    await set.run(async () => {
      const constraints = { audio: true, video: { width: 320, height: 240 } };
      const { out, inc } = await window.lab.ringing({ call: { constraints } });
      inc.call.answer({ localVideoDisplay: window.lab.display(), remoteVideoDisplay: window.lab.display() });
      await Promise.all([out.seen.until("ESTABLISHED"), inc.seen.until("ESTABLISHED")]);
      for (const { call } of [out, inc]) {
        await window.lab.eventually(() => (window.lab.player(call, "remote")?.videoWidth ?? 0) > 0, "a picture of the far end");
      }
    });
  });

  it("answer option receiveAudio: false hears nothing", async () => {
    await set.run(async () => {
      const { out, inc } = await window.lab.pair({ answer: { receiveAudio: false } });
      await window.lab.hears(out.call);
      const stream = window.lab.stream(inc.call, "remote");
      if (stream && (await window.lab.level(stream)) > 0.02) throw new Error("there is sound of the far end");
    });
  });

  it("answer option receiveVideo: false sees nothing and is seen", async () => {
    await set.run(async () => {
      const constraints = { audio: true, video: { width: 320, height: 240 } };
      const { out, inc } = await window.lab.pair({ call: { constraints }, answer: { constraints, receiveVideo: false } });
      await window.lab.eventually(() => (window.lab.player(out.call, "remote")?.videoWidth ?? 0) > 0, "a picture of who answered");
      if ((window.lab.player(inc.call, "remote")?.videoWidth ?? 0) > 0) throw new Error("a picture that was not wanted");
    });
  });

  it("answer option stripCodecs: are not answered with", async () => {
    const codecs = await set.run(async () => {
      const { inc } = await window.lab.pair({ answer: { stripCodecs: "opus,G722" } });
      await window.lab.hears(inc.call);
      const reports = [...(await window.peers[1].getStats()).values()] as Record<string, unknown>[];
      return reports.filter((report) => report["type"] === "codec").map((report) => report["mimeType"] as string);
    });
    assert.ok(codecs.length > 0 && !codecs.some((codec) => /opus|g722/i.test(codec)), codecs.join(" "));
  });

  it("answer option sdpHook: gets the offer", async () => {
    const seen = await set.run(async () => {
      let seen = "";
      const sdpHook = ({ sdpString }: { sdpString: string }): string => (seen = sdpString);
      await window.lab.pair({ answer: { sdpHook } });
      return seen;
    });
    assert.match(seen, /^v=0[^]*m=audio/);
  });

  it("answer option sipHeaders: and answer option sipSDP: are accepted", async () => {
    const status = await set.run(
      async () => (await window.lab.pair({ answer: { sipHeaders: ["X-Desk: 7"], sipSDP: ["a=x-desk:7"] } })).inc.call.status(),
    );
    assert.equal(status, "ESTABLISHED");
  });
});

describe("methods of a call", () => {
  it("Call.call: makes it PENDING at once, and only once", async () => {
    const [status, thrown] = await set.run(async () => {
      const { session } = await window.lab.open("alice");
      const call = session.createCall({ callee: "somebody", ...window.lab.media() });
      call.call();
      return [call.status(), window.lab.thrown(() => call.call())] as const;
    });
    assert.equal(status, "PENDING");
    assert.match(thrown?.message ?? "", /^Invalid call state/);
  });

  it("Call.answer: makes it PENDING at once, then ESTABLISHED, and only once", async () => {
    const [status, thrown, later] = await set.run(async () => {
      const { inc } = await window.lab.ringing();
      inc.call.answer(window.lab.media());
      const status = inc.call.status();
      const thrown = window.lab.thrown(() => inc.call.answer(window.lab.media()));
      await inc.seen.until("ESTABLISHED");
      return [status, thrown, inc.call.status()] as const;
    });
    assert.deepEqual([status, later], ["PENDING", "ESTABLISHED"]);
    assert.match(thrown?.message ?? "", /^Invalid call state/);
  });

  it("Call.answer: of an outgoing call is refused", async () => {
    const thrown = await set.run(async () => {
      const { out } = await window.lab.ringing();
      return window.lab.thrown(() => out.call.answer(window.lab.media()));
    });
    assert.ok((thrown?.message ?? "").length > 5, JSON.stringify(thrown));
  });

  it("Call.hangup: of a connected call ends it at both ends", async () => {
    const infos = await set.run(async () => {
      const { out, inc } = await window.lab.pair();
      out.call.hangup();
      await Promise.all([out.seen.until("FINISH"), inc.seen.until("FINISH")]);
      return [out.call.getInfo(), inc.call.getInfo()];
    });
    assert.deepEqual(infos, ["Normal call clearing", "Normal call clearing"]);
  });

  it("Call.id: is the same in every listener, and unique", async () => {
    const [same, distinct] = await set.run(async () => {
      const { out, inc } = await window.lab.pair();
      const own = out.seen.log.every(({ args }) => args[0] === out.call);
      return [own, out.call.id() !== inc.call.id()];
    });
    assert.deepEqual([same, distinct], [true, true]);
  });

  it("Call.getInfo: and Call.getErrorInfo: say why a call failed", async () => {
    const [info, error, sipStatus] = await set.run(async () => {
      const alice = await window.lab.open("alice");
      const { call, seen } = window.lab.dial(alice, "nobody-of-that-name");
      await seen.until("FAILED");
      return [call.getInfo(), call.getErrorInfo(), call.getSipStatus()] as const;
    });
    assert.ok((info ?? "").length > 3 && (error ?? "").length > 10, `${info} / ${error}`);
    assert.equal(sipStatus, 404);
  });

  it("Call.getInfo: is Local error when the microphone fails, and getErrorInfo the reason", async () => {
    const [info, error] = await set.run(async () => {
      MediaDevices.prototype.getUserMedia = () => Promise.reject(new DOMException("No", "NotAllowedError"));
      const alice = await window.lab.open("alice");
      const { call, seen } = window.lab.dial(alice, window.lab.name("bob"));
      await seen.until("FAILED");
      return [call.getInfo(), call.getErrorInfo()] as const;
    });
    assert.equal(info, "Local error");
    assert.ok((error ?? "").length > 5, error);
  });

  it("Call.status: follows the call", async () => {
    const statuses = await set.run(async () => {
      const { out, inc } = await window.lab.pair();
      out.call.hangup();
      await Promise.all([out.seen.until("FINISH"), inc.seen.until("FINISH")]);
      return [out, inc].map(({ seen }) => seen.log.every(({ event, status }) => event === status));
    });
    assert.deepEqual(statuses, [true, true]);
  });

  it("Call.getStats: has the documented shape, by audio and video, outbound and inbound", async () => {
    const stats = await set.run(async () => {
      const constraints = { audio: true, video: { width: 320, height: 240 } };
      const { out } = await window.lab.pair({ call: { constraints }, answer: { constraints } });
      await window.lab.eventually(() => (window.lab.player(out.call, "remote")?.videoWidth ?? 0) > 0, "a picture");
      await window.lab.hears(out.call);
      return new Promise<Record<string, unknown>>((resolve) => out.call.getStats((stats) => resolve(stats as never)));
    });
    const { outboundStream, inboundStream } = stats as unknown as import("../page/original.ts").Stats;
    for (const medium of [outboundStream.audio, outboundStream.video]) {
      assert.ok(Number(medium?.["bytesSent"]) > 0 && Number(medium?.["packetsSent"]) > 0, JSON.stringify(medium));
    }
    for (const medium of [inboundStream.audio, inboundStream.video]) {
      assert.ok(Number(medium?.["bytesReceived"]) > 0 && Number(medium?.["packetsReceived"]) > 0, JSON.stringify(medium));
    }
    assert.match(String(outboundStream.audio?.["codec"]), /opus|pcm|g722/i);
    assert.ok(Number(outboundStream.audio?.["codecRate"]) >= 8000);
    assert.ok("otherStats" in stats);
  });

  it("Call.getStats: native, gives the browser's own reports by their type", async () => {
    const types = await set.run(async () => {
      const { out } = await window.lab.pair();
      await window.lab.hears(out.call);
      return new Promise<string[]>((resolve) => out.call.getStats((stats) => resolve(Object.keys(stats)), true));
    });
    for (const type of ["outbound-rtp", "inbound-rtp", "transport"]) assert.ok(types.includes(type), types.join(" "));
  });

  it("Call.setAudioOutputId: before the call is remembered, later it moves the sound", async () => {
    const result = await set.run(async () => {
      void window.Flashphoner.init();
      const { audio } = await window.Flashphoner.getMediaDevices(null, true, "output");
      const [first, last] = [audio[0]?.id ?? "", audio.at(-1)?.id ?? ""];
      const [alice, bob] = [await window.lab.open("alice"), await window.lab.open("bob")];
      const incoming = window.lab.incoming(bob);
      const { call, seen } = window.lab.followCall(alice.session.createCall({ callee: window.lab.name("bob"), ...window.lab.media() }));
      const early = call.setAudioOutputId(last) === undefined;
      call.call();
      (await incoming).call.answer(window.lab.media());
      await seen.until("ESTABLISHED");
      await window.lab.eventually(() => window.lab.player(call, "remote")?.sinkId === last, "the remembered speaker");
      await call.setAudioOutputId(first);
      return [early, window.lab.player(call, "remote")?.sinkId === first];
    });
    assert.deepEqual(result, [true, true]);
  });

  it("Call.setVolume: and Call.getVolume: are of the far end's sound, -1 before there is any", async () => {
    const volumes = await set.run(async () => {
      const { out } = await window.lab.ringing();
      const early = out.call.getVolume();
      const pair = await window.lab.pair();
      await window.lab.eventually(() => pair.out.call.getVolume() >= 0, "sound of the far end");
      const full = pair.out.call.getVolume();
      pair.out.call.setVolume(40);
      return [early, full, pair.out.call.getVolume(), window.lab.player(pair.out.call, "remote")?.volume];
    });
    assert.deepEqual(volumes, [-1, 100, 40, 0.4]);
  });

  it("Call.muteAudio: Call.unmuteAudio: and Call.isAudioMuted: silence the far end and nothing else", async () => {
    const states = await set.run(async () => {
      const { out, inc } = await window.lab.pair();
      await window.lab.hears(inc.call);
      const states = [out.call.isAudioMuted()];
      out.call.muteAudio();
      states.push(out.call.isAudioMuted());
      await window.lab.hears(inc.call, false);
      await window.lab.hears(out.call);
      out.call.unmuteAudio();
      states.push(out.call.isAudioMuted());
      await window.lab.hears(inc.call);
      return states;
    });
    assert.deepEqual(states, [false, true, false]);
  });

  it("Call.unmuteAudio: takes back what muteAudio did", async () => {
    const states = await set.run(async () => {
      const { inc } = await window.lab.pair();
      inc.call.muteAudio();
      inc.call.unmuteAudio();
      return inc.call.isAudioMuted();
    });
    assert.equal(states, false);
  });

  it("Call.isAudioMuted: is true while there is no microphone", async () => {
    const muted = await set.run(async () => {
      const { session } = await window.lab.open("alice");
      return session.createCall({ callee: "somebody" }).isAudioMuted();
    });
    assert.equal(muted, true);
  });

  it("Call.muteVideo: Call.unmuteVideo: and Call.isVideoMuted: are of the picture", async () => {
    const states = await set.run(async () => {
      const constraints = { audio: true, video: { width: 320, height: 240 } };
      const { out } = await window.lab.pair({ call: { constraints }, answer: { constraints } });
      const states = [out.call.isVideoMuted()];
      out.call.muteVideo();
      states.push(out.call.isVideoMuted(), !window.opened[0].getVideoTracks()[0].enabled);
      out.call.unmuteVideo();
      states.push(out.call.isVideoMuted());
      return states;
    });
    assert.deepEqual(states, [false, true, true, false]);
  });

  it("Call.unmuteVideo: without a picture changes nothing", async () => {
    const muted = await set.run(async () => {
      const { out } = await window.lab.pair();
      out.call.unmuteVideo();
      return out.call.isVideoMuted();
    });
    assert.equal(muted, true);
  });

  it("Call.isVideoMuted: is true in a call without a picture", async () => {
    const muted = await set.run(async () => (await window.lab.pair()).out.call.isVideoMuted());
    assert.equal(muted, true);
  });

  it("Call.caller: Call.callee: and Call.visibleName: are the same at both ends", async () => {
    const same = await set.run(async () => {
      const { out, inc } = await window.lab.ringing({ call: { visibleName: "Alice" } });
      return [out.call.caller() === inc.call.caller(), out.call.callee() === inc.call.callee(), out.call.visibleName() === inc.call.visibleName()];
    });
    assert.deepEqual(same, [true, true, true]);
  });

  it("Call.hold: is HOLD at both ends once the far end agrees, and silent; unhold: speaks again", async () => {
    const statuses = await set.run(async () => {
      const { out, inc } = await window.lab.pair();
      await window.lab.hears(inc.call);
      out.call.hold();
      const atOnce = out.call.status();
      await Promise.all([out.seen.until("HOLD"), inc.seen.until("HOLD")]);
      await window.lab.hears(inc.call, false);
      const [from, to] = [out.seen.log.length, inc.seen.log.length];
      out.call.unhold();
      await Promise.all([out.seen.until("ESTABLISHED", from), inc.seen.until("ESTABLISHED", to)]);
      await window.lab.hears(inc.call);
      return [atOnce, out.call.status()];
    });
    assert.deepEqual(statuses, ["ESTABLISHED", "ESTABLISHED"]);
  });

  it("Call.unhold: ends a hold", async () => {
    const status = await set.run(async () => {
      const { inc } = await window.lab.pair();
      inc.call.hold();
      await inc.seen.until("HOLD");
      const from = inc.seen.log.length;
      inc.call.unhold();
      return (await inc.seen.until("ESTABLISHED", from)).status;
    });
    assert.equal(status, "ESTABLISHED");
  });

  it("Call.holdForTransfer: is HOLD, too", async () => {
    const status = await set.run(async () => {
      const { out } = await window.lab.pair();
      out.call.holdForTransfer();
      return (await out.seen.until("HOLD")).status;
    });
    assert.equal(status, "HOLD");
  });

  it("Call.transfer: hands the far end over to somebody else, and finishes", async () => {
    const caller = await set.run(async () => {
      const carol = await window.lab.open("carol");
      const { out, inc } = await window.lab.pair();
      const incoming = window.lab.incoming(carol);
      out.call.transfer(window.lab.name("carol"));
      const third = await incoming;
      third.call.answer(window.lab.media());
      await Promise.all([third.seen.until("ESTABLISHED"), out.seen.until("FINISH")]);
      await Promise.all([window.lab.hears(third.call), window.lab.hears(inc.call)]);
      return [inc.call.status(), third.call.status()];
    });
    assert.deepEqual(caller, ["ESTABLISHED", "ESTABLISHED"]);
  });

  it("Call.transfer: after holdForTransfer, joins the far ends of both calls", async () => {
    const statuses = await set.run(async () => {
      const carol = await window.lab.open("carol");
      const { alice, out, inc } = await window.lab.pair();
      out.call.holdForTransfer();
      await out.seen.until("HOLD");
      const incoming = window.lab.incoming(carol);
      const question = window.lab.dial(alice, window.lab.name("carol"));
      const third = await incoming;
      third.call.answer(window.lab.media());
      await question.seen.until("ESTABLISHED");
      out.call.transfer(window.lab.name("carol"));
      await Promise.all([out.seen.until("FINISH"), question.seen.until("FINISH")]);
      await Promise.all([window.lab.hears(third.call), window.lab.hears(inc.call)]);
      return [inc.call.status(), third.call.status()];
    });
    assert.deepEqual(statuses, ["ESTABLISHED", "ESTABLISHED"]);
  });

  it("Call.sendDTMF: sends a whole string, key by key", async () => {
    const digits = await set.run(async () => {
      const { out, inc } = await window.lab.pair();
      const digits: string[] = [];
      inc.call.on("DTMF", (...[, { digit }]: [unknown, { digit: string }]) => void digits.push(digit));
      out.call.sendDTMF("13*#");
      await window.lab.eventually(() => digits.length === 4, "four keys");
      return digits.join("");
    });
    assert.equal(digits, "13*#");
  });

  for (const type of ["Call.sendDTMF type RFC2833", "Call.sendDTMF type INFO", "Call.sendDTMF type INFO_RELAY"]) {
    it(`${type}: arrives`, async () => {
      const digit = await set.run(async (type) => {
        const { out, inc } = await window.lab.pair();
        const pressed = new Promise<string>((resolve) => inc.call.on("DTMF", (...[, { digit }]: [unknown, { digit: string }]) => resolve(digit)));
        out.call.sendDTMF("7", type);
        return pressed;
      }, type.split(" ").at(-1) ?? "");
      assert.equal(digit, "7");
    });
  }

  it("Call.on: gives the call, and a later listener takes the earlier one's place", async () => {
    const [same, heard] = await set.run(async () => {
      const { out } = await window.lab.pair();
      const heard: string[] = [];
      const same = out.call.on("FINISH", () => void heard.push("first")) === out.call;
      await new Promise<void>((resolve) => {
        out.call.on("FINISH", () => {
          heard.push("second");
          resolve();
        });
        out.call.hangup();
      });
      return [same, heard] as const;
    });
    assert.deepEqual([same, heard], [true, ["second"]]);
  });

  it("Call.on: refuses no event and no function, with the original's texts", async () => {
    const thrown = await set.run(async () => {
      const { session } = await window.lab.open("alice");
      const call = session.createCall({ callee: "somebody" });
      const nothing = null as never;
      return [window.lab.thrown(() => call.on(nothing, () => undefined)), window.lab.thrown(() => call.on("FAILED", nothing))];
    });
    assert.deepEqual(thrown.map((error) => error?.message), ["Event can't be null", "Callback needs to be a valid function"]);
  });

  it("Call.switchMic: goes to the next or to the one named, and says which; a mute stays", async () => {
    const result = await set.run(async () => {
      void window.Flashphoner.init();
      const { audio } = await window.Flashphoner.getMediaDevices(null, true);
      const { out, inc } = await window.lab.pair();
      const used = (): string | undefined => window.opened.at(-1)?.getAudioTracks()[0]?.getSettings().deviceId;
      const first = used();
      out.call.muteAudio();
      const next = await out.call.switchMic();
      const muted = out.call.isAudioMuted();
      out.call.unmuteAudio();
      const named = await out.call.switchMic(audio[0].id);
      await window.lab.hears(inc.call);
      return [next !== first, muted, named === audio[0].id];
    });
    assert.deepEqual(result, [true, true, true]);
  });

  it("Call.switchMic: before there is a connection is refused", async () => {
    const error = await set.run(async () => {
      const { out } = await window.lab.ringing();
      const early = window.lab.thrown(() => void out.call.switchMic().catch(() => undefined));
      return early ?? window.lab.rejected(out.call.switchMic());
    });
    assert.match(error?.message ?? "", /^Invalid call state/);
  });

  it("Call.switchCam: goes to the next camera, and says which", async () => {
    const [changed, known] = await set.run(async () => {
      void window.Flashphoner.init();
      const { video } = await window.Flashphoner.getMediaDevices(null, true);
      const constraints = { audio: true, video: { deviceId: video[0].id, width: 320, height: 240 } };
      const { out } = await window.lab.pair({ call: { constraints }, answer: { constraints } });
      const next = await out.call.switchCam();
      return [next !== video[0].id, video.some(({ id }) => id === next)];
    });
    assert.deepEqual([changed, known], [true, true]);
  });

  it("Call.switchCam: with a single camera is refused with the original's text", async () => {
    const error = await set.run(async () => {
      const list = navigator.mediaDevices.enumerateDevices.bind(navigator.mediaDevices);
      MediaDevices.prototype.enumerateDevices = async () => {
        const devices = await list();
        const camera = devices.find(({ kind }) => kind === "videoinput");
        return devices.filter((device) => device.kind !== "videoinput" || device === camera);
      };
      const constraints = { audio: true, video: true };
      const { out } = await window.lab.pair({ call: { constraints }, answer: { constraints } });
      return window.lab.rejected(out.call.switchCam());
    });
    assert.equal(error?.message, "Number of cams is less than 2 or camera is already used by other application");
  });

  it("Call.switchToScreen: sends the screen, and Call.switchToCam: the camera again", async () => {
    const kinds = await set.run(async () => {
      const constraints = { audio: true, video: { width: 320, height: 240 } };
      const { out } = await window.lab.pair({ call: { constraints }, answer: { constraints } });
      const sent = (): string | undefined => {
        const track = window.peers[0].getSenders().find(({ track }) => track?.kind === "video")?.track;
        return track?.getSettings().displaySurface === undefined ? "camera" : "screen";
      };
      const kinds = [sent()];
      await out.call.switchToScreen("screen", true);
      kinds.push(sent());
      await out.call.switchToCam();
      return [...kinds, sent()];
    });
    assert.deepEqual(kinds, ["camera", "screen", "camera"]);
  });

  it("Call.switchToCam: without a screen changes nothing", async () => {
    const status = await set.run(async () => {
      const constraints = { audio: true, video: true };
      const { out } = await window.lab.pair({ call: { constraints }, answer: { constraints } });
      await Promise.resolve(out.call.switchToCam()).catch(() => undefined);
      return out.call.status();
    });
    assert.equal(status, "ESTABLISHED");
  });

  it("Call.getLogger: has the original's methods", async () => {
    const kind = await set.run(async () => {
      const { session } = await window.lab.open("alice");
      const logger = session.createCall({ callee: "somebody" }).getLogger() as Record<string, unknown>;
      return typeof logger["info"];
    });
    assert.equal(kind, "function");
  });
});
