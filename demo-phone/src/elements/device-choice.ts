const TEMPLATE = `
<details data-testid="devices">
  <summary>Devices</summary>
  <label class="field">Microphone <select name="mic" data-testid="choose-mic"></select></label>
  <label class="field">Speaker <select name="speaker" data-testid="choose-speaker"></select></label>
</details>`;

/** Microphone and speaker of a call. Fires `phone-devices` with the one that was chosen. */
export class DeviceChoice extends HTMLElement {
  connectedCallback(): void {
    if (this.firstChild) return;
    this.innerHTML = TEMPLATE;
    // Devices have names once the page has used one, so not before the list is opened in a call.
    this.querySelector("details")?.addEventListener("toggle", () => void this.#list());
    for (const select of this.querySelectorAll("select")) {
      select.addEventListener("change", () => {
        this.dispatchEvent(new CustomEvent("phone-devices", { detail: { [select.name]: select.value } }));
      });
    }
  }

  async #list(): Promise<void> {
    const devices = await navigator.mediaDevices.enumerateDevices();
    for (const [name, kind] of [["mic", "audioinput"], ["speaker", "audiooutput"]] as const) {
      const options = devices
        .filter((device) => device.kind === kind)
        .map(({ label, deviceId }, at) => new Option(label || `Device ${at + 1}`, deviceId));
      const select = this.querySelector<HTMLSelectElement>(`[name=${name}]`);
      if (!select) continue;
      const chosen = select.value;
      select.replaceChildren(...options);
      if (options.some(({ value }) => value === chosen)) select.value = chosen;
      select.disabled = options.length < 2;
    }
  }
}

customElements.define("device-choice", DeviceChoice);
