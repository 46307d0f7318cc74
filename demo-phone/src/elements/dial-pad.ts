/** The keys in reading order, each with the letters under it. */
const KEYS: readonly (readonly [key: string, letters: string, name: string])[] = [
  ["1", "", "1"], ["2", "ABC", "2"], ["3", "DEF", "3"],
  ["4", "GHI", "4"], ["5", "JKL", "5"], ["6", "MNO", "6"],
  ["7", "PQRS", "7"], ["8", "TUV", "8"], ["9", "WXYZ", "9"],
  ["*", "", "star"], ["0", "+", "0"], ["#", "", "hash"],
];

/** Twelve keys. Fires `phone-digit` with the one pressed. */
export class DialPad extends HTMLElement {
  connectedCallback(): void {
    if (this.firstChild) return;
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", "Keypad");
    // The mouse leaves the focus in the number, so that Enter calls and does not press the last key again.
    this.addEventListener("mousedown", (event) => { event.preventDefault(); });
    for (const [key, letters, name] of KEYS) this.append(this.#button(key, letters, name));
  }

  /** Shows a key pressed on the keyboard as pressed on the pad. */
  flash(key: string): void {
    const button = this.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
    button?.classList.add("pressed");
    setTimeout(() => button?.classList.remove("pressed"), 120);
  }

  #button(key: string, letters: string, name: string): HTMLButtonElement {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset["key"] = key;
    button.dataset["testid"] = `key-${name}`;
    button.setAttribute("aria-label", letters === "" ? name : `${name} ${letters}`);
    const digit = document.createElement("b");
    digit.textContent = key;
    const small = document.createElement("small");
    small.textContent = letters;
    button.append(digit, " ", small);
    button.addEventListener("click", () => this.dispatchEvent(new CustomEvent("phone-digit", { detail: key })));
    return button;
  }
}

customElements.define("dial-pad", DialPad);
