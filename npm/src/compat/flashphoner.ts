import type { Call } from "../call.js";
import { ERROR_INFO } from "../constants.js";
import type { LoadFrom } from "../core.js";
import { OffhookError, typeError } from "../error.js";
import type { Logger } from "../logger.js";
import type { CallConstraints, WasmSource } from "../options.js";
import { Runtime } from "../runtime.js";
import { account } from "./account.js";
import { Browser } from "./browser.js";
import { CompatCall } from "./call.js";
import { constants, MEDIA_DEVICE_KIND } from "./constants.js";
import { DEFAULT_CONSTRAINTS, explicit, normalized } from "./constraints.js";
import {
  listDevices,
  listMobileDevices,
  type DeviceConstraints,
  type MediaDeviceKindName,
  type MediaDeviceList,
} from "./devices.js";
import { openMedia, releaseMedia, unlockVideo } from "./display.js";
import { CompatSession } from "./session.js";
import { playSilence } from "./silence.js";
import type { InitOptions, Session, SessionOptions } from "./types.js";

/** The namespace that an app for the Web Call Server's SDK finds as the global `Flashphoner`. */
export interface FlashphonerApi {
  /**
   * Makes everything else usable, at once; the promise says when the WebAssembly module is there as well. A second
   * call changes nothing. Rejects where the browser cannot make calls.
   */
  init: (options?: InitOptions) => Promise<void>;
  /** `false`: there is no such plug-in any more. */
  isUsingTemasys: () => boolean;
  /** `["WebRTC"]` once initialised. */
  getMediaProviders: () => string[];
  /** Lists devices; with `labels` their names too, for which they are opened for a moment. */
  getMediaDevices: (
    provider?: string | null,
    labels?: boolean,
    kind?: MediaDeviceKindName | null,
    deviceConstraints?: DeviceConstraints,
  ) => Promise<MediaDeviceList>;
  /** The same with one camera at the front and one at the back. */
  getMobileDevices: (
    provider?: string | null,
    kind?: MediaDeviceKindName | null,
    deviceConstraints?: DeviceConstraints,
  ) => Promise<MediaDeviceList>;
  /** Opens media into a display, where the next call on that display takes it from. */
  getMediaAccess: (
    constraints: CallConstraints | null | undefined,
    display: HTMLElement,
    provider?: string | null,
    disableConstraintsNormalization?: boolean,
  ) => Promise<HTMLElement>;
  /** Stops that media. Whether there was any. */
  releaseLocalMedia: (display: HTMLElement, provider?: string | null) => boolean;
  /** The sessions that have not ended, oldest first. */
  getSessions: () => Session[];
  /** The live session of that id. */
  getSession: (id: string) => Session | undefined;
  /** Connects to a relay. Returns at once with a session that is `PENDING`. */
  createSession: (options: SessionOptions) => Session;
  /** Plays a moment of silence within a click, so that sound may play later. Whether it could. */
  playFirstSound: (noise?: boolean) => boolean;
  /** Puts a muted video into a display within a click, so that the call's media may play in it later. */
  playFirstVideo: (display: HTMLElement, isLocal: boolean, src?: string, useControls?: boolean) => Promise<void>;
  /** What writes log lines; nothing before `init`. */
  getLogger: () => Logger | undefined;
  /** Every table of constants. */
  constants: typeof constants;
  /** `true`: no extension is needed. */
  firefoxScreenSharingExtensionInstalled: boolean;
  /** Which browser this is. */
  Browser: typeof Browser;
}

export type { Call };

const PROVIDER = "WebRTC";

/** @internal */
export function createFlashphoner(loadFrom: LoadFrom): FlashphonerApi {
  let source: WasmSource | Promise<WasmSource> | undefined;
  let ready: Promise<void> | undefined;
  const runtime = new Runtime((host) => loadFrom(source)(host), {
    Session: CompatSession,
    Call: CompatCall,
    singleListeners: true,
  });
  const mustBeReady = (): void => {
    if (!ready) throw notInitialized();
  };

  const start = (options: InitOptions): Promise<void> => {
    if (typeof RTCPeerConnection === "undefined") throw unavailable(ERROR_INFO.NONE_OF_MEDIAPROVIDERS_AVAILABLE);
    const preferred = options.preferredMediaProviders ?? [];
    if (preferred.length > 0 && !preferred.includes(PROVIDER)) {
      throw unavailable(ERROR_INFO.NONE_OF_PREFERRED_MEDIAPROVIDERS_AVAILABLE);
    }
    source = options.wasm;
    runtime.constraints = options.constraints ?? DEFAULT_CONSTRAINTS;
    runtime.log({ severity: "INFO", ...(options.logger === null ? { enableLogs: false } : options.logger) });
    // From here on everything can be used, whenever the module comes.
    ready = runtime.ready();
    options.mediaProvidersReadyCallback?.([PROVIDER]);
    runtime.logger.info("core", "Initialized");
    return ready;
  };

  return {
    // Asynchronous, so that what is wrong becomes a rejected promise; all of `start` runs before it returns.
    init: async (options = {}) => ready ?? start(options),
    isUsingTemasys: () => false,
    getMediaProviders: () => (ready ? [PROVIDER] : []),
    getMediaDevices: (_provider, labels, kind, deviceConstraints) => {
      mustBeReady();
      return listDevices(labels === true, kind ?? MEDIA_DEVICE_KIND.INPUT, deviceConstraints);
    },
    getMobileDevices: (_provider, kind, deviceConstraints) => {
      mustBeReady();
      return listMobileDevices(kind ?? MEDIA_DEVICE_KIND.INPUT, deviceConstraints);
    },
    getMediaAccess: async (constraints, display, _provider, disableConstraintsNormalization) => {
      mustBeReady();
      const wanted = explicit(constraints ?? runtime.constraints ?? DEFAULT_CONSTRAINTS);
      await openMedia(wanted, display, disableConstraintsNormalization ? (as) => as : normalized);
      return display;
    },
    releaseLocalMedia: (display) => {
      mustBeReady();
      return releaseMedia(display);
    },
    getSessions: () => [...runtime.sessions.values()] as unknown as Session[],
    getSession: (id) => runtime.sessions.get(id) as unknown as Session | undefined,
    createSession: (options) => {
      mustBeReady();
      const given = options as SessionOptions | undefined;
      if (!given?.urlServer) {
        throw typeError("optionsMissing", ERROR_INFO.OPTIONS_URLSERVER_MUST_BE_PROVIDED, "urlServer");
      }
      const { options: wanted, reachable } = account(given);
      const session = runtime.createSession(wanted);
      if (session instanceof CompatSession) session.setReachable(reachable);
      return session as unknown as Session;
    },
    playFirstSound: () => playSilence(),
    playFirstVideo: (display, isLocal, src, useControls) => unlockVideo(display, isLocal, src, useControls),
    getLogger: () => (ready ? runtime.logger : undefined),
    constants,
    firefoxScreenSharingExtensionInstalled: true,
    Browser,
  };
}

function notInitialized(): OffhookError {
  return new OffhookError({ code: "notInitialized", message: ERROR_INFO.FLASHPHONER_API_NOT_INITIALIZED });
}

function unavailable(message: string): OffhookError {
  return new OffhookError({ code: "notSupported", message });
}
