import { createFlashphoner, type FlashphonerApi } from "./compat/flashphoner.js";
import { loader } from "./load.js";

export type * from "./compat/types.js";
export type { FlashphonerApi } from "./compat/flashphoner.js";
export type { DeviceConstraints, MediaDevice, MediaDeviceKindName, MediaDeviceList } from "./compat/devices.js";
export type {
  AppData,
  Call,
  CallConstraints,
  CallEvents,
  CallStats,
  DebugState,
  DtmfType,
  ErrorCode,
  LoggerOptions,
  MediaStats,
  NativeStats,
  SendDataStatus,
  SipHeader,
  SipHeaders,
  StreamStats,
  Transfer,
} from "./api.js";
export type { Logger } from "./logger.js";
export { constants } from "./compat/constants.js";
export { Browser } from "./compat/browser.js";
export { OffhookError } from "./error.js";

/** What the classic script defines as the global `Flashphoner`, for `import Flashphoner from "offhook/compat"`. */
const Flashphoner: FlashphonerApi = /* @__PURE__ */ createFlashphoner(
  /* @__PURE__ */ loader(() => new URL("./offhook_sdk_bg.wasm", import.meta.url)),
);
export default Flashphoner;

export const {
  init,
  isUsingTemasys,
  getMediaProviders,
  getMediaDevices,
  getMobileDevices,
  getMediaAccess,
  releaseLocalMedia,
  getSessions,
  getSession,
  createSession,
  playFirstSound,
  playFirstVideo,
  getLogger,
  firefoxScreenSharingExtensionInstalled,
}: FlashphonerApi = Flashphoner;
