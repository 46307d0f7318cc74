/**
 * What the core takes for a text. JavaScript callers have no compiler to tell them, and the module reads whatever it is
 * given as one: a number there would break it.
 */
export function text(value: string | number | null | undefined): string | undefined {
  return value === undefined || value === null ? undefined : String(value);
}
