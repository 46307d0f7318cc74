/** Every row of the tables in the original's specification, by the name its test begins with. */

const prefixed = (prefix: string, names: string): string[] => names.split(/\s+/).filter(Boolean).map((name) => `${prefix}${name}`);

export const ROWS: readonly string[] = [
  "global Flashphoner",
  ...prefixed(
    "",
    `init isUsingTemasys getMediaProviders getMediaDevices getMobileDevices getMediaAccess releaseLocalMedia getSessions
     getSession createSession playFirstSound playFirstVideo getLogger firefoxScreenSharingExtensionInstalled Browser`,
  ),
  ...prefixed(
    "init option ",
    `mediaProvidersReadyCallback flashMediaProviderSwfLocation preferredMediaProvider preferredMediaProviders
     receiverLocation decoderLocation screenSharingExtensionId constraints logger collectClientInfo createMicGainNode
     disableConnectionQualityCalculation`,
  ),
  ...prefixed("constraints ", "default video frameRate audio.stereo deviceId"),
  "constraints video size",
  "constraints video.type screen",
  ...prefixed(
    "createSession option ",
    `urlServer authToken keepAlive lbUrl appKey custom sipOptions mediaOptions timeout pingInterval receiveProbes
     probesInterval logger sendClientInfo flashProto flashPort`,
  ),
  ...prefixed("sipOptions.", "login authenticationName password domain outboundProxy proxy port registerRequired"),
  "constants",
  ...prefixed(
    "constants ",
    `SESSION_STATUS CALL_STATUS STREAM_STATUS CALL_STATUS_INFO ERROR_INFO STREAM_STATUS_INFO MEDIA_DEVICE_KIND
     TRANSPORT_TYPE CONNECTION_QUALITY STREAM_EVENT CONTENT_HINT_TYPE`,
  ),
  ...prefixed(
    "Session.",
    `id status getServerUrl createStream createCall getStream getStreams sendData disconnect submitBugReport startDebug
     stopDebug on getLogger`,
  ),
  ...prefixed(
    "Session event ",
    `CONNECTED ESTABLISHED REGISTERED DISCONNECTED FAILED INCOMING_CALL APP_DATA WARN DEBUG SEND_DATA_STATUS UNREGISTERED`,
  ),
  ...prefixed(
    "createCall option ",
    `callee visibleName localVideoDisplay remoteVideoDisplay constraints mediaProvider receiveAudio receiveVideo
     cacheLocalResources stripCodecs sdpHook sipSDP sipHeaders custom videoContentHint useControls logger
     collectDeviceInfo disableConstraintsNormalization`,
  ),
  ...prefixed(
    "answer option ",
    "localVideoDisplay remoteVideoDisplay receiveAudio receiveVideo constraints stripCodecs sipSDP sipHeaders sdpHook",
  ),
  ...prefixed(
    "Call.",
    `call answer hangup id getInfo getErrorInfo status getStats setAudioOutputId setVolume getVolume muteAudio
     unmuteAudio isAudioMuted muteVideo unmuteVideo isVideoMuted caller callee visibleName hold holdForTransfer unhold
     sendDTMF transfer on switchCam switchMic switchToScreen switchToCam getLogger`,
  ),
  ...prefixed("Call.sendDTMF type ", "RFC2833 INFO INFO_RELAY"),
  ...prefixed(
    "Call status ",
    "NEW PENDING TRYING RING SESSION_PROGRESS RING_MEDIA ESTABLISHED HOLD BUSY FINISH FAILED",
  ),
  "players",
];

/** What the original does wrong and ours does right, by the beginning of the test's title. */
export const BETTER: readonly string[] = [
  "better: hangup in NEW",
  "better: hangup in PENDING",
  "better: failures after media access reach the app",
  "better: a socket that is lost for good ends the calls with a reason",
  "better: a second description of the server is answered",
  "better: SIP code and phrase of a failed call can be read",
  "better: in the plain API several listeners hear an event, and off takes one away",
  "better: errors carry a code",
  "Call status BUSY: comes to who listens for it, and as FAILED to who does not",
  "Session event UNREGISTERED: fires",
];

/** Rows that are not ours, by the word under which the guide for authors of the original's apps says so. */
export const NOT_OURS: readonly string[] = ["toStream", "setMicrophoneGain", "getNetworkBandwidth", "fullScreen", "audio.bitrate", "audio.fec"];
