import { clockText } from "../duration.js";
import { ICONS } from "../icons.js";
import { initialOf } from "../names.js";

const TEMPLATE = `
<span class="avatar" aria-hidden="true"></span>
<h2 tabindex="-1" data-testid="call-peer"></h2>
<p role="status" data-testid="call-status"></p>
<p class="clock" role="timer" aria-label="Duration of the call" data-testid="call-duration"></p>
<div class="meters">
  <level-meter label="You" data-testid="meter-local"></level-meter>
  <level-meter label="Them" data-testid="meter-remote"></level-meter>
</div>
<p class="keys" role="log" aria-label="Keys" hidden>
  <span data-keys="sent" hidden>Sent <b data-testid="sent-digits"></b></span>
  <span data-keys="received" hidden>Received <b data-testid="received-digits"></b></span>
</p>
<div class="actions">
  <button type="button" data-act="mute" data-testid="mute"><i>${ICONS.mute}${ICONS.muted}</i><span>Mute</span></button>
  <button type="button" data-act="keypad" aria-expanded="false" aria-controls="pad" data-testid="keypad"><i>${ICONS.keypad}</i><span>Keypad</span></button>
  <button type="button" data-act="hold" data-testid="hold"><i>${ICONS.hold}${ICONS.resume}</i><span>Hold</span></button>
  <button type="button" data-act="target" aria-expanded="false" data-testid="transfer"><i>${ICONS.transfer}</i><span>Transfer</span></button>
</div>
<form class="joined" hidden>
  <input name="target" aria-label="Transfer to" placeholder="Transfer to" data-testid="transfer-target" autocomplete="off" autocapitalize="none" spellcheck="false">
  <button class="quiet" aria-label="Transfer" data-testid="transfer-go">${ICONS.call}</button>
</form>
<p class="transfer" role="status" data-testid="transfer-status"></p>
<device-choice></device-choice>
<button type="button" class="hangup" data-act="hangup" data-testid="hangup">${ICONS.hangup}<span>Hang up</span></button>`;

/** What the panel shows of a call. */
export interface Shown {
  peer: string;
  status: string;
  text: string;
  since: number | undefined;
  muted: boolean;
  held: boolean;
  sent: string;
  received: string;
  transfer: string;
}

/**
 * A call in progress. Fires `phone-hangup`, `phone-hold`, `phone-mute` and `phone-keypad`, `phone-transfer` with the
 * target, and what its <device-choice> fires.
 */
export class CallPanel extends HTMLElement {
  #timer: ReturnType<typeof setInterval> | undefined;
  #since: number | undefined;

  connectedCallback(): void {
    this.#timer = setInterval(() => { this.#tick(); }, 250);
    if (this.firstChild) return;
    this.innerHTML = TEMPLATE;
    for (const button of this.querySelectorAll<HTMLElement>("[data-act]")) {
      button.addEventListener("click", () => this.dispatchEvent(new Event(`phone-${button.dataset["act"] ?? ""}`)));
    }
    this.addEventListener("phone-target", () => { this.#ask(this.#form()?.hidden === true); });
    this.#form()?.addEventListener("submit", (event) => {
      event.preventDefault();
      const detail = this.querySelector<HTMLInputElement>("[name=target]")?.value.trim() ?? "";
      if (detail !== "") this.dispatchEvent(new CustomEvent("phone-transfer", { detail }));
      this.#ask(false);
    });
    this.querySelector("device-choice")?.addEventListener("phone-devices", (event) => {
      this.dispatchEvent(new CustomEvent("phone-devices", { detail: (event as CustomEvent<unknown>).detail }));
    });
  }

  disconnectedCallback(): void {
    clearInterval(this.#timer);
  }

  show(call: Shown, keypad: boolean): void {
    this.#since = call.since;
    this.#write("h2", call.peer);
    this.#write(".avatar", initialOf(call.peer));
    this.#write("[data-testid=call-status]", call.text);
    this.#write("[data-testid=sent-digits]", call.sent);
    this.#write("[data-testid=received-digits]", call.received);
    this.#hide("[data-keys=sent]", call.sent === "");
    this.#hide("[data-keys=received]", call.received === "");
    this.#hide(".keys", call.sent + call.received === "");
    const connected = call.status === "ESTABLISHED" || call.status === "HOLD";
    this.#button("mute", { on: call.muted, label: call.muted ? "Unmute" : "Mute", disabled: !connected });
    this.#button("hold", {
      on: call.held,
      label: call.held ? "Resume" : "Hold",
      disabled: !connected || (call.status === "HOLD" && !call.held),
    });
    this.#button("keypad", { expanded: keypad, disabled: !connected });
    this.#button("target", { disabled: !connected });
    if (!connected) this.#ask(false);
    this.#write(".transfer", call.transfer);
    this.#hide("device-choice", !connected);
    this.#tick();
  }

  /** To the name, not to a button: the Enter that made the call must not end it. */
  override focus(): void {
    this.querySelector("h2")?.focus();
  }

  #form(): HTMLFormElement | null {
    return this.querySelector("form");
  }

  /** Shows or hides the question whom to transfer to. */
  #ask(asked: boolean): void {
    const form = this.#form();
    if (!form || form.hidden !== asked) return;
    form.hidden = !asked;
    form.reset();
    this.#button("target", { expanded: asked, disabled: false });
    if (asked) form.querySelector("input")?.focus();
  }

  #tick(): void {
    this.#write(".clock", this.#since === undefined ? "" : clockText(Date.now() - this.#since));
  }

  #button(act: string, state: { on?: boolean; expanded?: boolean; label?: string; disabled: boolean }): void {
    const button = this.querySelector<HTMLButtonElement>(`[data-act=${act}]`);
    if (!button) return;
    button.disabled = state.disabled;
    button.classList.toggle("on", state.on ?? false);
    if (state.expanded !== undefined) button.setAttribute("aria-expanded", String(state.expanded));
    if (state.label !== undefined) this.#write(`[data-act=${act}] span`, state.label);
  }

  /** Only what is new: a live region speaks every text that is put into it. */
  #write(selector: string, text: string): void {
    const element = this.querySelector(selector);
    if (element && element.textContent !== text) element.textContent = text;
  }

  #hide(selector: string, hidden: boolean): void {
    const element = this.querySelector<HTMLElement>(selector);
    if (element) element.hidden = hidden;
  }
}

customElements.define("call-panel", CallPanel);
