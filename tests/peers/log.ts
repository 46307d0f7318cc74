/** What no log of the relay may hold, at any level. */

const NEVER: readonly (readonly [string, RegExp])[] = [
  ["a panic", /panicked at/],
  ["a session description", /m=audio \d|a=ice-pwd|a=fingerprint|a=crypto/i],
  ["credentials", /Authorization: *Digest|response="?[0-9a-f]{32}/i],
];

/** The first line that holds something forbidden, named; undefined when there is none. */
export function forbidden(lines: readonly string[], secrets: readonly string[]): string | undefined {
  for (const line of lines) {
    const [what] = NEVER.find(([, pattern]) => pattern.test(line)) ?? [];
    if (what !== undefined) return `${what}: ${line.slice(0, 300)}`;
    if (secrets.some((secret) => line.includes(secret))) return "a password";
  }
  return undefined;
}
