/** What a display of the page shows, measured. */

export interface Picture {
  width: number;
  height: number;
  /** The colour that most of it has: red, green and blue, 0..255. */
  ground: [number, number, number];
  /** Where the white bar's middle is, 0..1 from the left; nothing when there is none. */
  bar?: number;
}

/** Undefined while the display shows no picture. */
export function look(display: HTMLElement): Picture | undefined {
  const video = display.querySelector("video");
  if (!video || video.videoWidth === 0) return undefined;
  const [width, height] = [video.videoWidth, video.videoHeight];
  const context = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
  if (!context) return undefined;
  context.drawImage(video, 0, 0);
  // A line through the middle: all lines are alike.
  const line = context.getImageData(0, Math.floor(height / 2), width, 1).data;
  const pixels = Array.from({ length: width }, (_, x): [number, number, number] => [
    line[x * 4] ?? 0,
    line[x * 4 + 1] ?? 0,
    line[x * 4 + 2] ?? 0,
  ]);
  return measured(width, height, pixels);
}

/** A picture of this size whose lines are all like this one. */
export function measured(width: number, height: number, line: readonly [number, number, number][]): Picture {
  const bar = middle(line.map((pixel) => Math.min(...pixel) > 170));
  return { width, height, ground: [median(line, 0), median(line, 1), median(line, 2)], ...bar };
}

function median(pixels: readonly [number, number, number][], of: 0 | 1 | 2): number {
  const values = pixels.map((pixel) => pixel[of]).sort((a, b) => a - b);
  return values[Math.floor(values.length / 2)] ?? 0;
}

/** The middle of what is marked, on a line whose ends meet. */
function middle(marked: readonly boolean[]): { bar?: number } {
  let [x, y] = [0, 0];
  marked.forEach((is, i) => {
    if (!is) return;
    const angle = (2 * Math.PI * i) / marked.length;
    [x, y] = [x + Math.cos(angle), y + Math.sin(angle)];
  });
  if (Math.hypot(x, y) < marked.length / 100) return {};
  return { bar: (Math.atan2(y, x) / (2 * Math.PI) + 1) % 1 };
}
