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
  ConnectionStats,
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

/** Makes everything else usable, at once. */
export const init: FlashphonerApi["init"] = Flashphoner.init;
/** `false`: there is no such plug-in any more. */
export const isUsingTemasys: FlashphonerApi["isUsingTemasys"] = Flashphoner.isUsingTemasys;
/** `["WebRTC"]` once initialised. */
export const getMediaProviders: FlashphonerApi["getMediaProviders"] = Flashphoner.getMediaProviders;
/** Lists microphones, speakers and cameras. */
export const getMediaDevices: FlashphonerApi["getMediaDevices"] = Flashphoner.getMediaDevices;
/** The same with one camera at the front and one at the back. */
export const getMobileDevices: FlashphonerApi["getMobileDevices"] = Flashphoner.getMobileDevices;
/** Opens media into a display, where the next call on that display takes it from. */
export const getMediaAccess: FlashphonerApi["getMediaAccess"] = Flashphoner.getMediaAccess;
/** Stops that media. */
export const releaseLocalMedia: FlashphonerApi["releaseLocalMedia"] = Flashphoner.releaseLocalMedia;
/** The sessions that have not ended, oldest first. */
export const getSessions: FlashphonerApi["getSessions"] = Flashphoner.getSessions;
/** The live session of that id. */
export const getSession: FlashphonerApi["getSession"] = Flashphoner.getSession;
/** Connects to a relay. */
export const createSession: FlashphonerApi["createSession"] = Flashphoner.createSession;
/** Plays a moment of silence within a click, so that sound may play later. */
export const playFirstSound: FlashphonerApi["playFirstSound"] = Flashphoner.playFirstSound;
/** Puts a muted video into a display within a click, so that the call's media may play in it later. */
export const playFirstVideo: FlashphonerApi["playFirstVideo"] = Flashphoner.playFirstVideo;
/** What writes log lines; nothing before `init`. */
export const getLogger: FlashphonerApi["getLogger"] = Flashphoner.getLogger;
/** `true`: no extension is needed. */
export const firefoxScreenSharingExtensionInstalled: FlashphonerApi["firefoxScreenSharingExtensionInstalled"] = Flashphoner.firefoxScreenSharingExtensionInstalled;
