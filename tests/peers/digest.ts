/** What a digest answer has to be (RFC 7616, RFC 8760), worked out by OpenSSL's hashes. */
import { createHash } from "node:crypto";

const HASHES = { MD5: "md5", "SHA-256": "sha256", "SHA-512-256": "sha512-256" } as const;

export type Algorithm = keyof typeof HASHES | `${keyof typeof HASHES}-sess`;

/** The parameters of this header's answer in a message. */
export function answered(message: string, header: string): Map<string, string> {
  const value = new RegExp(`^${header}: *Digest (.*?)\r?$`, "m").exec(message)?.[1];
  if (value === undefined) throw new Error(`no ${header} in ${message}`);
  const parameters = value.matchAll(/([\w-]+)\s*=\s*("[^"]*"|[^",\s]+)/g);
  return new Map([...parameters].map(([, name, text]) => [name.toLowerCase(), text.replace(/^"|"$/g, "")]));
}

/** The response that this password gives for the message with these parameters. */
export function response(message: string, parameters: Map<string, string>, password: string): string {
  const value = (name: string): string => {
    const found = parameters.get(name);
    if (found === undefined) throw new Error(`no ${name} in ${[...parameters.keys()].join()}`);
    return found;
  };
  const algorithm = parameters.get("algorithm") ?? "MD5";
  const hash = (...parts: readonly (string | Buffer)[]): string => {
    const known = Object.entries(HASHES).find(([name]) => name === algorithm.replace(/-sess$/, ""))?.[1];
    if (known === undefined) throw new Error(`unknown algorithm ${algorithm}`);
    const all = parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : part));
    return createHash(known).update(Buffer.concat(all.flatMap((part, i) => (i === 0 ? [part] : [Buffer.from(":"), part])))).digest("hex");
  };
  const secret = hash(value("username"), value("realm"), password);
  const [nonce, cnonce, qop] = [value("nonce"), value("cnonce"), value("qop")];
  const first = algorithm.endsWith("-sess") ? hash(secret, nonce, cnonce) : secret;
  const method = /^([A-Z]+) \S+ SIP\/2\.0\r?$/m.exec(message)?.[1] ?? "";
  const covered = qop === "auth-int" ? [hash(body(message))] : [];
  return hash(first, nonce, value("nc"), cnonce, qop, hash(method, value("uri"), ...covered));
}

/** The body of a message as SIPp wrote it down. */
export function body(message: string): Buffer {
  const head = /^[A-Z]+ \S+ SIP\/2\.0\r\n[^]*?\r\n\r\n/m.exec(message);
  if (head === null) throw new Error(`no message in ${message}`);
  const length = Number(/^Content-Length: *(\d+)/m.exec(head[0])?.[1]);
  const start = head.index + head[0].length;
  return Buffer.from(message.slice(start, start + length), "latin1");
}
