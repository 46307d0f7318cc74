import { createOffhook, type Offhook } from "./api.js";
import { inlineSource } from "./inline-source.js";
import { loader } from "./load.js";

export type * from "./api.js";
export { CALL_EVENT, CALL_STATUS, CALL_STATUS_INFO, ERROR_INFO, OffhookError, SESSION_STATUS } from "./api.js";

const offhook = /* @__PURE__ */ createOffhook(
  /* @__PURE__ */ loader(inlineSource),
);

/** {@inheritDoc Offhook.init} */
export const init: Offhook["init"] = (options) => offhook.init(options);
/** {@inheritDoc Offhook.createSession} */
export const createSession: Offhook["createSession"] = (options) => offhook.createSession(options);
/** {@inheritDoc Offhook.getSessions} */
export const getSessions: Offhook["getSessions"] = () => offhook.getSessions();
/** {@inheritDoc Offhook.getSession} */
export const getSession: Offhook["getSession"] = (id) => offhook.getSession(id);
