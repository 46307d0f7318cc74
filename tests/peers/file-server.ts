/** A web server that serves a folder and adds nothing, as the site of somebody who uses the package. */
import { readFile, stat } from "node:fs/promises";
import { type Server, createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { port } from "./ports.ts";

const TYPES: Record<string, string> = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

export class FileServer {
  private constructor(
    private readonly server: Server,
    readonly origin: string,
  ) {}

  /** Serves the folder, which may be filled later, with these headers on every response. */
  static async start(folder: string, headers: Record<string, string> = {}): Promise<FileServer> {
    const free = await port();
    const server = createServer((request, response) => {
      const path = normalize(new URL(request.url ?? "/", "http://site").pathname);
      file(folder, path).then(
        ({ name, body }) => response.writeHead(200, { "content-type": TYPES[extname(name)] ?? "text/plain", ...headers }).end(body),
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((resolve) => server.listen(free, "127.0.0.1", resolve));
    return new FileServer(server, `http://127.0.0.1:${free}`);
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

async function file(folder: string, path: string): Promise<{ name: string; body: Buffer }> {
  const asked = join(folder, path);
  const name = (await stat(asked)).isDirectory() ? join(asked, "index.html") : asked;
  return { name, body: await readFile(name) };
}
