/** What the example pages stand on: the pages' server, a relay, a SIP server with accounts, a browser. */
import { after, afterEach, before } from "node:test";
import type { BrowserContext } from "playwright-core";
import { Baresip, type BaresipOptions } from "../peers/baresip.ts";
import { Browser } from "../peers/browser.ts";
import { Kamailio } from "../peers/kamailio.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay, type RelayOptions } from "../peers/relay.ts";
import { BROWSER_VOICE, OTHER_VOICE, longVoice } from "../e2e/stage.ts";
import { ExamplePage } from "./example-page.ts";
import { ExampleServer } from "./example-server.ts";
import { ORIGINAL, published } from "./published.ts";

/** Accounts at the SIP server, with their passwords. */
export const ACCOUNTS = { ann: "ann-password", ben: "ben-password", cleo: "cleo-password", desk: "desk-password" } as const;
export type Account = keyof typeof ACCOUNTS;

/** Several of each, and a picture to share, all made up by the browser itself. */
const FAKE_DEVICES = ["--use-fake-device-for-media-stream=device-count=2", "--use-fake-ui-for-media-stream"];

export interface VisitorOptions {
  /** Which of both browsers; each speaks with a voice of its own. */
  readonly other?: boolean;
}

export class Office {
  relay!: Relay;
  kamailio!: Kamailio;
  private server!: ExampleServer;
  private readonly browsers: Browser[] = [];
  private readonly contexts: BrowserContext[] = [];

  /** A visitor who opens one of the example pages, such as `sip/phone/phone.html`. */
  async visit(page: string, options: VisitorOptions = {}): Promise<ExamplePage> {
    const context = await (await this.browser(options.other === true ? 1 : 0)).chromium.newContext();
    this.contexts.push(context);
    const ports = { ws: Number(new URL(this.relay.http).port) };
    return ExamplePage.open(context, `${this.server.origin}/examples/demo/${page}`, { ports });
  }

  /** What the pages' fields for an account are filled with. */
  fields(user: Account, password: string = ACCOUNTS[user]): Record<string, string> {
    return {
      "#sipLogin": user,
      "#sipAuthenticationName": user,
      "#sipPassword": password,
      "#sipDomain": this.kamailio.address,
      "#sipOutboundProxy": this.kamailio.address,
      "#sipPort": `${this.kamailio.port}`,
    };
  }

  /** A softphone with an account, registered. */
  async softphone(user: Account, options: Partial<BaresipOptions> = {}): Promise<Baresip> {
    const from = this.kamailio.program.output.now();
    const account = { user, password: ACCOUNTS[user], registrar: this.kamailio.domain };
    const phone = await Baresip.start({ ...account, address: "127.0.0.20", says: longVoice(), ...options });
    await this.kamailio.registered(user, true, { from });
    return phone;
  }

  async rise(options: RelayOptions): Promise<void> {
    this.server = await ExampleServer.start({ "/": await published(ORIGINAL) });
    this.kamailio = await Kamailio.start({ users: ACCOUNTS });
    this.relay = await Relay.start({ origins: [this.server.origin], ...options });
  }

  async clear(): Promise<void> {
    await Promise.all(this.contexts.splice(0).map((context) => context.close()));
    await endPrograms((program) => program !== this.relay.program && program !== this.kamailio.program);
    await this.relay.idle();
  }

  async fall(): Promise<void> {
    await Promise.all(this.browsers.map((browser) => browser.stop()));
    this.server.stop();
    await this.relay.stop(Object.values(ACCOUNTS));
    await endPrograms();
  }

  private async browser(which: 0 | 1): Promise<Browser> {
    const says = [BROWSER_VOICE, OTHER_VOICE][which];
    return (this.browsers[which] ??= await Browser.start({ says, origin: this.server.origin, args: FAKE_DEVICES }));
  }
}

/** An office for all tests of a file. */
export function office(options: RelayOptions = {}): Office {
  const set = new Office();
  before(() => set.rise(options));
  afterEach(() => set.clear());
  after(() => set.fall());
  return set;
}
