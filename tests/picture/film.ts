/** Pictures as the tests handle them: a ground of one colour and a white bar that wanders across it. */
import { writeFileSync } from "node:fs";

/** Red, green and blue, 0..255. */
export type Colour = readonly [number, number, number];

export interface Film {
  readonly ground: Colour;
}

export const WIDTH = 320;
export const HEIGHT = 240;
/** How much of the width the bar takes. */
export const BAR = 1 / 8;
/** Frames until the bar is where it was. */
const FRAMES = 40;
const RATE = 20;

/** A film of one round of the bar, in the form that Chromium's camera plays in a loop. */
export function writeFilm(path: string, { ground }: Film): void {
  const parts: Buffer[] = [Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F${RATE}:1 Ip A1:1 C420jpeg\n`)];
  for (let frame = 0; frame < FRAMES; frame++) parts.push(Buffer.from("FRAME\n"), picture(ground, frame / FRAMES));
  writeFileSync(path, Buffer.concat(parts));
}

/** Planes of brightness and, at half the size, of blue and red. `at` is where the bar begins, 0..1. */
function picture(ground: Colour, at: number): Buffer {
  const [width, height] = [WIDTH / 2, HEIGHT / 2];
  const planes = [Buffer.alloc(WIDTH * HEIGHT), Buffer.alloc(width * height), Buffer.alloc(width * height)];
  const [luma, blue, red] = yuv(ground);
  fill(planes[0], WIDTH, luma, 235, at);
  fill(planes[1], width, blue, 128, at);
  fill(planes[2], width, red, 128, at);
  return Buffer.concat(planes);
}

function fill(plane: Buffer | undefined, width: number, ground: number, bar: number, at: number): void {
  plane?.fill(ground);
  for (let column = 0; column < width * BAR; column++) {
    const x = Math.floor(at * width + column) % width;
    for (let i = x; i < (plane?.length ?? 0); i += width) plane?.writeUInt8(bar, i);
  }
}

/** BT.601, studio range, as cameras have it. */
function yuv([r, g, b]: Colour): [number, number, number] {
  return [
    Math.round(16 + (65.5 * r + 128.6 * g + 25 * b) / 255),
    Math.round(128 + (-37.8 * r - 74.2 * g + 112 * b) / 255),
    Math.round(128 + (112 * r - 93.8 * g - 18.2 * b) / 255),
  ];
}
