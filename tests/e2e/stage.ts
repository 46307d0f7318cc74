/** What every end-to-end test stands on: a relay, a browser, known voices; and that nothing is left when it is over. */
import { after, afterEach, before } from "node:test";
import type { SessionOptions } from "offhook";
import { Browser } from "../peers/browser.ts";
import type { BrowserPhone } from "../peers/phone.ts";
import type { Film } from "../picture/film.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay, type RelayOptions } from "../peers/relay.ts";
import { SENTENCES, speech } from "../sound/sources.ts";
import { type Sound, loop } from "../sound/wav.ts";

/** What browsers say. */
export const BROWSER_VOICE = speech(SENTENCES.browser, 48_000);
/** What the second browser says, and softphones. */
export const OTHER_VOICE = speech(SENTENCES.phone, 48_000);

/** What a softphone is given to say: its file must outlast the call. */
export function longVoice(rate = 16_000): Sound {
  return loop(speech(SENTENCES.phone, rate), 60);
}

export interface StageOptions extends RelayOptions {
  /** Another browser besides, with a voice of its own. */
  readonly secondBrowser?: boolean;
  /** What the cameras of the first and of the second browser see. */
  readonly films?: readonly [Film, Film];
}

export class Stage {
  relay!: Relay;
  browser!: Browser;
  secondBrowser!: Browser;
  private readonly phones: BrowserPhone[] = [];
  private readonly browsers: Browser[] = [];
  private readonly secrets: string[] = [];

  /** A tab of the browser, closed when the test ends. */
  async phone(options: { microphone?: boolean; in?: Browser } = {}): Promise<BrowserPhone> {
    const { in: browser = this.browser, ...rest } = options;
    const phone = await browser.phone(rest);
    this.phones.push(phone);
    return phone;
  }

  /** A tab with an open session of a local user. */
  async local(login: string, options: { in?: Browser; password?: string } = {}): Promise<BrowserPhone> {
    const phone = await this.phone(options.in === undefined ? {} : { in: options.in });
    const password = options.password === undefined ? {} : { password: options.password };
    await phone.register({ urlServer: this.relay.url, sipOptions: { login, ...password } });
    return phone;
  }

  /** Options of a session whose SIP requests go straight to this host and port, without a registration. */
  direct(target: string, sip: Partial<NonNullable<SessionOptions["sipOptions"]>> = {}): SessionOptions {
    const { hostname: domain, port } = new URL(`sip://${target}`);
    const sipOptions = { login: "web", password: "unused-password", domain, port: Number(port), registerRequired: false };
    return { urlServer: this.relay.url, sipOptions: { ...sipOptions, ...sip } };
  }

  /** Something that must never be found in the relay's log. */
  secret(text: string): string {
    this.secrets.push(text);
    return text;
  }

  async rise({ secondBrowser = false, films, ...options }: StageOptions): Promise<void> {
    this.browser = await Browser.start({ says: BROWSER_VOICE, ...(films && { shows: films[0] }) });
    this.browsers.push(this.browser);
    if (secondBrowser) {
      this.secondBrowser = await Browser.start({ says: OTHER_VOICE, origin: this.browser.origin, ...(films && { shows: films[1] }) });
      this.browsers.push(this.secondBrowser);
    }
    this.relay = await Relay.start({ origins: [this.browser.origin], ...options });
  }

  /** After each test: its tabs are closed, its peers ended, and the relay has let go of everything. */
  async clear(): Promise<void> {
    await Promise.all(this.phones.splice(0).map((phone) => phone.kill()));
    await endPrograms((program) => program !== this.relay.program && program.name !== "kamailio");
    await this.relay.idle();
  }

  async fall(): Promise<void> {
    await Promise.all(this.browsers.map((browser) => browser.stop()));
    await this.relay.zero((name) => !["transactions", "sipConnections"].includes(name), 40_000);
    await this.relay.stop([...this.secrets, "unused-password"]);
    await endPrograms();
  }
}

/** A stage for all tests of a file. */
export function stage(options: StageOptions = {}): Stage {
  const set = new Stage();
  before(() => set.rise(options));
  afterEach(() => set.clear());
  after(() => set.fall());
  return set;
}
