import { ICONS } from "../icons.js";

const TEMPLATE = `
<p role="status" aria-live="polite" data-testid="notice"></p>
<button type="button" class="quiet" aria-label="Dismiss the message" data-testid="dismiss">${ICONS.close}</button>`;

/** The last thing that happened, in a sentence. Fires `phone-dismiss`. */
export class NoticeLine extends HTMLElement {
  connectedCallback(): void {
    if (this.firstChild) return;
    this.innerHTML = TEMPLATE;
    this.querySelector("button")?.addEventListener("click", () => this.dispatchEvent(new Event("phone-dismiss")));
  }

  /** The region itself stays on the page, or the first message put into it would not be spoken. */
  show(notice: { kind: "info" | "problem"; text: string } | undefined): void {
    this.dataset["kind"] = notice?.kind ?? "none";
    const line = this.querySelector("p");
    if (line && line.textContent !== (notice?.text ?? "")) line.textContent = notice?.text ?? "";
  }
}

customElements.define("notice-line", NoticeLine);
