/** A client in a web page that we did not write: JsSIP in Chromium, over the relay's SIP WebSocket. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, afterEach, before, describe, it } from "node:test";
import { build } from "esbuild";
import { type Browser, type Page, chromium } from "playwright-core";
import { CHROMIUM } from "../peers/browser.ts";
import { port } from "../peers/ports.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";

/** What the page's own script is asked. */
interface Client {
  call(number: string): Promise<void>;
  /** The frequency that is loudest in what is heard, once anything is. */
  hears(): Promise<number>;
  hold(held: boolean): Promise<void>;
  renegotiate(): Promise<boolean>;
  hangup(): Promise<void>;
}

const PAGE = `
import JsSIP from "jssip";
const context = new AudioContext();
const voice = context.createOscillator();
voice.frequency.value = 440;
const microphone = context.createMediaStreamDestination();
voice.connect(microphone);
voice.start();
const ear = context.createAnalyser();
ear.fftSize = 8192;
let session, ua;
window.client = {
  async call(number) {
    const { ws, host } = Object.fromEntries(new URL(location.href).searchParams);
    ua = new JsSIP.UA({ sockets: [new JsSIP.WebSocketInterface(ws)], uri: "sip:page@" + host, register: false, session_timers: false });
    await new Promise((resolve, reject) => { ua.on("connected", resolve); ua.on("disconnected", () => reject(new Error("no socket"))); ua.start(); });
    await new Promise((resolve, reject) => {
      session = ua.call("sip:" + number + "@" + host, {
        mediaStream: microphone.stream,
        pcConfig: { iceServers: [] },
        eventHandlers: {
          confirmed: resolve,
          failed: (event) => { ua.stop(); reject(new Error(event.cause + " " + (event.message?.status_code ?? ""))); },
        },
      });
      session.connection.addEventListener("track", ({ track }) => {
        const stream = new MediaStream([track]);
        // Chromium gives the sound of a peer to Web Audio only while an element plays it.
        const audio = document.createElement("audio");
        audio.muted = true;
        audio.srcObject = stream;
        void audio.play();
        context.createMediaStreamSource(stream).connect(ear);
      });
    });
  },
  async hears() {
    const bins = new Float32Array(ear.frequencyBinCount);
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      ear.getFloatFrequencyData(bins);
      const loudest = bins.reduce((best, level, at) => (level > bins[best] ? at : best), 0);
      if (bins[loudest] > -60) return (loudest * context.sampleRate) / ear.fftSize;
    }
  },
  hold: (held) => new Promise((resolve) => (held ? session.hold({}, resolve) : session.unhold({}, resolve))),
  renegotiate: () => new Promise((resolve) => session.renegotiate({ rtcOfferConstraints: { iceRestart: true } }, () => resolve(true)) || resolve(false)),
  hangup: () => new Promise((resolve) => { session.on("ended", () => { ua.stop(); resolve(); }); session.terminate(); }),
};
`;

let relay: Relay;
let browser: Browser;
let page: Page;
let ws: number;
const server = createServer();

before(async () => {
  const bundle = await build({ stdin: { contents: PAGE, resolveDir: import.meta.dirname }, bundle: true, write: false, format: "iife", define: { global: "window" } });
  const script = bundle.outputFiles[0]?.text ?? "";
  server.on("request", (request, response) => {
    const [type, body] = request.url?.startsWith("/client.js") ? ["text/javascript", script] : ["text/html", '<script src="client.js"></script>'];
    response.writeHead(200, { "content-type": type }).end(body);
  });
  const own = await port();
  await new Promise<void>((resolve) => server.listen(own, "127.0.0.1", resolve));
  ws = await port("127.0.0.2");
  relay = await Relay.start({ origins: [`http://127.0.0.1:${own}`], sip: [`ws = "127.0.0.2:${ws}"`] });
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--autoplay-policy=no-user-gesture-required", "--disable-features=WebRtcHideLocalIpsWithMdns"],
  });
  page = await browser.newPage();
  const host = relay.sip.split(":")[0] ?? "";
  await page.goto(`http://127.0.0.1:${own}/?ws=ws://127.0.0.2:${ws}&host=${host}`);
});
afterEach(async () => relay.idle());
after(async () => {
  await browser.close();
  server.close();
  await endPrograms((program) => program !== relay.program);
  await relay.stop();
});

function ask<K extends keyof Client>(what: K, ...args: Parameters<Client[K]>): Promise<Awaited<ReturnType<Client[K]>>> {
  const expression = `client[${JSON.stringify(what)}](...${JSON.stringify(args)})`;
  return page.evaluate<Awaited<ReturnType<Client[K]>>>(expression);
}

async function hears(frequency: number): Promise<void> {
  const heard = await ask("hears");
  assert.ok(Math.abs(heard - frequency) < 12, `${heard} Hz`);
}

describe("JsSIP", () => {
  it("calls a number of the relay's and hears itself", async () => {
    await ask("call", "echo");
    await hears(440);
    await ask("hangup");
  });

  it("holds, resumes and restarts ICE within a call", async () => {
    await ask("call", "echo");
    await hears(440);
    await ask("hold", true);
    await ask("hold", false);
    assert.equal(await ask("renegotiate"), true);
    await hears(440);
    await ask("hangup");
  });

  it("is told why a call fails", async () => {
    await assert.rejects(ask("call", "nobody"), /404|Not Found/);
  });
});
