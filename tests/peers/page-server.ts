/** Serves the test page, and the built package at `/offhook/`, as any web server would. */
import { readFile } from "node:fs/promises";
import { type Server, createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { transform } from "esbuild";
import { port } from "./ports.ts";

const PAGE = new URL("../page/", import.meta.url).pathname;
const PACKAGE = new URL("../../npm/dist/", import.meta.url).pathname;

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".ts": "text/javascript",
  ".wasm": "application/wasm",
};

export class PageServer {
  private constructor(
    private readonly server: Server,
    readonly origin: string,
  ) {}

  static async start(address = "127.0.0.1"): Promise<PageServer> {
    const free = await port(address);
    const server = createServer((request, response) => {
      const path = new URL(request.url ?? "/", "http://page").pathname;
      content(path).then(
        (body) => response.writeHead(200, { "content-type": TYPES[extname(path)] ?? TYPES[".html"] }).end(body),
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((resolve) => server.listen(free, address, resolve));
    return new PageServer(server, `http://${address}:${free}`);
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

async function content(path: string): Promise<string | Buffer> {
  const clean = normalize(path);
  if (clean === "/") return readFile(join(PAGE, "index.html"));
  if (clean.startsWith("/offhook/")) return readFile(join(PACKAGE, clean.slice("/offhook/".length)));
  const file = await readFile(join(PAGE, clean));
  return clean.endsWith(".ts") ? (await transform(file, { loader: "ts", target: "es2022" })).code : file;
}
