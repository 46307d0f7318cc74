const TEMPLATE = `
<div role="group" aria-labelledby="other-peer">
  <p><b id="other-peer" data-testid="other-peer"></b> <span role="status" data-testid="other-status"></span></p>
  <button type="button" data-act="decline" data-testid="other-decline">Decline</button>
  <button type="button" data-act="answer" data-testid="other-answer">Answer</button>
  <button type="button" data-act="join" data-testid="join">Join</button>
  <button type="button" data-act="swap" data-testid="swap">Swap</button>
</div>`;

/** The second call. Fires `phone-other-answer` and `phone-other-decline` while it waits, `phone-swap` and `phone-join` later. */
export class OtherCall extends HTMLElement {
  connectedCallback(): void {
    if (this.firstChild) return;
    this.innerHTML = TEMPLATE;
    const events = { answer: "phone-other-answer", decline: "phone-other-decline", swap: "phone-swap", join: "phone-join" };
    for (const [act, event] of Object.entries(events)) {
      this.querySelector(`[data-act=${act}]`)?.addEventListener("click", () => this.dispatchEvent(new Event(event)));
    }
  }

  show(peer: string, text: string, waiting: boolean): void {
    this.#write("b", peer);
    this.#write("span", waiting ? "is calling" : text);
    for (const button of this.querySelectorAll<HTMLButtonElement>("button")) {
      button.hidden = waiting !== ["answer", "decline"].includes(button.dataset["act"] ?? "");
    }
  }

  #write(selector: string, text: string): void {
    const element = this.querySelector(selector);
    if (element && element.textContent !== text) element.textContent = text;
  }
}

customElements.define("other-call", OtherCall);
