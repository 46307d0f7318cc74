/** Two browsers that speak to each other in steady tones, so that the smallest hole in what they hear can be measured. */
import assert from "node:assert/strict";
import type { SessionOptions } from "offhook";
import { Browser, type BrowserOptions, CHROMIUM } from "../peers/browser.ts";
import { eventually } from "../peers/deadline.ts";
import { hearsTone } from "../peers/hearing.ts";
import type { Link, Namespace } from "../peers/namespace.ts";
import type { BrowserPhone } from "../peers/phone.ts";
import { longestGap } from "../sound/gaps.ts";
import { tones } from "../sound/sources.ts";

/** What the first browser's microphone hears, and the second one's (Hz). */
export const [ALICE_TONE, BOB_TONE] = [600, 900] as const;

/** A hole shorter than this is no more than a busy machine makes by itself (s). */
const UNNOTICED = 0.15;

export async function browsers(first: Partial<BrowserOptions> = {}): Promise<[Browser, Browser]> {
  const alice = await Browser.start({ ...first, says: tones([ALICE_TONE], 2, 48_000) });
  const bob = await Browser.start({ says: tones([BOB_TONE], 2, 48_000), origin: alice.origin });
  return [alice, bob];
}

/** One browser in a network of its own behind this link, and one beside the relay. */
export async function browsersAcross(namespace: Namespace, link: Link): Promise<[inside: Browser, outside: Browser]> {
  const executable = namespace.wrapper(CHROMIUM);
  const inside = await Browser.start({ says: tones([ALICE_TONE], 2, 48_000), address: link.address, executable });
  return [inside, await Browser.start({ says: tones([BOB_TONE], 2, 48_000), origin: inside.origin })];
}

/** A session of a local user. */
export function local(login: string, urlServer: string, further: Partial<SessionOptions> = {}): SessionOptions {
  return { urlServer, sipOptions: { login }, ...further };
}

export interface Conversation {
  readonly alice: BrowserPhone;
  readonly bob: BrowserPhone;
  /** The call's id at Alice's. */
  readonly out: string;
  /** The call's id at Bob's. */
  readonly in: string;
}

/** Alice calls Bob, and both are heard. */
export async function converse(alice: BrowserPhone, bob: BrowserPhone): Promise<Conversation> {
  const from = bob.reports.now();
  const out = await alice.call("bob");
  const incoming = (await bob.incoming({ from })).id;
  await bob.answer(incoming);
  await Promise.all([alice.event(out, "ESTABLISHED"), bob.event(incoming, "ESTABLISHED")]);
  await Promise.all([alice.record(), bob.record()]);
  await bothHeard({ alice, bob });
  return { alice, bob, out, in: incoming };
}

/** Waits until each hears the other. */
export async function bothHeard({ alice, bob }: Pick<Conversation, "alice" | "bob">, ms?: number): Promise<void> {
  await Promise.all([hearsTone(alice, BOB_TONE, ms), hearsTone(bob, ALICE_TONE, ms)]);
}

/** Starts over with what both have recorded, once there is sound again. */
export async function listenAnew({ alice, bob }: Conversation): Promise<void> {
  await Promise.all([alice.record(), bob.record()]);
  await bothHeard({ alice, bob });
}

/** Waits until both have recorded this much (s), and says how long the longest hole was at either end. */
export async function gap({ alice, bob }: Conversation, seconds: number): Promise<number> {
  const gaps = await Promise.all([alice, bob].map(async (phone) => longestGap(await lasting(phone, seconds))));
  return Math.max(...gaps);
}

/**
 * Does something that nobody on the phone may notice, and fails if the last seconds that either heard have a hole. A busy
 * machine makes holes by itself, now and then; what is done here would make one every time. So it is done again if
 * there is one, and three times must not be too much.
 */
export async function unnoticed(call: Conversation, seconds: number, act: () => Promise<void>): Promise<void> {
  const missed: number[] = [];
  do {
    await listenAnew(call);
    await act();
    missed.push(await gap(call, seconds));
  } while ((missed.at(-1) ?? 0) >= UNNOTICED && missed.length < 3);
  assert.ok(Math.min(...missed) < UNNOTICED, `not heard, each time: ${missed.map((hole) => hole.toFixed(2)).join(", ")} s`);
}

async function lasting(phone: BrowserPhone, seconds: number): ReturnType<BrowserPhone["heard"]> {
  return eventually(
    async () => {
      const sound = await phone.heard(seconds);
      return sound.samples.length >= (seconds - 0.1) * sound.rate && sound;
    },
    `${seconds} s of sound`,
    { ms: seconds * 1000 + 10_000, every: 200 },
  );
}
