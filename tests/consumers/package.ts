/** The package as its users get it: packed by npm, and installed from that file. */
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { within } from "../peers/deadline.ts";
import { folder } from "../peers/folder.ts";
import { Program } from "../peers/program.ts";

const PACKAGE = new URL("../../npm/", import.meta.url).pathname;
const PROJECT = new URL("project/", import.meta.url).pathname;
/** All that a site must serve for a visitor with ears: browsers load a worklet by its address alone. */
const WORKLET = new URL("../page/recorder.worklet.js", import.meta.url).pathname;

/** How long npm may take to fetch and unpack what is not in its cache (ms). */
const INSTALL = 180_000;
/** How long a build may take (ms). */
const BUILD = 90_000;

const QUIET = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];

/** Packs it and returns the tarball's path. */
export async function pack(): Promise<string> {
  const to = folder("tarball");
  const npm = await run("npm", ["pack", "--silent", "--pack-destination", to], PACKAGE);
  const name = npm.output.all().at(-1);
  if (name === undefined) throw new Error(`npm packed nothing: ${npm.text()}`);
  return join(to, name);
}

/** Unpacks it without installing anything, and returns where its files are. */
export async function unpack(): Promise<string> {
  const to = folder("unpacked");
  await run("tar", ["--extract", "--file", await pack(), "--directory", to], to);
  return join(to, "package");
}

/** A project of its users: a copy of `project/` far from the sources, with everything installed. */
export class Project {
  private constructor(readonly folder: string) {}

  static async install(): Promise<Project> {
    const home = folder("project");
    cpSync(PROJECT, home, { recursive: true });
    cpSync(WORKLET, join(home, "vite/public/recorder.worklet.js"));
    await run("npm", ["ci", "--prefer-offline", ...QUIET], home, INSTALL);
    await run("npm", ["install", "--no-save", "--offline", ...QUIET, await pack()], home);
    return new Project(home);
  }

  /** A folder to build to. */
  output(name: string): string {
    const path = join(this.folder, "output", name);
    mkdirSync(path, { recursive: true });
    cpSync(WORKLET, join(path, "recorder.worklet.js"));
    return path;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Copies files of the project, as a person would who has no bundler. */
  copy(from: string, to: string): void {
    cpSync(this.path(from), to, { recursive: true });
  }

  /** Runs an installed tool to its end. */
  async build(tool: string, ...args: string[]): Promise<void> {
    await run(this.tool(tool), args, this.folder);
  }

  /** Starts an installed tool that serves. */
  serve(tool: string, ...args: string[]): Program {
    return new Program(tool, this.tool(tool), args, { cwd: this.folder, env: ENVIRONMENT });
  }

  private tool(name: string): string {
    return this.path(`node_modules/.bin/${name}`);
  }
}

/** Nobody is told that it was built. */
const ENVIRONMENT = { NEXT_TELEMETRY_DISABLED: "1", NO_COLOR: "1" };

async function run(command: string, args: readonly string[], cwd: string, ms = BUILD): Promise<Program> {
  const program = new Program(command, command, args, { cwd, env: ENVIRONMENT });
  const how = await within(program.ended, () => `${command} ${args.join(" ")}: ${program.text()}`, ms);
  if (how !== 0) throw new Error(`${command} ${args.join(" ")} ended badly (${how}): ${program.text().slice(-4000)}`);
  return program;
}
