const TEMPLATE = `
<span class="dot" aria-hidden="true"></span>
<p role="status" data-testid="line-status"><strong></strong> <span></span></p>
<button type="button" class="text" data-testid="disconnect" hidden>Disconnect</button>`;

/** Whose phone this is and whether it is connected. Fires `phone-disconnect`. */
export class AccountBar extends HTMLElement {
  connectedCallback(): void {
    if (this.firstChild) return;
    this.innerHTML = TEMPLATE;
    this.querySelector("button")?.addEventListener("click", () => this.dispatchEvent(new Event("phone-disconnect")));
  }

  show(state: "offline" | "connecting" | "online" | "registered", name: string): void {
    const words = { offline: "Not connected", connecting: "Connecting…", online: "Ready", registered: "Ready, registered" };
    this.dataset["state"] = state;
    this.#write("strong", state === "offline" ? "" : name);
    this.#write("p span", words[state]);
    const button = this.querySelector("button");
    if (button) {
      button.hidden = state === "offline";
      button.textContent = state === "connecting" ? "Cancel" : "Disconnect";
    }
  }

  /** Only what is new: a live region speaks every text that is put into it. */
  #write(selector: string, text: string): void {
    const element = this.querySelector(selector);
    if (element && element.textContent !== text) element.textContent = text;
  }
}

customElements.define("account-bar", AccountBar);
