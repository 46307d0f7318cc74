/** The eyes of the tests: a film that goes in at the camera is seen, and another or none is not taken for it. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Browser } from "../peers/browser.ts";
import { sees } from "../peers/seeing.ts";
import { SENTENCES, speech } from "../sound/sources.ts";
import type { Film } from "../picture/film.ts";

const BLUE: Film = { ground: [30, 40, 200] };
const GREEN: Film = { ground: [20, 150, 40] };

describe("a browser's camera", () => {
  let browser: Browser;
  before(async () => {
    browser = await Browser.start({ says: speech(SENTENCES.browser, 48_000), shows: BLUE });
  });
  after(() => browser.stop());

  it("shows the film it was given, and no other is taken for it", async () => {
    const phone = await browser.phone();
    await phone.mirror();
    const seen = await sees(phone, BLUE);
    assert.ok(seen.width >= 160 && seen.height >= 120);
    await assert.rejects(sees(phone, GREEN, 1500), /the film to be seen/);
    await phone.kill();
  });
});
