/** The packed package in the projects of its users: each builds a page, and the page makes a call that is heard. */
import { after, afterEach, before, describe, it } from "node:test";
import { BROWSER_VOICE } from "../e2e/stage.ts";
import { Browser } from "../peers/browser.ts";
import { FileServer } from "../peers/file-server.ts";
import { hears } from "../peers/hearing.ts";
import { port } from "../peers/ports.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Project } from "./package.ts";
import { Visitor } from "./visitor.ts";

const SITES = ["vite", "webpack", "next", "esbuild", "script", "flashphoner", "commonjs", "import-map"] as const;
type Site = (typeof SITES)[number];

let project: Project;
let browser: Browser;
let relay: Relay;
let dev: string;
const sites = new Map<Site, FileServer>();

before(async () => {
  project = await Project.install();
  for (const site of SITES) sites.set(site, await FileServer.start(project.output(site)));
  dev = `http://127.0.0.1:${await port()}`;
  browser = await Browser.start({ says: BROWSER_VOICE, origin: dev });
  const origins = [dev, ...[...sites.values()].map((site) => site.origin)];
  relay = await Relay.start({ origins, users: { alice: "" } });
});

afterEach(() => relay.idle());

after(async () => {
  await browser.stop();
  for (const site of sites.values()) site.stop();
  await relay.zero((name) => !["transactions", "sipConnections"].includes(name), 40_000);
  await relay.stop();
  await endPrograms();
});

const origin = (site: Site): string => sites.get(site)?.origin ?? "";

/** Visits a page, whose call is answered by the relay's echo, until the visitor hears what was said. */
async function callsEcho(at: string): Promise<void> {
  const visitor = await Visitor.arrive(browser, at, relay.url);
  await visitor.reads(/^ESTABLISHED$/);
  await visitor.listens();
  await hears(visitor, BROWSER_VOICE);
  await visitor.presses("#hangup");
  await visitor.reads(/^FINISH$/);
  await visitor.leaves();
}

describe("a page made with the package calls", () => {
  it("served by Vite while it is developed", async () => {
    const { hostname, port: free } = new URL(dev);
    const vite = project.serve("vite", "vite", "--host", hostname, "--port", free, "--strictPort");
    await vite.line(/ready in/);
    await callsEcho(dev);
    await vite.stop();
  });

  it("built by Vite", async () => {
    await project.build("vite", "build", "vite", "--outDir", project.output("vite"));
    await callsEcho(origin("vite"));
  });

  it("built by webpack", async () => {
    await project.build("webpack", "--config", "webpack/webpack.config.js", "--output-path", project.output("webpack"));
    project.copy("webpack/index.html", `${project.output("webpack")}/index.html`);
    await callsEcho(origin("webpack"));
  });

  it("exported by Next.js", async () => {
    await project.build("next", "build", "next");
    project.copy("next/out", project.output("next"));
    await callsEcho(origin("next"));
  });

  it("bundled by esbuild, with the module copied beside the bundle", async () => {
    const output = project.output("esbuild");
    await project.build("esbuild", "esbuild/main.js", "--bundle", "--format=esm", "--minify", `--outfile=${output}/main.bundle.js`);
    project.copy("esbuild/index.html", `${output}/index.html`);
    project.copy("node_modules/offhook/dist/offhook_sdk_bg.wasm", `${output}/offhook_sdk_bg.wasm`);
    await callsEcho(origin("esbuild"));
  });

  it("with a script tag", async () => {
    const output = project.output("script");
    project.copy("script", output);
    project.copy("echo.js", `${output}/echo.js`);
    project.copy("node_modules/offhook/dist/offhook.global.js", `${output}/offhook.global.js`);
    await callsEcho(origin("script"));
  });

  it("with the drop-in script", async () => {
    const output = project.output("flashphoner");
    project.copy("flashphoner", output);
    project.copy("echo.js", `${output}/echo.js`);
    project.copy("node_modules/offhook/dist/flashphoner.js", `${output}/flashphoner.js`);
    await callsEcho(origin("flashphoner"));
  });

  it("requiring the drop-in script as CommonJS", async () => {
    const output = project.output("commonjs");
    await project.build("webpack", "--mode=production", "--entry=./commonjs/main.cjs", "--output-path", output);
    project.copy("commonjs/index.html", `${output}/index.html`);
    await callsEcho(origin("commonjs"));
  });

  it("with an import map", async () => {
    const output = project.output("import-map");
    project.copy("import-map", output);
    project.copy("echo.js", `${output}/echo.js`);
    project.copy("node_modules/offhook", `${output}/node_modules/offhook`);
    await callsEcho(origin("import-map"));
  });
});
