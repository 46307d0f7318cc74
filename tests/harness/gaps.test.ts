/** Holes are found where they are, and nowhere else. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { longestGap } from "../sound/gaps.ts";
import { silence, tones } from "../sound/sources.ts";
import type { Sound } from "../sound/wav.ts";

/** A steady tone of two seconds without what lies between these times (s). */
function holed(from: number, to: number): Sound {
  const sound = tones([600], 2, 16_000);
  sound.samples.fill(0, from * sound.rate, to * sound.rate);
  return sound;
}

describe("the longest gap", () => {
  it("of a steady tone is none", () => assert.equal(longestGap(tones([600], 2, 16_000)), 0));

  it("is as long as the hole", () => {
    for (const length of [0.04, 0.2, 0.9]) {
      assert.ok(Math.abs(longestGap(holed(0.7, 0.7 + length)) - length) <= 0.02, `${length} s`);
    }
  });

  it("counts a sound that never comes back", () => assert.ok(longestGap(holed(1.2, 2)) > 0.78));

  it("does not count the time before the sound begins", () => assert.equal(longestGap(holed(0, 0.5)), 0));

  it("of silence is all of it", () => assert.ok(longestGap(silence(1, 16_000)) > 0.98));
});
