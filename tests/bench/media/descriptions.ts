/** Session descriptions of the ends, and what the servers' say. */
import { ADDRESS } from "./address.ts";
import type { Browser, Codec, Credentials, Phone } from "./ends.ts";

/** A telephone's, offer or answer: PCMU alone. */
export function ofPhone({ port }: Phone): string {
  return lines("v=0", `o=- ${port} 1 IN IP4 ${ADDRESS}`, "s=-", `c=IN IP4 ${ADDRESS}`, "t=0 0", `m=audio ${port} RTP/AVP 0`, "a=rtpmap:0 PCMU/8000", "a=ptime:20", "a=sendrecv");
}

/** A browser's with one codec, which is the DTLS client where it has the choice: the servers then are what SIP relays are. */
export function ofBrowser({ port, ssrc, ice, fingerprint }: Browser, kind: "offer" | "answer", codec: Codec = "pcmu", setup = kind === "offer" ? "actpass" : "active"): string {
  return lines(
    "v=0",
    `o=- ${port} 1 IN IP4 127.0.0.1`,
    "s=-",
    "t=0 0",
    "a=group:BUNDLE 0",
    "a=msid-semantic: WMS stream",
    `m=audio ${port} UDP/TLS/RTP/SAVPF ${codec === "opus" ? 111 : 0}`,
    `c=IN IP4 ${ADDRESS}`,
    `a=rtcp:9 IN IP4 0.0.0.0`,
    `a=candidate:1 1 udp 2122194687 ${ADDRESS} ${port} typ host generation 0`,
    "a=end-of-candidates",
    `a=ice-ufrag:${ice.ufrag}`,
    `a=ice-pwd:${ice.password}`,
    `a=fingerprint:sha-256 ${fingerprint}`,
    `a=setup:${setup}`,
    "a=mid:0",
    "a=sendrecv",
    "a=msid:stream track",
    "a=rtcp-mux",
    codec === "opus" ? "a=rtpmap:111 opus/48000/2" : "a=rtpmap:0 PCMU/8000",
    "a=ptime:20",
    `a=ssrc:${ssrc} cname:browser`,
    `a=ssrc:${ssrc} msid:stream track`,
  );
}

/** Where a description takes RTP. */
export function media(sdp: string): string {
  const host = /^c=IN IP4 (\S+)/m.exec(sdp)?.[1];
  const port = /^m=audio (\d+)/m.exec(sdp)?.[1];
  if (host === undefined || port === undefined) throw new Error(`no audio in ${sdp}`);
  return `${host}:${port}`;
}

/** Where a description takes a browser's checks, and with which credentials. */
export function reached(sdp: string): { address: string; ice: Credentials } {
  const candidate = /^a=candidate:\S+ 1 udp \d+ (\d+\.\d+\.\d+\.\d+) (\d+) typ host/im.exec(sdp);
  const [ufrag, password] = ["ufrag", "pwd"].map((name) => new RegExp(`^a=ice-${name}:(\\S+)`, "m").exec(sdp)?.[1]);
  if (!candidate || ufrag === undefined || password === undefined) throw new Error(`no way in ${sdp}`);
  return { address: `${candidate[1]}:${candidate[2]}`, ice: { ufrag, password } };
}

const lines = (...all: readonly string[]): string => all.map((line) => `${line}\r\n`).join("");
