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

/** Waits until the viewer sees this film move: its ground, and the bar in several places. */
export async function sees(viewer: Viewer, film: Film, ms = LONG_ENOUGH): Promise<Picture> {
  const places: number[] = [];
  let last: Picture | undefined;
  return eventually(
    async () => {
      last = await viewer.seen();
      if (!last || !alike(last.ground, film.ground) || last.bar === undefined) return undefined;
      const { bar } = last;
      if (places.every((place) => apart(place, bar) > 0.05)) places.push(bar);
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

/** Waits until the viewer has seen several colours, none of them black. */
export async function seesColoursChange(viewer: Viewer, ms = LONG_ENOUGH): Promise<void> {
  const colours: Colour[] = [];
  let last: Picture | undefined;
  await eventually(
    async () => {
      last = await viewer.seen();
      const ground = last?.ground;
      if (!ground || alike(ground, [0, 0, 0])) return false;
      if (colours.every((colour) => ground.some((value, i) => Math.abs(value - (colour[i] ?? 0)) > 4))) colours.push(ground);
      return colours.length >= 4;
    },
    () => `colours to change; seen: ${JSON.stringify(last)}`,
    { ms, every: LOOK },
  );
}

/** Waits until the picture stands still for a second. */
export async function seesNothingMove(viewer: Viewer, ms = LONG_ENOUGH): Promise<void> {
  let [last, since]: [Picture | undefined, number] = [undefined, Date.now()];
  await eventually(
    async () => {
      const now = await viewer.seen();
      if (now?.bar !== last?.bar) [last, since] = [now, Date.now()];
      return Date.now() - since > 1000;
    },
    () => `the picture to stand still; seen: ${JSON.stringify(last)}`,
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
