import type { MediaChoice, VideoConstraints } from "./options.js";

/**
 * The options with `video.minBitrate` and `video.maxBitrate` made to count: a browser takes such limits for what it
 * sends from the description of the far end, `b=AS` (RFC 8866 section 5.8) or the parameters of Chromium's encoders.
 */
export function withBitrate<O extends MediaChoice>(options: O): O {
  const video = options.constraints?.video as VideoConstraints | boolean | null | undefined;
  if (!video || video === true || !(kbps(video.minBitrate) || kbps(video.maxBitrate))) return options;
  const hook = options.sdpHook;
  return { ...options, sdpHook: (description) => limited(hook?.(description) || description.sdpString, video) };
}

/** The description with the limits in every video section. */
function limited(sdp: string, limits: VideoConstraints): string {
  const sections = sdp.split(/^(?=m=)/m);
  return sections.map((section) => (section.startsWith("m=video") ? limitedSection(section, limits) : section)).join("");
}

function limitedSection(section: string, limits: VideoConstraints): string {
  const max = kbps(limits.maxBitrate);
  const min = kbps(limits.minBitrate);
  const parameters = [max && `x-google-max-bitrate=${max}`, min && `x-google-min-bitrate=${min}`].filter(Boolean).join(";");
  const lines = section.split("\r\n");
  const described = new Set(lines.map((line) => /^a=fmtp:(\d+) /.exec(line)?.[1]));
  const written = lines.flatMap((line) => {
    if (line.startsWith("a=fmtp:")) return [`${line};${parameters}`];
    const payloadType = /^a=rtpmap:(\d+) /.exec(line)?.[1];
    return payloadType && !described.has(payloadType) ? [line, `a=fmtp:${payloadType} ${parameters}`] : [line];
  });
  // After m=, i= and c=, before the attributes.
  const place = written.findIndex((line, index) => index > 0 && !/^[ic]=/.test(line));
  if (max) written.splice(place < 0 ? written.length : place, 0, `b=AS:${max}`);
  return written.join("\r\n");
}

/** A limit that is one, as text. */
function kbps(limit: number | undefined): string | undefined {
  return typeof limit === "number" && limit > 0 && Number.isFinite(limit) ? String(Math.round(limit)) : undefined;
}
