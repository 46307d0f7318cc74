/** The rules for logs: what must be found is found. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { forbidden } from "../peers/log.ts";

describe("a log", () => {
  it("with nothing to hide passes", () => {
    assert.equal(forbidden(["INFO call started caller=alice", "DEBUG 401 Unauthorized"], ["hunter2"]), undefined);
  });

  it("with a panic, a session description or credentials does not", () => {
    const bad: [string, RegExp][] = [
      ["thread 'main' panicked at src/main.rs:1:1:", /panic/],
      ["DEBUG sending v=0\\r\\nm=audio 30000 RTP/AVP 0", /description/],
      ["TRACE a=ice-pwd:abcdef", /description/],
      ['TRACE Authorization: Digest username="alice"', /credentials/],
      ['TRACE response="0123456789abcdef0123456789abcdef"', /credentials/],
    ];
    for (const [line, what] of bad) assert.match(forbidden(["INFO fine", line], []) ?? "nothing", what);
  });

  it("with a password does not, and the password is not repeated", () => {
    const found = forbidden(["DEBUG account alice hunter2"], ["hunter2"]);
    assert.equal(found, "a password");
  });
});
