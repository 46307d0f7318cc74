import assert from "node:assert/strict";
import { test } from "node:test";
import { CALL_STATUS, CALL_STATUS_INFO, ERROR_INFO, SESSION_STATUS } from "../src/api.js";

test("SESSION_STATUS has the documented keys in the documented order, each its own name", () => {
  const names =
    "CONNECTED ESTABLISHED DISCONNECTED WARN FAILED DEBUG APP_DATA SEND_DATA_STATUS PENDING REGISTERED UNREGISTERED INCOMING_CALL";
  assert.equal(Object.keys(SESSION_STATUS).join(" "), names);
  assert.equal(Object.values(SESSION_STATUS).join(" "), names);
});

test("CALL_STATUS has the documented keys in the documented order, each its own name", () => {
  const names = "NEW RING RING_MEDIA HOLD ESTABLISHED FINISH BUSY SESSION_PROGRESS FAILED PENDING TRYING";
  assert.equal(Object.keys(CALL_STATUS).join(" "), names);
  assert.equal(Object.values(CALL_STATUS).join(" "), names);
});

test("the constants cannot be changed by an app", () => {
  for (const constants of [SESSION_STATUS, CALL_STATUS, CALL_STATUS_INFO, ERROR_INFO]) assert.ok(Object.isFrozen(constants));
});
