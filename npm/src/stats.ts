/** Figures of one direction of one medium, with the names that W3C webrtc-stats gives them. */
export interface MediaStats {
  /** The codec's name, such as `opus`. */
  codec?: string;
  /** The codec's clock rate, in hertz. */
  codecRate?: number;
  /** The picture's width, in pixels. */
  width?: number;
  /** The picture's height, in pixels. */
  height?: number;
  /** How loud it is, from 0 to 1. */
  audioLevel?: number;
  /** Pictures per second. */
  framesPerSecond?: number;
  /** What keeps the picture from being better: `none`, `cpu`, `bandwidth` or `other`. */
  qualityLimitationReason?: string;
  /** For how long that has kept it, in seconds. */
  qualityLimitationDurations?: number;
  /** Every counter of bytes and packets, and everything whose name has `Count` in it. */
  [counter: string]: number | string | undefined;
}

/** One direction: sound, and the picture where there is one. */
export interface StreamStats {
  /** The sound. */
  audio?: MediaStats;
  /** The picture. */
  video?: MediaStats;
}

/** What `call.getStats` says. */
export interface CallStats {
  /** What this end sends. */
  outboundStream: StreamStats;
  /** What this end receives. */
  inboundStream: StreamStats;
  /** Of the connection. */
  otherStats: ConnectionStats;
  /** What the relay knows of both sides of the call. Only in what `getStats()` without a callback resolves to. */
  relay?: RelayStats;
}

/** The relay's figures of a call. */
export interface RelayStats {
  /** Between this browser and the relay. */
  own: RelayLeg;
  /** Between the relay and the far end, where the media passes the relay. */
  far?: RelayLeg;
}

/** The relay's figures of one side of a call. */
export interface RelayLeg {
  /** What the relay receives from it. */
  received: RelayMedia;
  /** What the relay sends to it. */
  sent: RelayMedia;
  /** Round-trip time between it and the relay in milliseconds, once known. */
  roundTripMs?: number;
}

/** One direction: sound, and the picture where there is one. */
export interface RelayMedia {
  /** The sound. */
  audio: RelayStream;
  /** The picture. */
  video?: RelayStream;
}

/** The relay's figures of one stream, since the call began. */
export interface RelayStream {
  /** The codec's name, such as `opus`. */
  codec?: string;
  /** RTP packets. */
  packets: number;
  /** Bytes of their payload. */
  bytes: number;
  /** Packets lost on this way. */
  lost: number;
  /** How unevenly packets come, in milliseconds (RFC 3550). */
  jitterMs?: number;
  /** How much longer rows of losses were than they are by chance, once there was one. */
  burstRatio?: number;
  /** Sound that the relay made up in the place of lost packets, in milliseconds, where it decodes it. */
  concealedMs?: number;
  /** Packets that came too late to be played, where the relay decodes them. */
  late?: number;
  /** Mean opinion score of the last few seconds, 1 to 4.5 (ITU-T G.107). */
  mos?: number;
  /** The mean of these since the call was answered. */
  mosMean?: number;
  /** The worst of these. */
  mosLowest?: number;
}

/** Figures of the connection. */
export interface ConnectionStats {
  /** The bandwidth that the browser expects to receive, in bits per second. */
  availableIncomingBitrate?: number;
  /** The bandwidth that the browser expects to send, in bits per second. */
  availableOutgoingBitrate?: number;
}

/** The browser's own reports, by their `type`. */
export type NativeStats = Record<string, RTCStats[]>;

/** A report with whatever the browser has put into it. */
type Report = RTCStats & Record<string, unknown>;

/** The browser's reports, grouped by their type. */
export function nativeStats(reports: RTCStatsReport): NativeStats {
  const byType: NativeStats = {};
  reports.forEach((report: RTCStats) => (byType[report.type] ??= []).push(report));
  return byType;
}

/** The figures that a call's app wants to see. */
export function callStats(reports: RTCStatsReport): CallStats {
  const stats: CallStats = { outboundStream: {}, inboundStream: {}, otherStats: {} };
  reports.forEach((report: Report) => {
    if (report.type === "outbound-rtp") addMedia(stats.outboundStream, report, reports);
    else if (report.type === "inbound-rtp") addMedia(stats.inboundStream, report, reports);
    else if (report.type === "candidate-pair" && report.nominated === true && report.state === "succeeded") {
      copy(stats.otherStats, report, ["availableIncomingBitrate", "availableOutgoingBitrate"]);
    }
  });
  return stats;
}

function addMedia(stream: StreamStats, report: Report, reports: RTCStatsReport): void {
  const kind = report.kind === "video" ? "video" : "audio";
  const media: MediaStats = {};
  const codec = linked(reports, report.codecId);
  if (codec) {
    if (typeof codec.mimeType === "string") media.codec = codec.mimeType.replace(/^.*\//, "");
    if (typeof codec.clockRate === "number") media.codecRate = codec.clockRate;
  }
  // What is sent has its loudness and size where it comes from.
  const source = linked(reports, report.mediaSourceId);
  if (source) copy(media, source, ["audioLevel", "width", "height"]);
  for (const [name, value] of Object.entries(report)) {
    if (isCounter(name) && (typeof value === "number" || typeof value === "string")) media[name] = value;
  }
  if (typeof report.frameWidth === "number") media.width = report.frameWidth;
  if (typeof report.frameHeight === "number") media.height = report.frameHeight;
  const durations = report.qualityLimitationDurations as Record<string, number> | undefined;
  const limited = durations?.[media.qualityLimitationReason ?? ""];
  if (limited !== undefined) media.qualityLimitationDurations = limited;
  stream[kind] = media;
}

function isCounter(name: string): boolean {
  return /^bytes|^packets|Count|audioLevel|^framesPerSecond$|^qualityLimitationReason$/.test(name);
}

function linked(reports: RTCStatsReport, id: unknown): Report | undefined {
  return typeof id === "string" ? (reports.get(id) as Report | undefined) : undefined;
}

function copy(to: object, from: Report, names: readonly string[]): void {
  for (const name of names) if (from[name] !== undefined) Object.assign(to, { [name]: from[name] });
}
