/** What the phone lets the keyboard do. */
export interface Keys {
  digit: (digit: string) => void;
  erase: () => void;
  enter: () => void;
  escape: () => void;
}

/** Digits dial, Enter calls, Escape hangs up: anywhere on the page but in a field, where keys mean what they always do. */
export function listenToKeyboard(page: Document, keys: Keys): void {
  page.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const at = event.target instanceof Element ? event.target : undefined;
    if (at?.closest("input, textarea, select")) return;
    // A key held down is one key: only deleting goes on and on.
    if (event.repeat && event.key !== "Backspace") return;
    if (/^[0-9*#+]$/.test(event.key)) keys.digit(event.key);
    else if (event.key === "Backspace") keys.erase();
    else if (event.key === "Escape") keys.escape();
    // On a button Enter presses that button.
    else if (event.key === "Enter" && !at?.closest("button, a, summary")) keys.enter();
  });
}
