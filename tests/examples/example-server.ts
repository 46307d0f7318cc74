/** Serves the original's example pages as they are, with our script where they look for theirs. */
import { readFile } from "node:fs/promises";
import { type Server, createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { port } from "../peers/ports.ts";

/** The script that takes the place of `flashphoner.js`. */
const OURS = process.env["OFFHOOK_DROP_IN"] ?? new URL("../../npm/dist/flashphoner.js", import.meta.url).pathname;
const WORKLET = new URL("../page/recorder.worklet.js", import.meta.url).pathname;

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".mp3": "audio/mpeg",
  ".mp4": "video/mp4",
};

export class ExampleServer {
  private constructor(
    private readonly server: Server,
    readonly origin: string,
  ) {}

  /** `folders` by the path they are served at, the longest first. */
  static async start(folders: Readonly<Record<string, string>>): Promise<ExampleServer> {
    const free = await port();
    const server = createServer((request, response) => {
      const path = normalize(new URL(request.url ?? "/", "http://example").pathname);
      readFile(fileOf(path, folders)).then(
        (body) => response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream" }).end(body),
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((resolve) => server.listen(free, "127.0.0.1", resolve));
    return new ExampleServer(server, `http://127.0.0.1:${free}`);
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

function fileOf(path: string, folders: Readonly<Record<string, string>>): string {
  if (path === "/flashphoner.js") return OURS;
  if (path === "/recorder.worklet.js") return WORKLET;
  const prefix = Object.keys(folders).find((candidate) => path.startsWith(candidate)) ?? "";
  return join(folders[prefix] ?? "/nonexistent", path.slice(prefix.length));
}
