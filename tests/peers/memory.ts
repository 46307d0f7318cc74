/** What a page keeps in memory, as the browser's own tools count it once everything unreachable is gone. */
import type { CDPSession, Page } from "playwright-core";

export interface Memory {
  /** Bytes of JavaScript objects. */
  readonly heap: number;
  /** Bytes of WebAssembly memories. */
  readonly wasm: number;
  /** Reachable objects of the browser, by class. */
  readonly objects: Readonly<Record<string, number>>;
}

/** What a call is made of. */
const CLASSES = [
  "WebSocket",
  "RTCPeerConnection",
  "RTCRtpSender",
  "RTCDTMFSender",
  "MediaStream",
  "MediaStreamTrack",
  "HTMLMediaElement",
  "AudioContext",
] as const;

export class MemoryMeter {
  private constructor(private readonly tools: CDPSession) {}

  static async of(page: Page): Promise<MemoryMeter> {
    const tools = await page.context().newCDPSession(page);
    await tools.send("HeapProfiler.enable");
    return new MemoryMeter(tools);
  }

  async read(): Promise<Memory> {
    await this.tools.send("HeapProfiler.collectGarbage");
    const objects = await Promise.all(CLASSES.map(async (name) => [name, await this.sum(name, "() => 1")] as const));
    const wasm = await this.sum("WebAssembly.Memory", "(memory) => memory.buffer.byteLength");
    await this.tools.send("HeapProfiler.collectGarbage");
    const { usedSize } = await this.tools.send("Runtime.getHeapUsage");
    return { heap: usedSize, wasm, objects: Object.fromEntries(objects) };
  }

  /** Adds up what this function makes of every object of a class. */
  private async sum(name: string, of: string): Promise<number> {
    const objectGroup = "memory";
    const { result: prototype } = await this.tools.send("Runtime.evaluate", { expression: `${name}.prototype`, objectGroup });
    const { objects } = await this.tools.send("Runtime.queryObjects", { prototypeObjectId: prototype.objectId ?? "", objectGroup });
    const { result } = await this.tools.send("Runtime.callFunctionOn", {
      objectId: objects.objectId ?? "",
      functionDeclaration: `function () { return this.map(${of}).reduce((sum, one) => sum + one, 0); }`,
      returnByValue: true,
    });
    await this.tools.send("Runtime.releaseObjectGroup", { objectGroup });
    return Number(result.value);
  }
}
