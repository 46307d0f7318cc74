import { createOffhook, type Offhook } from "./api.js";
import { loader } from "./load.js";

export type * from "./api.js";
export {
  CALL_EVENT,
  CALL_STATUS,
  CALL_STATUS_INFO,
  ERROR_INFO,
  OffhookError,
  SESSION_EVENT,
  SESSION_STATUS,
  TRANSFER_STATUS,
} from "./api.js";

const offhook = /* @__PURE__ */ createOffhook(
  /* @__PURE__ */ loader(() => new URL("./offhook_sdk_bg.wasm", import.meta.url)),
);

/**
 * Loads the WebAssembly module ahead of the first session, or from somewhere else. Optional: `createSession` loads it
 * otherwise. Once it is loaded, further calls change nothing. Rejects with `wasmFailed` when it cannot be loaded.
 */
export const init: Offhook["init"] = (options) => offhook.init(options);

/**
 * Connects to a relay. Returns at once with a session that is `PENDING`; everything that follows comes as events, and
 * any failure as `FAILED`. Throws a `TypeError` without `urlServer`.
 */
export const createSession: Offhook["createSession"] = (options) => offhook.createSession(options);

/** The sessions that have not ended, oldest first. */
export const getSessions: Offhook["getSessions"] = () => offhook.getSessions();

/** The live session of that id. */
export const getSession: Offhook["getSession"] = (id) => offhook.getSession(id);
