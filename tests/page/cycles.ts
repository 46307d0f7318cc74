/** Sessions and calls that begin and end, again and again in one page. Nothing here keeps any of them. */
import type { Call, Session } from "offhook";

/** How a session is spent before it is closed. */
export type Cycle =
  /** Closed before it is open. */
  | "abandoned"
  /** Opened and closed. */
  | "idle"
  /** With a call that is given up as soon as it is made. */
  | "pending"
  /** With a call that the far end refuses. */
  | "busy"
  /** With a call that is answered and has its media, in elements of the page. */
  | "media";

/** How a call may end. */
const ENDS: Record<Cycle, readonly string[]> = {
  abandoned: [],
  idle: [],
  pending: ["FINISH", "FAILED"],
  busy: ["BUSY"],
  media: ["FINISH"],
};

declare global {
  interface Window {
    cycles: typeof cycles;
  }
}

type Sdk = typeof import("offhook");

/** What `keep` keeps. */
const kept: unknown[] = [];

const cycles = {
  /** Runs these one after another, beside others that do the same. */
  async run(urlServer: string, kinds: readonly Cycle[], lanes: number): Promise<void> {
    // Not known to the compiler: the server hands out the built package here.
    const address = "/offhook/index.js";
    const sdk = (await import(address)) as Sdk;
    const waiting = [...kinds];
    const lane = async (): Promise<void> => {
      for (let kind = waiting.shift(); kind !== undefined; kind = waiting.shift()) await cycle(sdk, urlServer, kind);
    };
    await Promise.all(Array.from({ length: lanes }, lane));
  },

  /** Opens and closes sessions, and holds on to each: what a leak looks like. */
  async keep(urlServer: string, count: number): Promise<void> {
    const address = "/offhook/index.js";
    const sdk = (await import(address)) as Sdk;
    for (let i = 0; i < count; i++) {
      const session = sdk.createSession({ urlServer, sipOptions: { login: "alice" } });
      kept.push(session);
      const over = new Promise<void>((resolve) => void session.on("DISCONNECTED", () => resolve()));
      session.disconnect();
      await over;
    }
  },
};

async function cycle(sdk: Sdk, urlServer: string, kind: Cycle): Promise<void> {
  const session = sdk.createSession({ urlServer, sipOptions: { login: "alice" } });
  const over = new Promise<void>((resolve, reject) => {
    session.on("DISCONNECTED", () => resolve());
    session.on("FAILED", (_, error) => reject(new Error(`${kind}: the session failed: ${error?.message ?? ""}`)));
  });
  if (kind !== "abandoned") {
    await Promise.race([over, new Promise<void>((resolve) => void session.on("ESTABLISHED", () => resolve()))]);
    if (kind !== "idle") await call(session, kind);
  }
  session.disconnect();
  await over;
}

async function call(session: Session, kind: Cycle): Promise<void> {
  const made = session.createCall({
    callee: kind === "busy" ? "busy" : "echo",
    ...(kind === "media" ? { localVideoDisplay: element("local"), remoteVideoDisplay: element("remote") } : {}),
  });
  const over = new Promise<string>((resolve) => {
    for (const end of ["FINISH", "BUSY", "FAILED"] as const) made.on(end, () => resolve(end));
  });
  const established = new Promise<string>((resolve) => void made.on("ESTABLISHED", () => resolve("ESTABLISHED")));
  made.call();
  if (kind === "media") {
    await Promise.race([over, established]);
    await heard(made);
  }
  if (kind !== "busy") made.hangup();
  const end = await over;
  if (!ENDS[kind].includes(end)) throw new Error(`${kind}: the call ended ${end}: ${made.getInfo()} ${made.getErrorInfo()}`);
}

/** Waits until the far end is played, or the call is over. */
async function heard(made: Call): Promise<void> {
  while (made.status() === "ESTABLISHED") {
    const playing = [...element("remote").querySelectorAll("video")].some((video) => video.currentTime > 0);
    if (playing) return;
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
}

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no #${id}`);
  return found;
}

window.cycles = cycles;
