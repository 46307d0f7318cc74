import type { SessionOptions, SipOptions } from "offhook";
import { ICONS } from "../icons.js";

const TEMPLATE = `
<form data-testid="connect-form" novalidate>
  <h2>Who are you?</h2>
  <fieldset class="tabs">
    <legend class="hidden">How to connect</legend>
    <label><input type="radio" name="kind" value="local" checked data-testid="kind-local"><span>Just a name</span></label>
    <label><input type="radio" name="kind" value="sip" data-testid="kind-sip"><span>SIP account</span></label>
  </fieldset>
  <div data-part="local">
    <label class="field" for="local-name">Your name
      <span class="joined">
        <input id="local-name" name="name" data-testid="local-name" maxlength="40" autocomplete="off" autocapitalize="none" spellcheck="false">
        <button type="button" class="quiet" data-act="another" aria-label="Suggest another name">${ICONS.shuffle}</button>
      </span>
    </label>
    <p class="hint">Others on this relay call you by this name. No account, no SIP server.</p>
  </div>
  <div data-part="sip" hidden>
    <label class="field">Login <input name="login" data-testid="sip-login" autocomplete="username" autocapitalize="none" spellcheck="false"></label>
    <label class="field">Password <input name="password" type="password" data-testid="sip-password" autocomplete="current-password"></label>
    <label class="field">Domain <input name="domain" data-testid="sip-domain" placeholder="sip.example.org" autocapitalize="none" spellcheck="false" inputmode="url"></label>
    <label class="check"><input type="checkbox" name="register" data-testid="sip-register" checked> Register, so that calls come in</label>
    <details data-testid="sip-more">
      <summary>More about the account</summary>
      <label class="field">Authentication name <input name="authenticationName" data-testid="sip-auth-name" placeholder="as the login" autocomplete="off" autocapitalize="none" spellcheck="false"></label>
      <label class="field">Outbound proxy <input name="outboundProxy" data-testid="sip-proxy" placeholder="none" autocapitalize="none" spellcheck="false" inputmode="url"></label>
      <div class="pair">
        <label class="field">Port <input name="port" data-testid="sip-port" placeholder="5060" inputmode="numeric"></label>
        <label class="field">Transport <select name="transport" data-testid="sip-transport"><option value="udp">UDP</option><option value="tcp">TCP</option></select></label>
      </div>
    </details>
  </div>
  <details class="relay" data-testid="relay-more">
    <summary>Relay</summary>
    <label class="field">Address <input name="relay" data-testid="relay-url" autocapitalize="none" spellcheck="false" inputmode="url"></label>
  </details>
  <button class="primary" data-testid="connect">Connect</button>
</form>`;

/** Asks who to be. Fires `phone-connect` with the session's options, and `phone-rename` for another suggestion. */
export class ConnectForm extends HTMLElement {
  connectedCallback(): void {
    if (this.firstChild) return;
    this.innerHTML = TEMPLATE;
    this.addEventListener("submit", (event) => { this.#submit(event); });
    this.addEventListener("change", () => { this.#show(); });
    this.querySelector("[data-act=another]")?.addEventListener("click", () => {
      this.dispatchEvent(new CustomEvent("phone-rename", { detail: this.#text("name") }));
    });
  }

  set suggestion(name: string) {
    this.#set("name", name);
  }

  set relay(url: string) {
    this.#set("relay", url);
  }

  /** While a session is being opened there is nothing to press twice. */
  set busy(busy: boolean) {
    const button = this.querySelector<HTMLButtonElement>("[data-testid=connect]");
    if (!button) return;
    button.disabled = busy;
    button.textContent = busy ? "Connecting…" : "Connect";
  }

  /** To the button, not to a field: on a touch screen a field would bring the keyboard up. */
  override focus(): void {
    this.querySelector<HTMLElement>("[data-testid=connect]")?.focus();
  }

  #submit(event: Event): void {
    event.preventDefault();
    const detail: SessionOptions = { urlServer: this.#text("relay"), sipOptions: this.#sipOptions() };
    this.dispatchEvent(new CustomEvent("phone-connect", { detail }));
  }

  #sipOptions(): SipOptions {
    if (this.#text("kind") === "local") return { login: this.#text("name") };
    const account: SipOptions = {
      login: this.#text("login"),
      password: this.#data().get("password") as string,
      domain: this.#text("domain"),
      transport: this.#text("transport") === "tcp" ? "tcp" : "udp",
      registerRequired: this.#data().has("register"),
    };
    for (const name of ["authenticationName", "outboundProxy", "port"] as const) {
      const value = this.#text(name);
      if (value !== "") account[name] = value;
    }
    return account;
  }

  #show(): void {
    const kind = this.#text("kind");
    for (const part of this.querySelectorAll<HTMLElement>("[data-part]")) part.hidden = part.dataset["part"] !== kind;
  }

  #data(): FormData {
    return new FormData(this.querySelector("form") ?? undefined);
  }

  #text(name: string): string {
    const value = this.#data().get(name);
    return typeof value === "string" ? value.trim() : "";
  }

  #set(name: string, value: string): void {
    const input = this.querySelector<HTMLInputElement>(`input[name="${name}"]`);
    if (input) input.value = value;
  }
}

customElements.define("connect-form", ConnectForm);
