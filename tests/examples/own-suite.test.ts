/**
 * The original's own test suite, as it was published, as far as it is about sessions, calls and devices. Its SIP part
 * takes the server's address for the SIP domain and has no port in it: a SIP server waits there on 5060.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Browser } from "../peers/browser.ts";
import { within } from "../peers/deadline.ts";
import { Kamailio } from "../peers/kamailio.ts";
import { Relay } from "../peers/relay.ts";
import { BROWSER_VOICE } from "../e2e/stage.ts";
import { ExampleServer } from "./example-server.ts";
import { CHAI, MOCHA, ORIGINAL, published } from "./published.ts";

/** An address of our own on loopback, where port 5060 is nobody else's. */
const SERVER = `127.77.${process.pid % 250}.${1 + Math.floor(Math.random() * 250)}`;
const PAGE = new URL("../page/suite.html", import.meta.url).pathname;

let server: ExampleServer;
let relay: Relay;
let kamailio: Kamailio;
let browser: Browser;

before(async () => {
  const [original, mocha, chai] = await Promise.all([ORIGINAL, MOCHA, CHAI].map(published));
  server = await ExampleServer.start({
    "/suite.html": PAGE,
    "/node_modules/mocha/": mocha,
    "/node_modules/chai/": chai,
    "/": original,
  });
  kamailio = await Kamailio.start({ users: { 3000: "1234", 3001: "1234" }, address: SERVER, port: 5060 });
  relay = await Relay.start({ origins: [server.origin], destinations: [SERVER], users: { suite: "" } });
  const { port } = new URL(relay.http);
  const args = [
    "--use-fake-device-for-media-stream=device-count=2",
    "--use-fake-ui-for-media-stream",
    `--host-resolver-rules=MAP ${SERVER}:${port} 127.0.0.1:${port}`,
  ];
  browser = await Browser.start({ says: BROWSER_VOICE, origin: server.origin, args });
});

after(async () => {
  await browser.stop();
  await kamailio.stop();
  await relay.stop();
  server.stop();
});

/** Runs the suite's tests whose titles match, and gives what failed. */
async function run(wanted: string): Promise<{ passed: string[]; failed: string[] }> {
  const page = await browser.chromium.newPage();
  const address = encodeURIComponent(`ws://${SERVER}:${new URL(relay.http).port}`);
  await page.goto(`${server.origin}/suite.html?login=suite&server=${address}`);
  const results = await within(page.evaluate((pattern) => window.runSuite(pattern), wanted), "the suite to end", 90_000);
  await page.close();
  const told = results.map(({ title, error }) => `${title}${error === "" ? "" : `: ${error}`}`);
  return {
    passed: told.filter((_, i) => results[i].error === ""),
    failed: told.filter((_, i) => results[i].error !== ""),
  };
}

declare global {
  interface Window {
    runSuite: (wanted: string) => Promise<{ title: string; error: string }[]>;
  }
}

describe("the original's own suite", () => {
  it("SIP: registers, and a call goes out and comes in", async () => {
    const { passed, failed } = await run("^SIP");
    assert.deepEqual(failed, []);
    assert.deepEqual(passed, ["SIP should register", "SIP outgoing and incoming call"]);
  });

  it("sessions: are created, listed, connected, failed and disconnected", async () => {
    const titles = "create session|session should (expose methods|connect|disconnect)|closed port";
    const { passed, failed } = await run(`^flashphoner .*(${titles})`);
    assert.deepEqual(failed, []);
    assert.equal(passed.length, 5, passed.join("\n"));
  });

  it("sessions: are in no list when they have ended", async () => {
    // Alone: chai takes two objects without properties of their own for the same one, and others leave sessions open.
    const { passed, failed } = await run("expose sessions");
    assert.deepEqual(failed, []);
    assert.equal(passed.length, 1);
  });

  it("devices: are listed, opened, released, and show the size that was asked for", async () => {
    const titles = "getMediaDevices|return and release|specified by deviceId|screen sharing|resize should";
    const { passed, failed } = await run(`^MediaDevices .*(${titles})`);
    assert.deepEqual(failed, []);
    assert.equal(passed.length, 7, passed.join("\n"));
  });
});
