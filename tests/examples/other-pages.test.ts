/**
 * The rest of the original's package: which of its pages are about calls, and that the others, which play and publish
 * streams, find every name they look for while they load.
 */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { BrowserContext } from "playwright-core";
import { Browser } from "../peers/browser.ts";
import { silence } from "../sound/sources.ts";
import { ExampleServer } from "./example-server.ts";
import { ORIGINAL, published } from "./published.ts";

let folder: string;
let server: ExampleServer;
let browser: Browser;

before(async () => {
  folder = await published(ORIGINAL);
  server = await ExampleServer.start({ "/": folder });
  // Nothing from elsewhere: pages may name servers of their makers.
  const alone = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1";
  const args = ["--use-fake-device-for-media-stream=device-count=2", "--use-fake-ui-for-media-stream", alone];
  browser = await Browser.start({ says: silence(3, 48_000), origin: server.origin, args });
});
after(async () => {
  await browser.stop();
  server.stop();
});

/** Files of the examples with this ending, as paths in the package. */
function examples(ending: string): string[] {
  const files = readdirSync(join(folder, "examples"), { recursive: true, encoding: "utf8" });
  return files.filter((file) => file.endsWith(ending)).map((file) => `examples/${file}`).sort();
}

function text(file: string): string {
  return readFileSync(join(folder, file), "utf8");
}

describe("the original's examples", () => {
  it("call from four pages and no others: React, Vue and TypeScript examples play and publish streams", () => {
    const sources = [".js", ".ts", ".tsx", ".vue", ".jsx"].flatMap(examples);
    assert.deepEqual(sources.filter((file) => /createCall|INCOMING_CALL/.test(text(file))), [
      "examples/demo/sip/click-to-call/click-to-call.js",
      "examples/demo/sip/phone-ui/Phone.js",
      "examples/demo/sip/phone-video/phone-video.js",
      "examples/demo/sip/phone/phone.js",
    ]);
    for (const kind of ["react", "vue", "typescript"]) {
      const own = sources.filter((file) => file.startsWith(`examples/${kind}/`));
      assert.ok(own.some((file) => /createStream|createRoom|RoomApi/i.test(text(file))), kind);
    }
  });

  it("of SIP as RTMP use the server's REST interface and no script of the SDK", () => {
    const pages = examples(".html").filter((file) => file.includes("/sip-as-rtmp"));
    assert.equal(pages.length, 4);
    for (const page of pages) {
      assert.doesNotMatch(text(page), /flashphoner[a-z-]*\.js/);
      assert.match(text(page.replace(".html", ".js")), /restUrl|rest-api/i);
    }
  });

  it("load with our script without an error that they do not have with theirs", async () => {
    const pages = examples(".html").filter((file) => /\/flashphoner\.js/.test(text(file)));
    assert.ok(pages.length > 30, `${pages.length} pages`);
    const worse: string[] = [];
    while (pages.length > 0) worse.push(...(await Promise.all(pages.splice(0, 4).map(added))).flat());
    assert.deepEqual(worse, []);
  });
});

/** Errors of a page with our script which it does not have with theirs. */
async function added(file: string): Promise<string[]> {
  const ours = await errors(file);
  if (ours.length === 0) return [];
  const theirs = new Set(await errors(file, join(folder, "flashphoner.js")));
  return ours.filter((error) => !theirs.has(error)).map((error) => `${file}: ${error}`);
}

/** Errors that nobody caught while the page loaded; with another script than ours on request. */
async function errors(file: string, script?: string): Promise<string[]> {
  const context: BrowserContext = await browser.chromium.newContext();
  if (script !== undefined) await context.route("**/flashphoner.js", (route) => route.fulfill({ path: script }));
  const page = await context.newPage();
  const found: string[] = [];
  page.on("pageerror", (error) => found.push(error.message));
  await page.goto(`${server.origin}/${file}`);
  // Their partial pages are fetched by jQuery, one after the other.
  await page.waitForFunction(() => ((window as { jQuery?: { active: number } }).jQuery?.active ?? 0) === 0);
  await context.close();
  return found;
}
