/** The bad network that tests put between the relay and a phone does what it says. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Climate, Way, type Weather } from "../peers/weather.ts";

function fates(weather: Weather, seed = 1, count = 10_000): boolean[] {
  const climate = new Climate(seed);
  climate.weather = weather;
  return Array.from({ length: count }, () => climate.next().lost);
}

function share(lost: readonly boolean[]): number {
  return lost.filter(Boolean).length / lost.length;
}

/** How many were lost in a row, on average. */
function meanBurst(lost: readonly boolean[]): number {
  const begins = lost.filter((now, at) => now && !lost[at - 1]).length;
  return lost.filter(Boolean).length / begins;
}

describe("a bad network", () => {
  it("loses the same packets for the same seed, and others for another", () => {
    const weather = { loss: 0.2 };
    assert.deepEqual(fates(weather, 7), fates(weather, 7));
    assert.notDeepEqual(fates(weather, 7), fates(weather, 8));
  });

  it("loses as many as it was told, alone or in a row", () => {
    assert.ok(Math.abs(share(fates({ loss: 0.2 })) - 0.2) < 0.02);
    const bursts = fates({ loss: 0.2, burst: 4 });
    assert.ok(Math.abs(share(bursts) - 0.2) < 0.03, `${share(bursts)}`);
    assert.ok(Math.abs(meanBurst(bursts) - 4) < 0.5, `${meanBurst(bursts)}`);
    assert.deepEqual([share(fates({})), share(fates({ loss: 1 }))], [0, 1]);
  });

  it("has some overtake others, and some come twice", () => {
    const way = new Way(1);
    way.climate.weather = { reordered: 0.1, doubled: 0.1 };
    const arrived: number[] = [];
    for (let number = 0; number < 1000; number++) way.carry(() => arrived.push(number));
    const overtaken = arrived.filter((number, at) => number < (arrived[at - 1] ?? 0)).length;
    assert.ok(overtaken > 50 && overtaken < 150, `${overtaken} overtaken`);
    assert.ok(arrived.length > 1050 && arrived.length < 1150, `${arrived.length} arrived`);
  });
});
