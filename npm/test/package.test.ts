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
      "CALL_EVENT CALL_STATUS CALL_STATUS_INFO ERROR_INFO OffhookError SESSION_STATUS createSession getSession getSessions init",
    );
  });

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

test("the packed wasm needs nothing but its own glue", () => {
  const module = new WebAssembly.Module(readFileSync(new URL("offhook_sdk_bg.wasm", dist)));
  const from = new Set(WebAssembly.Module.imports(module).map((wanted) => wanted.module));
  assert.deepEqual([...from], ["./offhook_sdk_bg.js"]);
});
