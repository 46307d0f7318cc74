import assert from "node:assert/strict";
import { test } from "node:test";
import { listenToKeyboard } from "../src/keyboard.js";

/** As much of an element as the keyboard looks at: its own tag name. */
class FakeElement extends EventTarget {
  constructor(readonly tag: string) {
    super();
  }
  closest(selector: string): this | null {
    return selector.split(", ").includes(this.tag) ? this : null;
  }
}
Object.defineProperty(globalThis, "Element", { value: FakeElement });

/** What the phone hears when `key` is pressed while the focus is on a `tag`. */
function pressed(key: string, tag = "body", modifiers: { ctrlKey?: boolean; repeat?: boolean } = {}): string[] {
  const heard: string[] = [];
  const page = new EventTarget();
  listenToKeyboard(page as Document, {
    digit: (digit) => heard.push(digit),
    erase: () => heard.push("erase"),
    enter: () => heard.push("enter"),
    escape: () => heard.push("escape"),
  });
  const event = new Event("keydown");
  Object.defineProperty(event, "target", { value: new FakeElement(tag) });
  page.dispatchEvent(Object.assign(event, { key, ...modifiers }));
  return heard;
}

test("the keys of a telephone reach the phone from anywhere on the page", () => {
  for (const key of "0123456789*#+") assert.deepEqual(pressed(key), [key]);
  assert.deepEqual(["Enter", "Escape", "Backspace"].flatMap((key) => pressed(key)), ["enter", "escape", "erase"]);
});

test("in a field every key means what it always does", () => {
  for (const key of ["1", "Enter", "Escape", "Backspace"]) {
    for (const field of ["input", "textarea", "select"]) assert.deepEqual(pressed(key, field), []);
  }
});

test("on a button Enter is the button's, and digits are still the phone's", () => {
  assert.deepEqual(pressed("Enter", "button"), []);
  assert.deepEqual(pressed("5", "button"), ["5"]);
  assert.deepEqual(pressed("Escape", "button"), ["escape"]);
});

test("other keys and shortcuts are left alone", () => {
  for (const key of ["a", "F5", "Tab", " "]) assert.deepEqual(pressed(key), []);
  assert.deepEqual(pressed("1", "body", { ctrlKey: true }), []);
});

test("a key held down is pressed once, but goes on deleting", () => {
  for (const key of ["5", "Enter", "Escape"]) assert.deepEqual(pressed(key, "body", { repeat: true }), []);
  assert.deepEqual(pressed("Backspace", "body", { repeat: true }), ["erase"]);
});
