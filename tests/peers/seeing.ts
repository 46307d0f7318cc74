/** Waiting until somebody sees something. */
import type { Picture } from "../page/picture.ts";
import type { Colour, Film } from "../picture/film.ts";
import { eventually } from "./deadline.ts";

/** Anybody with eyes. */
export interface Viewer {
  seen(): Promise<Picture | undefined>;
}

const LONG_ENOUGH = 15_000;
/** How often to look (ms): the bar moves a tenth of the picture meanwhile. */
const LOOK = 200;
/** How far a colour may be off after it has been coded and scaled. */
const LIKE = 48;

/** Waits until the viewer sees this film move: its ground, and the bar in several places as frames go by. */
export async function sees(viewer: Viewer, film: Film, ms = LONG_ENOUGH): Promise<Picture> {
  const places: number[] = [];
  let last: Picture | undefined;
  return eventually(
    async () => {
      last = await viewer.seen();
      if (!last || !alike(last.ground, film.ground) || last.bar === undefined) return undefined;
      const { bar, frames } = last;
      if (places.every((place) => apart(place, bar) > 0.05) && frames > places.length) places.push(bar);
      return places.length >= 4 ? last : undefined;
    },
    () => `the film to be seen; seen: ${JSON.stringify(last)}`,
    { ms, every: LOOK },
  );
}

/** Waits until the viewer sees nothing but black. */
export async function seesBlack(viewer: Viewer, ms = LONG_ENOUGH): Promise<Picture> {
  let last: Picture | undefined;
  return eventually(
    async () => {
      last = await viewer.seen();
      return last && alike(last.ground, [0, 0, 0]) && last.bar === undefined ? last : undefined;
    },
    () => `black to be seen; seen: ${JSON.stringify(last)}`,
    { ms, every: LOOK },
  );
}

/** Waits until the picture stands still for a second. */
export async function seesNothingMove(viewer: Viewer, ms = LONG_ENOUGH): Promise<void> {
  let [frames, since] = [-1, Date.now()];
  await eventually(
    async () => {
      const now = (await viewer.seen())?.frames ?? 0;
      if (now !== frames) [frames, since] = [now, Date.now()];
      return Date.now() - since > 1000;
    },
    () => `the picture to stand still; frames ${frames}`,
    { ms, every: LOOK },
  );
}

function alike(one: Colour, other: Colour): boolean {
  return one.every((value, i) => Math.abs(value - (other[i] ?? 0)) < LIKE);
}

/** On a line whose ends meet. */
function apart(one: number, other: number): number {
  const distance = Math.abs(one - other);
  return Math.min(distance, 1 - distance);
}
