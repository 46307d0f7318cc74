import assert from "node:assert/strict";
import { test } from "node:test";
import { clockText } from "../src/duration.js";
import { anotherName, initialOf, suggestName } from "../src/names.js";

test("a duration reads as minutes and seconds, and hours once there are any", () => {
  const cases: [number, string][] = [
    [0, "0:00"], [999, "0:00"], [1_000, "0:01"], [65_000, "1:05"], [3_599_999, "59:59"], [3_600_000, "1:00:00"],
    [3_725_000, "1:02:05"], [-5, "0:00"],
  ];
  for (const [milliseconds, text] of cases) assert.equal(clockText(milliseconds), text);
});

test("a suggested name is a valid login, whatever the dice say", () => {
  for (const dice of [0, 0.2, 0.5, 0.99999]) assert.match(suggestName(() => dice), /^[a-z]+-[a-z]+$/);
});

test("another name differs from the one taken, even if the dice insist", () => {
  const taken = suggestName(() => 0);
  assert.notEqual(anotherName(taken, () => 0), taken);
});

test("the initial of a name is its first letter, not half of it", () => {
  assert.deepEqual(["otter", "émile", "😀x", ""].map(initialOf), ["O", "É", "😀", ""]);
});
