import start, { Sdk } from "#glue";
import type { LoadFrom } from "./core.js";
import type { WasmSource } from "./options.js";
import { onTrap } from "./trap.js";

/** How long the module's download may take, in milliseconds. */
const DOWNLOAD_TIMEOUT_MS = 30_000;

/** Makes cores from the compiled module, which is at `usual` unless the app names another source. */
export function loader(usual: () => WasmSource): LoadFrom {
  return (chosen) => async (host) => {
    onTrap(host.crashed);
    await start({ module_or_path: await fetched(chosen === undefined ? usual() : await chosen) });
    return new Sdk(host.sink);
  };
}

async function fetched(source: WasmSource): Promise<WasmSource> {
  if (!(typeof source === "string" || source instanceof URL || source instanceof Request)) return source;
  const response = await fetch(source, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) });
  if (!response.ok) throw new Error(`HTTP ${response.status} for ${response.url}`);
  return response;
}
