import { ICONS } from "../icons.js";
import { initialOf } from "../names.js";

const TEMPLATE = `
<div role="alertdialog" aria-labelledby="incoming-peer" aria-describedby="incoming-text">
  <span class="avatar ringing" aria-hidden="true"></span>
  <h2 id="incoming-peer" data-testid="incoming-peer"></h2>
  <p id="incoming-text">is calling you</p>
  <div class="choices">
    <button type="button" class="decline" data-testid="decline">${ICONS.hangup}<span>Decline</span></button>
    <button type="button" class="answer" data-testid="answer">${ICONS.call}<span>Answer</span></button>
  </div>
</div>`;

/** Somebody calls. Fires `phone-answer` or `phone-hangup`. */
export class IncomingCall extends HTMLElement {
  connectedCallback(): void {
    if (this.firstChild) return;
    this.innerHTML = TEMPLATE;
    this.querySelector(".answer")?.addEventListener("click", () => this.dispatchEvent(new Event("phone-answer")));
    this.querySelector(".decline")?.addEventListener("click", () => this.dispatchEvent(new Event("phone-hangup")));
  }

  show(peer: string): void {
    const name = this.querySelector("h2");
    if (name) name.textContent = peer;
    const avatar = this.querySelector(".avatar");
    if (avatar) avatar.textContent = initialOf(peer);
  }

  /** To the button that most people want. */
  override focus(): void {
    this.querySelector<HTMLElement>(".answer")?.focus();
  }
}

customElements.define("incoming-call", IncomingCall);
