import { ICONS } from "../icons.js";

const TEMPLATE = `
<form novalidate>
  <label class="hidden" for="dial-number">Number or name to call</label>
  <input id="dial-number" data-testid="dial-number" placeholder="Number or name" enterkeyhint="go" autocomplete="off" autocapitalize="none" spellcheck="false">
  <button type="button" class="quiet" data-act="erase" aria-label="Delete the last character" data-testid="erase">${ICONS.erase}</button>
  <button class="call" data-testid="call" aria-label="Call">${ICONS.call}<span>Call</span></button>
</form>`;

/** Where the number is put together. Fires `phone-call` with it. */
export class DialEntry extends HTMLElement {
  connectedCallback(): void {
    if (this.firstChild) return;
    this.innerHTML = TEMPLATE;
    this.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.addEventListener("input", () => { this.#show(); });
    const erase = this.querySelector("[data-act=erase]");
    erase?.addEventListener("click", () => { this.erase(); });
    // The button goes away with the last character; the focus must not go with it.
    erase?.addEventListener("mousedown", (event) => { event.preventDefault(); });
    this.#show();
  }

  /** Adds a character at the end, as the keypad does. */
  type(character: string): void {
    this.#write(this.#value() + character);
  }

  erase(): void {
    this.#write(this.#value().slice(0, -1));
  }

  clear(): void {
    this.#write("");
  }

  submit(): void {
    const detail = this.#value().trim();
    if (detail !== "") this.dispatchEvent(new CustomEvent("phone-call", { detail }));
  }

  override focus(): void {
    this.querySelector("input")?.focus();
  }

  #value(): string {
    return this.querySelector("input")?.value ?? "";
  }

  #write(value: string): void {
    const input = this.querySelector("input");
    if (input) input.value = value;
    this.#show();
  }

  #show(): void {
    const empty = this.#value().trim() === "";
    const erase = this.querySelector<HTMLButtonElement>("[data-act=erase]");
    const call = this.querySelector<HTMLButtonElement>("[data-testid=call]");
    if (erase) erase.hidden = empty;
    if (call) call.disabled = empty;
  }
}

customElements.define("dial-entry", DialEntry);
