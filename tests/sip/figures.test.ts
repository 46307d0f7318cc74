/** What operators are shown: records of calls, and figures for who may have them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { App } from "../peers/app.ts";
import { eventually } from "../peers/deadline.ts";
import { folder } from "../peers/folder.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";

const RECORDS = join(folder("records"), "calls.jsonl");
const PASSWORD = "s3cret-of-anna";

let relay: Relay;
before(async () => {
  const tables = `[records]\npath = ${JSON.stringify(RECORDS)}`;
  relay = await Relay.start({ users: { anna: PASSWORD }, connectTimeout: 60, http: ['metrics = ["127.0.0.1"]'], tables });
});
after(async () => {
  await relay.stop();
  await endPrograms();
});

function figures(headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${relay.http}/metrics`, { headers });
}

describe("for operators", () => {
  it("a call that was refused has a record with its status, and is counted", async () => {
    const anna = await App.local(relay, "anna", { password: PASSWORD });
    const call = await anna.call("busy", { anonymous: true });
    await anna.status(call, "BUSY");
    const record = await eventually(() => readFileSync(RECORDS, "utf8").trim() || undefined, () => "a call record");
    const { caller, callee, callerKind, calleeKind, reason, sipStatus, answered } = JSON.parse(record) as Record<string, unknown>;
    assert.deepEqual([caller, callee, callerKind, calleeKind], ["anonymous", "busy", "browser", "service"]);
    assert.deepEqual([reason, sipStatus, answered], ["busy", 486, undefined]);
    assert.doesNotMatch(record, new RegExp(`anna|${PASSWORD}`));

    const response = await figures();
    const text = await response.text();
    assert.match(response.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
    assert.match(text, /^offhook_calls_ended_total\{reason="busy",sip_status="486"\} 1$/m);
    assert.match(text, /^offhook_sessions 1$/m);
    assert.match(text, /^offhook_call_mos_bucket\{le="3\.1"\} 0$|^# TYPE offhook_call_mos histogram$/m);
    await anna.close();
  });

  it("figures are not passed on by a proxy", async () => {
    assert.equal((await figures({ "x-forwarded-for": "192.0.2.7" })).status, 404);
  });

  it("nobody is shown any where nobody was named", async () => {
    const other = await Relay.start();
    assert.equal((await fetch(`${other.http}/metrics`)).status, 404);
    await other.stop();
  });
});
