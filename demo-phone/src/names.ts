const MANNERS = ["calm", "bright", "brave", "merry", "quiet", "swift", "kind", "lucky", "sunny", "gentle"];
const ANIMALS = ["otter", "robin", "lynx", "heron", "badger", "finch", "marten", "dolphin", "hare", "wren"];

/** A friendly name for somebody who has not chosen one, such as `calm-otter`. `random` returns 0 up to 1. */
export function suggestName(random: () => number = Math.random): string {
  const pick = (words: readonly string[]): string => words[Math.floor(random() * words.length)] ?? words[0] ?? "";
  return `${pick(MANNERS)}-${pick(ANIMALS)}`;
}

/** A suggestion that differs from `taken`. */
export function anotherName(taken: string, random: () => number = Math.random): string {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const name = suggestName(random);
    if (name !== taken) return name;
  }
  return `${taken}-2`;
}

/** The letter that stands for somebody in a picture. */
export function initialOf(name: string): string {
  return Array.from(name)[0]?.toUpperCase() ?? "";
}
