/** The measures of sound themselves: what passes, and above all what does not. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fromMuLaw, toALaw, toMuLaw } from "../sound/g711.ts";
import { purest } from "../sound/goertzel.ts";
import { SAME, likeness } from "../sound/likeness.ts";
import { resample } from "../sound/resample.ts";
import { SENTENCES, noise, silence, speech, tones } from "../sound/sources.ts";
import { type Sound, loop, readWav, slice, writeWav } from "../sound/wav.ts";

const folder = mkdtempSync(join(tmpdir(), "offhook-sound-"));
after(() => rmSync(folder, { recursive: true }));

const reference = speech(SENTENCES.browser, 16000);
/** Five seconds of the looped sentence, begun in the middle of a word. */
const heard = slice(loop(reference, 12), 1.37, 6.37);

/** What must fail stays this far below the threshold. */
const MARGIN = 0.1;

function assertUnlike(recording: Sound, what: string): void {
  const { score } = likeness(recording, reference);
  assert.ok(score < SAME - MARGIN, `${what} scored ${score.toFixed(3)}`);
}

function assertLike(recording: Sound, what: string): void {
  const { score, heard } = likeness(recording, reference);
  assert.ok(score >= SAME + MARGIN, `${what} scored ${score.toFixed(3)}`);
  assert.ok(heard >= 2.5, `${what} was heard for ${heard} s`);
}

/** Through a codec and back by sox. */
function through(sound: Sound, ...format: string[]): Sound {
  const [before, coded, back] = ["before.wav", "coded.raw", "back.wav"].map((name) => join(folder, name));
  writeWav(before, resample(sound, 8000));
  execFileSync("sox", [before, ...format, coded]);
  execFileSync("sox", [...format, coded, "-e", "signed", "-b", "16", back]);
  return readWav(back);
}

describe("likeness of speech", () => {
  it("knows the same speech at another rate, begun anywhere", () => {
    assertLike(heard, "the speech itself");
    assertLike(resample(heard, 48000), "the speech at 48 kHz");
  });

  it("knows it through a codec, quieter, with noise beneath", () => {
    assertLike(through(heard, "-t", "ul", "-r", "8000", "-c", "1"), "mu-law");
    assertLike(through(heard, "-t", "gsm", "-r", "8000", "-c", "1"), "GSM");
    const hiss = noise(5, 16000).samples;
    assertLike({ rate: 16000, samples: heard.samples.map((s, i) => s * 0.2 + hiss[i] * 0.005) }, "quiet with hiss");
  });

  it("knows it with packets lost and a jump of the clock", () => {
    const broken = heard.samples.slice();
    for (let at = 0; at + 320 < broken.length; at += 320 * 17) broken.fill(0, at, at + 320);
    const jumped = new Float32Array([...broken.subarray(0, 40000), ...broken.subarray(40640)]);
    assertLike({ rate: 16000, samples: jumped }, "with losses");
  });

  it("refuses silence and noise", () => {
    assertUnlike(silence(5, 16000), "silence");
    assertUnlike(noise(5, 16000), "white noise");
    assertUnlike(noise(5, 16000, 77), "other white noise");
    const faint = silence(5, 16000).samples.map((_, i) => Math.sin(i) * 1e-4);
    assertUnlike({ rate: 16000, samples: faint }, "near silence");
  });

  it("refuses other sentences and tones", () => {
    assertUnlike(speech(SENTENCES.phone, 16000), "another sentence");
    assertUnlike(speech(SENTENCES.other, 16000), "a third sentence");
    assertUnlike(tones([440, 1000, 2500], 5, 16000), "tones");
  });

  it("refuses a wrong sampling rate", () => {
    for (const rate of [8000, 12000, 14700, 17415, 24000, 32000]) {
      assertUnlike({ rate, samples: heard.samples }, `16000 played as ${rate}`);
    }
  });

  it("refuses a recording too short to tell", () => {
    assertUnlike(slice(heard, 0, 1), "one second");
  });

  it("tells how long the speech was heard", () => {
    const samples = new Float32Array(16000 * 8);
    samples.set(slice(heard, 0, 3).samples, 16000 * 2);
    const { heard: duration } = likeness({ rate: 16000, samples }, reference);
    assert.ok(duration > 2 && duration < 5, `${duration} s`);
  });
});

describe("tones", () => {
  it("finds a tone by its frequency and no other", () => {
    const tone = tones([440], 1, 8000);
    assert.ok(purest(tone, 440) > 0.95);
    assert.ok(purest(tone, 480) < 0.05);
    assert.ok(purest(noise(1, 8000), 440) < 0.1);
    assert.ok(purest(silence(1, 8000), 440) === 0);
    assert.ok(purest({ rate: 16000, samples: tone.samples }, 440) < 0.05, "a wrong sampling rate");
  });
});

describe("files", () => {
  it("are read as they were written", () => {
    const path = join(folder, "same.wav");
    writeWav(path, heard);
    const again = readWav(path);
    assert.equal(again.rate, 16000);
    assert.ok(again.samples.every((sample, i) => Math.abs(sample - heard.samples[i]) < 1e-4));
  });

  it("hold G.711 as sox decodes it", () => {
    const narrow = resample(heard, 8000);
    for (const [type, bytes] of [["al", toALaw(narrow.samples)], ["ul", toMuLaw(narrow.samples)]] as const) {
      const [raw, wav] = [join(folder, `g711.${type}`), join(folder, `${type}.wav`)];
      writeFileSync(raw, bytes);
      execFileSync("sox", ["-t", type, "-r", "8000", "-c", "1", raw, "-e", "signed", "-b", "16", wav]);
      const back = readWav(wav);
      const worst = back.samples.reduce((most, sample, i) => Math.max(most, Math.abs(sample - narrow.samples[i])), 0);
      assert.ok(worst < 0.02, `${type}: off by ${worst}`);
      if (type === "ul") assert.ok(fromMuLaw(bytes).every((sample, i) => Math.abs(sample - back.samples[i]) < 1e-3));
      assert.equal(readFileSync(raw).length, narrow.samples.length);
    }
  });
});
