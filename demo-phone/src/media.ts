/** Runs `changed` with the stream that plays in `display`, and with nothing when it is gone. */
export function watchStream(display: HTMLElement, changed: (stream: MediaStream | undefined) => void): void {
  const look = (): void => {
    const source = display.querySelector<HTMLMediaElement>("video, audio")?.srcObject;
    changed(source instanceof MediaStream ? source : undefined);
  };
  // `srcObject` is no attribute, so a stream set later shows itself only when it is loaded; media events do not bubble.
  new MutationObserver(look).observe(display, { childList: true, subtree: true });
  for (const event of ["loadedmetadata", "playing", "emptied"]) display.addEventListener(event, look, { capture: true });
}
