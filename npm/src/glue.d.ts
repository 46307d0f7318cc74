// What wasm-bindgen writes, by the names the build gives it. Declared here so that the facade is checked without it.

declare module "#glue" {
  import type { Core, CoreEvent } from "./core.js";
  import type { WasmSource } from "./options.js";

  export class Sdk implements Core {
    constructor(sink: (event: CoreEvent) => void);
    openSession: Core["openSession"];
    closeSession: Core["closeSession"];
    sendData: Core["sendData"];
    sendMessage: Core["sendMessage"];
    report: Core["report"];
    debug: Core["debug"];
    createCall: Core["createCall"];
    attach: Core["attach"];
    call: Core["call"];
    answer: Core["answer"];
    hangup: Core["hangup"];
    hold: Core["hold"];
    unhold: Core["unhold"];
    transfer: Core["transfer"];
    sendDtmf: Core["sendDtmf"];
    setAudioMuted: Core["setAudioMuted"];
    audioMuted: Core["audioMuted"];
    setVideoMuted: Core["setVideoMuted"];
    videoMuted: Core["videoMuted"];
    setVolume: Core["setVolume"];
    volume: Core["volume"];
    setAudioOutput: Core["setAudioOutput"];
    switchMic: Core["switchMic"];
    switchCam: Core["switchCam"];
    switchToScreen: Core["switchToScreen"];
    switchToCam: Core["switchToCam"];
    stats: Core["stats"];
    relayStats: Core["relayStats"];
  }

  /** Compiles and starts the module; does nothing when it has been started. */
  export default function start(options: { module_or_path: WasmSource }): Promise<unknown>;
}

declare module "#wasm-text" {
  /** Which byte each symbol of the text stands for, in base64. */
  export const order: string;
  export const text: string;
}
