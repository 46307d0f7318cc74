/** A number and what answers there. */
export interface Entry {
  number: string;
  about: string;
}

/** Numbers to call with one press. Fires `phone-call` with the number. */
export class SpeedDial extends HTMLElement {
  #shown = "";

  set entries(entries: readonly Entry[]) {
    const wanted = JSON.stringify(entries);
    if (wanted === this.#shown) return;
    this.#shown = wanted;
    const list = document.createElement("ul");
    list.append(...entries.map((entry) => this.#item(entry)));
    this.replaceChildren(list);
  }

  set disabled(disabled: boolean) {
    for (const button of this.querySelectorAll("button")) button.disabled = disabled;
  }

  #item({ number, about }: Entry): HTMLLIElement {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset["testid"] = `speed-${number}`;
    const name = document.createElement("b");
    name.textContent = number;
    const words = document.createElement("span");
    words.textContent = about;
    button.append(name, " ", words);
    button.addEventListener("click", () => this.dispatchEvent(new CustomEvent("phone-call", { detail: number })));
    const item = document.createElement("li");
    item.append(button);
    return item;
  }
}

customElements.define("speed-dial", SpeedDial);
