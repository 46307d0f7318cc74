/** An exception of the app's own code reaches the app's own error handling, as one from a DOM listener would. */
export function report(error: unknown): void {
  if (typeof globalThis.reportError === "function") globalThis.reportError(error);
  else console.error(error);
}
