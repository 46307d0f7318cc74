// What a consumer gets: the built files, imported in a process that has no browser in it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { createContext, runInContext } from "node:vm";

const dist = new URL("../dist/", import.meta.url);
assert.ok(existsSync(dist), "the package is not built: npm run build");

/** Runs an ES module in a fresh node and returns what it prints. */
function run(source: string): string {
  return execFileSync(process.execPath, ["--input-type=module", "-e", source], { encoding: "utf8" }).trim();
}

for (const entry of ["index.js", "inline.js"]) {
  const url = new URL(entry, dist).href;

  test(`${entry} can be imported in Node and exports what is documented`, () => {
    const names = run(`console.log(Object.keys(await import(${JSON.stringify(url)})).sort().join(" "))`);
    assert.equal(
      names,
      "CALL_EVENT CALL_STATUS CALL_STATUS_INFO ERROR_INFO OffhookError SESSION_EVENT SESSION_STATUS TRANSFER_STATUS " +
        "createSession getSession getSessions init",
    );
  });

}

for (const entry of ["index.js", "inline.js", "compat.js"]) {
  const url = new URL(entry, dist).href;

  test(`${entry} touches no browser global when it is imported`, () => {
    const source = `
      const touched = [];
      for (const name of ["window", "document", "navigator", "WebSocket", "RTCPeerConnection", "fetch", "location"]) {
        Object.defineProperty(globalThis, name, { configurable: true, get() { touched.push(name); return undefined; } });
      }
      await import(${JSON.stringify(url)});
      console.log(touched.join(" "));`;
    assert.equal(run(source), "");
  });
}

test("the classic script defines Offhook at once", () => {
  const context = createContext({ TextDecoder, TextEncoder, URL, queueMicrotask });
  runInContext(readFileSync(new URL("offhook.global.js", dist), "utf8"), context);
  assert.equal(runInContext("typeof Offhook.createSession + Offhook.CALL_STATUS.RING", context), "functionRING");
});

/** What the drop-in script defines, and nothing else. */
const NAMESPACE =
  "Browser constants createSession firefoxScreenSharingExtensionInstalled getLogger getMediaAccess getMediaDevices " +
  "getMediaProviders getMobileDevices getSession getSessions init isUsingTemasys playFirstSound playFirstVideo releaseLocalMedia";

test("flashphoner.js defines the global Flashphoner at once, with every documented name and no other", () => {
  const context = createContext({ TextDecoder, TextEncoder, URL, queueMicrotask });
  runInContext(readFileSync(new URL("flashphoner.js", dist), "utf8"), context);
  assert.equal(runInContext('Object.keys(Flashphoner).sort().join(" ")', context), NAMESPACE);
  assert.equal(runInContext("typeof Offhook", context), "undefined");
});

test("flashphoner.js is a CommonJS module where there is `module`", () => {
  const names = execFileSync(
    process.execPath,
    ["--input-type=commonjs", "-e", 'console.log(Object.keys(require("offhook/flashphoner.js")).sort().join(" "), typeof Flashphoner)'],
    { encoding: "utf8", cwd: new URL("..", dist) },
  );
  assert.equal(names.trim(), `${NAMESPACE} undefined`);
});

test("offhook/compat exports the same names one by one, and together as default", () => {
  const names = run(`
    const compat = await import(${JSON.stringify(new URL("compat.js", dist).href)});
    console.log(Object.keys(compat.default).sort().join(" "));
    console.log(Object.keys(compat).filter((name) => compat[name] !== compat.default[name]).sort().join(" "));`);
  assert.deepEqual(names.split("\n"), [NAMESPACE, "OffhookError default"]);
});

test("the packed wasm needs nothing but its own glue", () => {
  const module = new WebAssembly.Module(readFileSync(new URL("offhook_sdk_bg.wasm", dist)));
  const from = new Set(WebAssembly.Module.imports(module).map((wanted) => wanted.module));
  assert.deepEqual([...from], ["_"]);
});
