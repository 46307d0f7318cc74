/** A phone in a browser's tab: the test page, its reports, and what it hears. */
import type { CallStats, SessionOptions } from "offhook";
import type { AnswerChoice, CallChoice, Report } from "../page/phone.ts";
import type { Picture } from "../page/picture.ts";
import type { Sound } from "../sound/wav.ts";
import { Happenings } from "./deadline.ts";
import { fromRecording } from "./hearing.ts";

/** A tab of a browser, whoever drives it. */
export interface Tab {
  /** Runs this in the page, which knows nothing of what is around it here. */
  run<A, R>(action: (argument: A) => R | Promise<R>, argument: A): Promise<R>;
  /** Gives the page a function that tells something out here. */
  expose(name: string, told: (report: Report) => void): Promise<void>;
  /** Hands over what the page writes on its console, and errors nobody caught. */
  says(listener: (text: string) => void): void;
  /** Takes the network away from it, or gives it back. */
  offline(yes: boolean): Promise<void>;
  /** Loads this address, and settles when its scripts have run. */
  open(address: string): Promise<void>;
  /** Closes it without a goodbye from the page. */
  close(): Promise<void>;
}

/** A tab with the test page. Its reports are the events of the public API, in order. */
export class BrowserPhone {
  readonly reports = new Happenings<Report>();
  /** What the page said on its console, and errors nobody caught. */
  readonly console: string[] = [];

  private constructor(
    private readonly tab: Tab,
    private readonly origin: string,
  ) {}

  static async open(tab: Tab, origin: string): Promise<BrowserPhone> {
    const phone = new BrowserPhone(tab, origin);
    tab.says((text) => phone.console.push(text));
    await tab.expose("report", (report: Report) => phone.reports.add(report));
    await phone.reload();
    return phone;
  }

  /** Loads the page, again or for the first time: what it held is gone. */
  async reload(): Promise<void> {
    await this.tab.open(this.origin);
    if (!(await this.tab.run(() => typeof window.testPhone === "object", undefined))) {
      throw new Error(`the test page did not start: ${this.console.join(" | ")}`);
    }
  }

  /** Opens a session and returns at once. */
  connect(options: SessionOptions): Promise<string> {
    return this.tab.run((o) => window.testPhone.connect(o), options);
  }

  /** Opens a session and waits until it can call and be called. */
  async register(options: SessionOptions, until: "ESTABLISHED" | "REGISTERED" = "ESTABLISHED"): Promise<Report> {
    const from = this.reports.now();
    await this.connect(options);
    return this.session(until, { from });
  }

  disconnect(): Promise<void> {
    return this.tab.run(() => window.testPhone.disconnect(), undefined);
  }

  /** What takes its session back after the page was loaded again. */
  async token(): Promise<string> {
    const token = await this.tab.run(() => window.testPhone.token(), undefined);
    if (token === undefined) throw new Error("the session has no token");
    return token;
  }

  /** The calls that were there already when its session was taken back. */
  found(): Promise<string[]> {
    return this.tab.run(() => window.testPhone.found(), undefined);
  }

  /** Gives a call that was found its media. */
  attach(id: string, options: { camera?: boolean } = {}): Promise<void> {
    return this.tab.run(([call, o]) => window.testPhone.attach(call, o), [id, options] as const);
  }

  /** Takes the browser's network away from it, as its own tools do, or gives it back. */
  offline(yes: boolean): Promise<void> {
    return this.tab.offline(yes);
  }

  /** Calls and returns the call's id at once. */
  call(callee: string, options: CallChoice = {}): Promise<string> {
    return this.tab.run(([to, o]) => window.testPhone.call(to, o), [callee, options] as const);
  }

  answer(id: string, options: AnswerChoice = {}): Promise<void> {
    return this.tab.run(([call, o]) => window.testPhone.answer(call, o), [id, options] as const);
  }

  sessionStatus(): Promise<string | undefined> {
    return this.tab.run(() => window.testPhone.sessionStatus(), undefined);
  }

  status(id: string): Promise<string> {
    return this.tab.run((call) => window.testPhone.status(call), id);
  }

  act(id: string, method: "hangup" | "hold" | "unhold" | "holdForTransfer" | "muteAudio" | "unmuteAudio" | "isAudioMuted" | "muteVideo" | "unmuteVideo"): Promise<unknown> {
    return this.tab.run(([call, name]) => window.testPhone.act(call, name), [id, method] as const);
  }

  hangup(id: string): Promise<unknown> {
    return this.act(id, "hangup");
  }

  press(id: string, keys: string, type: "RFC2833" | "INFO" | "INFO_RELAY" = "RFC2833"): Promise<void> {
    return this.tab.run(([call, text, way]) => window.testPhone.press(call, text, way), [id, keys, type] as const);
  }

  /** Hands the far end over to somebody, or to the far end of another call. */
  transfer(id: string, target: string | { call: string }): Promise<void> {
    return this.tab.run(([call, to]) => window.testPhone.transfer(call, to), [id, target] as const);
  }

  /** What the media of a call is encrypted with. */
  cipher(id: string): Promise<string> {
    return this.tab.run((call) => window.testPhone.cipher(call), id);
  }

  /** The browser's figures of a call, and the relay's. */
  stats(id: string): Promise<CallStats> {
    return this.tab.run((call) => window.testPhone.stats(call), id);
  }

  /** The next time that the call's sound is called bad or good again, to somebody, and spoilt on some side. */
  quality(id: string, wanted: { bad: boolean; hearer?: "own" | "far"; side?: "own" | "far" }, options: { from?: number; ms?: number } = {}): Promise<Report> {
    const fits = ({ quality }: Report): boolean =>
      quality?.bad === wanted.bad && [quality.hearer, undefined].includes(wanted.hearer) && [quality.side, undefined].includes(wanted.side);
    return this.reports.waitFor((r) => r.id === id && r.event === "QUALITY" && fits(r), `quality ${JSON.stringify(wanted)}`, options);
  }

  /** The next news of a transfer of this call. */
  transferred(id: string, status: string, options: { from?: number; ms?: number } = {}): Promise<Report> {
    const wanted = (r: Report): boolean => r.id === id && r.event === "TRANSFER" && r.transfer === status;
    return this.reports.waitFor(wanted, `transfer ${status}`, options);
  }

  /** The next event of the session of this name. */
  session(event: string, options: { from?: number; ms?: number } = {}): Promise<Report> {
    return this.reports.waitFor((r) => r.from === "session" && r.event === event, `session ${event}`, options);
  }

  /** The event of this call. */
  event(id: string, event: string, options: { from?: number; ms?: number } = {}): Promise<Report> {
    return this.reports.waitFor((r) => r.from === "call" && r.id === id && r.event === event, `call ${event}`, options);
  }

  /** The end of this call, however it comes. */
  end(id: string, options: { ms?: number } = {}): Promise<Report> {
    const terminal = ["FINISH", "FAILED", "BUSY"];
    return this.reports.waitFor((r) => r.from === "call" && r.id === id && terminal.includes(r.event), "the call's end", options);
  }

  /** The next incoming call's id. */
  async incoming(options: { from?: number; ms?: number } = {}): Promise<Report> {
    return this.session("INCOMING_CALL", options);
  }

  /** The digits sent to it in this call so far. */
  digits(id: string): string {
    return this.reports.all().filter((r) => r.id === id && r.event === "DTMF").map((r) => r.digit ?? "").join("");
  }

  /** Starts recording what this tab's remote display plays. */
  record(): Promise<void> {
    return this.tab.run(() => window.testPhone.record(), undefined);
  }

  /** What its remote display shows at this moment. */
  seen(): Promise<Picture | undefined> {
    return this.tab.run(() => window.testPhone.seen(), undefined);
  }

  /** Shows its own camera in the remote display. */
  mirror(): Promise<void> {
    return this.tab.run(() => window.testPhone.mirror(), undefined);
  }

  /** The addresses that its browser would make calls from. */
  addresses(): Promise<string[]> {
    return this.tab.run(() => window.testPhone.addresses(), undefined);
  }

  loopback(): Promise<void> {
    return this.tab.run(() => window.testPhone.loopback(), undefined);
  }

  /** The last seconds it heard. */
  async heard(seconds = 6): Promise<Sound> {
    return fromRecording(await this.tab.run((s) => window.testPhone.heard(s), seconds));
  }

  /** Closes the tab without a goodbye from the page. */
  async kill(): Promise<void> {
    await this.tab.close();
  }
}
