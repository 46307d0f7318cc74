type Exports = Record<string, WebAssembly.ExportValue>;

let observer: ((cause: unknown) => void) | undefined;

/** Tells `told` when the module traps, and nobody else: there is one module, and a new attempt to load it replaces the last. */
export function onTrap(told: (cause: unknown) => void): void {
  observer = told;
}

/**
 * Stands between the generated glue and the module. An exception that leaves the module has skipped the destructors
 * of every Rust frame it crossed, so the instance is broken whatever the exception was, and also when it came from a
 * browser's callback where no code of the app is below it. From then on the module is not entered again. `held` is what
 * the glue holds for it, for modules that have no table for that.
 */
export function guardExports(exports: Exports, held: () => readonly unknown[]): Exports {
  let broken = false;
  const enter = (run: () => unknown): unknown => {
    // Timers and sockets that are still alive call in vain.
    if (broken) return undefined;
    try {
      return run();
    } catch (cause) {
      broken = true;
      release(exports, held());
      observer?.(cause);
      throw cause;
    }
  };
  const guarded: Exports = {};
  for (const [name, value] of Object.entries(exports)) {
    guarded[name] =
      typeof value === "function" ? (...args: unknown[]) => enter(() => (value as (...a: unknown[]) => unknown)(...args)) : value;
  }
  return guarded;
}

/** Nobody is left to do it: what the module held of the browser is closed, the microphone first of all. */
function release(exports: Exports, held: readonly unknown[]): void {
  held.forEach(close);
  for (const table of Object.values(exports)) {
    if (!(table instanceof WebAssembly.Table)) continue;
    for (let i = 0; i < table.length; i++) close(table.get(i));
  }
}

function close(held: unknown): void {
  if (isA(held, "MediaStream")) for (const track of (held as MediaStream).getTracks()) track.stop();
  else if (isA(held, "MediaStreamTrack")) (held as MediaStreamTrack).stop();
  else if (isA(held, "RTCPeerConnection")) (held as RTCPeerConnection).close();
  else if (isA(held, "WebSocket")) (held as WebSocket).close();
  else if (isA(held, "HTMLMediaElement")) (held as HTMLMediaElement).remove();
}

/** By name, because none of these exist where the package may be imported without being used. */
function isA(value: unknown, name: string): boolean {
  const type = (globalThis as Record<string, unknown>)[name];
  return typeof type === "function" && value instanceof type;
}
