/** The browser as a measuring device: what its microphone plays is what its recorder hears. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Browser } from "../peers/browser.ts";
import { hears } from "../peers/hearing.ts";
import { SAME, likeness } from "../sound/likeness.ts";
import { SENTENCES, speech } from "../sound/sources.ts";

const one = speech(SENTENCES.browser, 48000);
let browser: Browser;
before(async () => (browser = await Browser.start({ says: one })));
after(() => browser.stop());

describe("the browser", () => {
  it("hears through a peer connection what its microphone file says", async () => {
    const phone = await browser.phone();
    await phone.loopback();
    await hears(phone, one);
    const other = likeness(await phone.heard(), speech(SENTENCES.phone, 48000));
    assert.ok(other.score < SAME - 0.1, `another sentence scores ${other.score}`);
    await phone.kill();
  });

  it("refuses the microphone to a page that may not have it", async () => {
    const phone = await browser.phone({ microphone: false });
    await assert.rejects(phone.loopback(), /NotAllowedError|Permission denied/);
    await phone.kill();
  });
});
