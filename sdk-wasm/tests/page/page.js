// What the browser tests put in place of the world outside the page: a relay, and a watch on what the SDK opens.

const DEADLINE = 10_000;

/** Everything the SDK has opened since `watch` was called. */
const opened = { connections: [], streams: [], sockets: [] };

/** Resolves when `condition` holds, looked at on every turn of the event loop; rejects after ten seconds. */
export function until(condition, what) {
  const { port1, port2 } = new MessageChannel();
  const late = performance.now() + DEADLINE;
  return new Promise((resolve, reject) => {
    port1.onmessage = () => {
      const value = condition();
      const over = performance.now() > late;
      if (!value && !over) {
        port2.postMessage(0);
        return;
      }
      port1.close();
      value ? resolve(value) : reject(new Error(`waited in vain for ${what}`));
    };
    port2.postMessage(0);
  });
}

/** Begins to record what is opened; the earlier record is dropped. */
export function watch() {
  opened.connections.length = 0;
  opened.streams.length = 0;
  opened.sockets.length = 0;
  if (Connection.installed) return;
  Connection.installed = true;
  globalThis.RTCPeerConnection = Connection;
  const devices = navigator.mediaDevices;
  const original = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (constraints) => {
    if (refusal) throw new DOMException("refused by the test", refusal);
    if (gate) await gate;
    const exact = constraints.audio?.deviceId?.exact ?? constraints.video?.deviceId?.exact;
    if (exact && busySources.has(exact)) throw new DOMException("in use, says the test", "NotReadableError");
    const stream = await original(constraints);
    opened.streams.push(stream);
    return stream;
  };
  const list = devices.enumerateDevices.bind(devices);
  devices.enumerateDevices = async () => {
    const listed = await list();
    const first = (kind) => listed.filter((device) => device.kind === kind && device.deviceId !== "default");
    return deviceLimit === undefined ? listed : ["audioinput", "videoinput"].flatMap((kind) => first(kind).slice(0, deviceLimit));
  };
  const play = HTMLMediaElement.prototype.play;
  const muted = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "muted");
  HTMLMediaElement.prototype.play = function () {
    if (soundBlocked && !this.muted) return Promise.reject(new DOMException("no click yet", "NotAllowedError"));
    return play.call(this);
  };
  Object.defineProperty(HTMLMediaElement.prototype, "muted", {
    ...muted,
    set(value) {
      muted.set.call(this, value);
      if (soundBlocked && !value) this.pause();
    },
  });
  for (const [name, count] of [["addEventListener", 1], ["removeEventListener", -1]]) {
    const own = window[name];
    window[name] = function (...args) {
      listeners += count;
      return own.apply(this, args);
    };
  }
}

let soundBlocked = false;
let deviceLimit;
let listeners = 0;
const busySources = new Set();
const screens = [];

/** Plays the browser that allows no sound before the first click: it pauses what is unmuted, and refuses to play it. */
export function blockSound(blocked) {
  soundBlocked = blocked;
}

/** The person touches the page. */
export function touch() {
  soundBlocked = false;
  document.documentElement.dispatchEvent(new PointerEvent("pointerup", { bubbles: true }));
}

export function held(table) {
  let count = 0;
  for (let i = 0; i < table.length; i++) if (table.get(i) != null) count++;
  return count;
}

export function happen(event) {
  window.dispatchEvent(new Event(event));
}

/** Listeners on the window, more or fewer than at first. */
export function listenerCount() {
  return listeners;
}

/** A device that another program holds; empty for none. */
export function failSource(id) {
  busySources.clear();
  if (id) busySources.add(id);
}

/** So many microphones and cameras, and no more; 0 for all there are. */
export function limitDevices(count) {
  deviceLimit = count || undefined;
}

/** A stream the page opens by itself. */
export function openMicrophone() {
  return navigator.mediaDevices.getUserMedia({ audio: true });
}

/** The devices of a kind, without the ones listed twice. */
export async function deviceIds(kind) {
  const listed = await navigator.mediaDevices.enumerateDevices();
  return listed.filter((device) => device.kind === kind && device.deviceId !== "default").map((device) => device.deviceId);
}

/** The person agrees to share: a painted screen takes the place of a real one, which a browser without a display lacks. */
export function offerScreen() {
  screens.length = 0;
  navigator.mediaDevices.getDisplayMedia = async (constraints) => {
    const canvas = document.createElement("canvas");
    canvas.getContext("2d").fillRect(0, 0, 1, 1);
    const stream = canvas.captureStream(5);
    screens.push({ stream, constraints });
    opened.streams.push(stream);
    return stream;
  };
}

export function refuseScreen() {
  navigator.mediaDevices.getDisplayMedia = () => Promise.reject(new DOMException("refused by the test", "NotAllowedError"));
}

/** The person ends the sharing in the browser. */
export function endScreen() {
  const [track] = screens.at(-1).stream.getTracks();
  track.stop();
  track.dispatchEvent(new Event("ended"));
}

export function screensShared() {
  return screens.length;
}

/** What was asked of the last screen. */
export function lastScreen() {
  return screens.at(-1).constraints;
}

const RealConnection = globalThis.RTCPeerConnection;

class Connection extends RealConnection {
  constructor(configuration) {
    super(configuration);
    this.given = configuration;
    opened.connections.push(this);
  }
}

let refusal = "";
let gate;
let openGate;

/** The name of the DOMException that getUserMedia throws from now on; empty for none. */
export function refuseMicrophone(name) {
  refusal = name;
}

/** Keeps getUserMedia waiting, as a person who does not answer the browser's question. */
export function holdMicrophone() {
  gate = new Promise((resolve) => { openGate = resolve; });
}

export function grantMicrophone() {
  gate = undefined;
  openGate();
}

/** What is still open: live tracks, connections that are not closed, sockets that are not closed, elements in the page. */
export function left() {
  const live = opened.streams.flatMap((stream) => stream.getTracks()).filter((track) => track.readyState === "live");
  return {
    // A track can be in several streams.
    microphones: new Set(live).size,
    connections: opened.connections.filter((connection) => connection.connectionState !== "closed").length,
    sockets: opened.sockets.filter((socket) => socket.readyState < 2).length,
    elements: document.querySelectorAll("video, audio").length,
  };
}

/** An element that runs `reaction` in the middle of something being put into it. */
export function reactingPlace(reaction) {
  const place = document.createElement("div");
  place.appendChild = (child) => {
    Node.prototype.appendChild.call(place, child);
    reaction();
    return child;
  };
  document.documentElement.append(place);
  return place;
}

export function connectionCount() {
  return opened.connections.length;
}

export function lastConfiguration() {
  return opened.connections.at(-1).given;
}

/** Lets two connections of this page find each other, since neither has a relay's candidates. */
export function introduce(first, second) {
  const a = opened.connections[first];
  const b = opened.connections[second];
  carryCandidates(a, b);
  carryCandidates(b, a);
}

function carryCandidates(from, to) {
  const queue = [];
  const deliver = () => {
    while (to.remoteDescription && queue.length > 0) to.addIceCandidate(queue.shift()).catch(() => {});
  };
  from.addEventListener("icecandidate", ({ candidate }) => {
    if (candidate) queue.push(candidate);
    deliver();
  });
  to.addEventListener("signalingstatechange", deliver);
}

/** Resolves when sound comes in on a connection; rejects after ten seconds. */
export async function soundArrives(index) {
  const late = performance.now() + DEADLINE;
  while (performance.now() < late) {
    const report = await opened.connections[index].getStats();
    if ([...report.values()].some((entry) => entry.type === "inbound-rtp" && entry.bytesReceived > 0)) return;
  }
  throw new Error(`no sound came in on connection ${index}`);
}

/** An app's sink: keeps what it gets, and can be waited on. */
export class Sink {
  events = [];
  reaction;

  constructor() {
    this.sink = (event) => {
      this.events.push(event);
      this.reaction?.(event);
    };
  }

  /** Runs inside the delivery of each event. */
  react(reaction) {
    this.reaction = reaction;
  }

  count() {
    return this.events.length;
  }

  /** The statuses told of a session or call, in order. */
  statuses(id) {
    return this.events.filter((event) => (event.callId ?? event.sessionId) === id && event.status).map(({ status }) => status);
  }

  status(id, status) {
    return this.event((event) => (event.callId ?? event.sessionId) === id && event.status === status, `${id} ${status}`);
  }

  state(kind, state) {
    return this.event((event) => event.kind === kind && event.state === state, `${kind} ${state}`);
  }

  kind(kind) {
    return this.event((event) => event.kind === kind, kind);
  }

  event(matches, what) {
    return until(() => this.events.find(matches), what).catch((error) => {
      throw new Error(`${error.message}; there was ${JSON.stringify(this.events)}`);
    });
  }
}

/** A relay in the page: it takes the place of `WebSocket`, replies to everything, and answers calls as a real peer. */
export class Relay {
  sent = [];
  seq = 0;
  /** The status code the last socket was closed with. */
  closeCode;
  /** What the relay does with a request beyond replying: by request type. */
  silent = false;
  gone = false;
  video = false;
  reachable = false;
  resumed = {};
  extras = {};
  all = [];

  constructor() {
    const relay = this;
    globalThis.WebSocket = class extends EventTarget {
      readyState = 0;

      constructor(url, protocol) {
        super();
        Object.assign(this, { url, protocol });
        opened.sockets.push(this);
        relay.socket = this;
        relay.all.push(this);
        queueMicrotask(() => {
          this.readyState = relay.gone ? 3 : 1;
          if (relay.gone) this.onclose?.(new CloseEvent("close", { code: 1006 }));
          else this.onopen?.(new Event("open"));
        });
      }

      send(frame) {
        const request = JSON.parse(frame);
        relay.sent.push(request);
        queueMicrotask(() => relay.take(request));
      }

      close(code) {
        this.readyState = 3;
        relay.closeCode = code;
      }
    };
  }

  get sockets() {
    return this.all.length;
  }

  get url() {
    return this.socket.url;
  }

  oldSocketsAreDeaf() {
    return this.all.slice(0, -1).every((socket) => !socket.onopen && !socket.onmessage && !socket.onclose);
  }

  requests(type) {
    return this.sent.filter((request) => request.type === type).length;
  }

  request(type) {
    return until(() => this.sent.find((request) => request.type === type), `the request ${type}`);
  }

  take(request) {
    if (this.silent) return;
    const result = {
      hello: { version: 1, server: "test" },
      openLocal: { sessionId: "r", token: "t", login: request.login, registers: false, graceMs: 30_000 },
      resume: { sessionId: "r", token: "t2", login: "alice", registers: false, graceMs: 30_000, lastSeq: 0, ...this.resumed },
    }[request.type] ?? {};
    this.frame({ type: "reply", id: request.id, result });
    if (request.type === "hangup") this.status(request.callId, "FINISH");
    if (request.type === "call") void this.answer(request);
    if (request.type === "offer") void this.agree(request);
    if (request.type === "sdp") void this.far.setRemoteDescription({ type: "answer", sdp: request.sdp });
  }

  async answer({ callId, sdp }) {
    this.status(callId, "TRYING");
    this.status(callId, "RING");
    const far = await this.peer();
    await far.setRemoteDescription({ type: "offer", sdp });
    await far.setLocalDescription();
    this.event({ type: "callSdp", callId, kind: "answer", sdp: await this.description() });
    this.status(callId, "ESTABLISHED");
  }

  /** Answers the browser's offer within a call; a page that is new has a connection that is. */
  async agree({ callId, sdp }) {
    const far = this.far ?? await this.peer();
    await far.setRemoteDescription({ type: "offer", sdp });
    await far.setLocalDescription();
    this.event({ type: "callSdp", callId, kind: "answer", sdp: await this.description() });
  }

  /** With the relay's candidates, if it is to be reached: the browser's are learnt from its checks. */
  async description() {
    if (this.reachable) await until(() => this.far.iceGatheringState === "complete", "the relay's candidates");
    return this.far.localDescription.sdp;
  }

  /** Offers again within a call. */
  async offer(callId) {
    await this.far.setLocalDescription(await this.far.createOffer());
    this.event({ type: "callSdp", callId, kind: "offer", sdp: this.far.localDescription.sdp });
  }

  /** Calls the page. */
  async invite(callId) {
    this.offering = await this.peer();
    await this.offering.setLocalDescription();
    const { sdp } = this.offering.localDescription;
    this.event({ type: "incomingCall", callId, caller: "alice", callee: "bob", sdp, ...this.extras });
  }

  /** Takes the page's answer to `invite`. */
  async connect(callId) {
    const { sdp } = await this.request("answer");
    await this.offering.setRemoteDescription({ type: "answer", sdp });
    this.status(callId, "ESTABLISHED");
  }

  /** A connection of the relay's, known to the page's latest. */
  async peer() {
    const far = new RealConnection();
    const sound = new AudioContext();
    const oscillator = sound.createOscillator();
    const destination = sound.createMediaStreamDestination();
    oscillator.connect(destination);
    oscillator.start();
    far.addTrack(destination.stream.getTracks()[0], destination.stream);
    if (this.video) {
      const canvas = document.createElement("canvas");
      canvas.getContext("2d").fillRect(0, 0, 1, 1);
      far.addTrack(canvas.captureStream(5).getTracks()[0], destination.stream);
    }
    this.far = far;
    this.close = () => {
      far.close();
      void sound.close();
    };
    return far;
  }

  /** The far end's packets stop. */
  silence() {
    for (const sender of this.far.getSenders()) sender.replaceTrack(null);
  }

  status(callId, status) {
    this.event({ type: "callStatus", callId, status });
  }

  event(body) {
    this.frame({ seq: ++this.seq, ...body });
  }

  frame(message) {
    this.text(JSON.stringify(message));
  }

  text(data) {
    this.socket.onmessage?.(new MessageEvent("message", { data }));
  }

  drop() {
    this.socket.readyState = 3;
    this.socket.onclose?.(new CloseEvent("close"));
  }
}
