/** Pages with a Content-Security-Policy (CSP Level 3): what it must allow, and what the page is told where it does not. */
import assert from "node:assert/strict";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { BROWSER_VOICE } from "../e2e/stage.ts";
import { Browser } from "../peers/browser.ts";
import { FileServer } from "../peers/file-server.ts";
import { folder } from "../peers/folder.ts";
import { hears } from "../peers/hearing.ts";
import { port } from "../peers/ports.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { unpack } from "./package.ts";
import { Visitor } from "./visitor.ts";

/** The ways to have the package in a page: the scripts of its head, and where they find `createSession`. */
const WAYS = {
  "the module": { scripts: ["main.js"], main: 'import { createSession } from "./offhook/dist/index.js";' },
  "the module with the WebAssembly inside": { scripts: ["main.js"], main: 'import { createSession } from "./offhook/dist/inline.js";' },
  "the script tag": { scripts: ["offhook/dist/offhook.global.js", "main.js"], main: "const { createSession } = Offhook;" },
  "the drop-in script": {
    scripts: ["offhook/dist/flashphoner.js", "main.js"],
    main: "Flashphoner.init();\nconst { createSession } = Flashphoner;",
  },
} as const;

let relay: Relay;
let browser: Browser;
let unpacked: string;
const servers: FileServer[] = [];

before(async () => {
  unpacked = await unpack();
  browser = await Browser.start({ says: BROWSER_VOICE, origin: `http://127.0.0.1:${await port()}` });
});

afterEach(async () => {
  await relay.idle();
  await relay.zero((name) => !["transactions", "sipConnections"].includes(name), 40_000);
  await relay.stop();
  for (const server of servers.splice(0)) server.stop();
});

after(async () => {
  await browser.stop();
  await endPrograms();
});

/** Serves a page that has the package this way under this `script-src`, and visits it. */
async function visit({ scripts, main }: (typeof WAYS)[keyof typeof WAYS], scriptSrc: string): Promise<Visitor> {
  const site = folder("site");
  cpSync(unpacked, join(site, "offhook"), { recursive: true });
  for (const file of ["project/echo.js", "../page/recorder.worklet.js"]) {
    cpSync(new URL(file, import.meta.url), join(site, file.split("/").at(-1) ?? ""));
  }
  const tags = scripts.map((script) => `<script ${script === "main.js" ? 'type="module" ' : ""}src="${script}"></script>`);
  const head = `<meta charset="utf-8"><link rel="icon" href="data:,"><title>CSP</title>${tags.join("")}`;
  const body = `<p id="status"></p><div id="remote"></div><button id="hangup">Hang up</button>`;
  writeFileSync(join(site, "index.html"), `<!doctype html><html lang="en"><head>${head}</head><body>${body}</body></html>`);
  writeFileSync(join(site, "main.js"), `${main}\nimport { callEcho } from "./echo.js";\ncallEcho(createSession);\n`);
  // The relay's port is not known yet: it must be told the page's origin first.
  const policy = `default-src 'none'; img-src data:; script-src ${scriptSrc}; connect-src 'self' ws://127.0.0.1:*`;
  const server = await FileServer.start(site, { "content-security-policy": policy });
  servers.push(server);
  relay = await Relay.start({ origins: [server.origin], users: { alice: "" } });
  return Visitor.arrive(browser, server.origin, relay.url);
}

for (const [name, way] of Object.entries(WAYS)) {
  describe(`${name} under a Content-Security-Policy`, () => {
    it("calls with script-src 'self' 'wasm-unsafe-eval' and nothing more", async () => {
      const visitor = await visit(way, "'self' 'wasm-unsafe-eval'");
      await visitor.reads(/^ESTABLISHED$/);
      await visitor.listens();
      await hears(visitor, BROWSER_VOICE);
      await visitor.presses("#hangup");
      await visitor.reads(/^FINISH$/);
      assert.deepEqual(visitor.console.filter((line) => /Content.Security.Policy|uncaught/i.test(line)), []);
      await visitor.leaves();
    });

    it("fails without 'wasm-unsafe-eval' and says that it is missing", async () => {
      const visitor = await visit(way, "'self'");
      assert.match(await visitor.reads(/./), /^wasmFailed: .*Content-Security-Policy.*'wasm-unsafe-eval'/);
      await visitor.leaves();
    });
  });
}
