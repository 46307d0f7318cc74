import { createSession, type SessionOptions } from "offhook";
import "./elements/device-choice.js";
import "./elements/level-meter.js";
import { AccountBar } from "./elements/account-bar.js";
import { CallPanel } from "./elements/call-panel.js";
import { ConnectForm } from "./elements/connect-form.js";
import { DialEntry } from "./elements/dial-entry.js";
import { DialPad } from "./elements/dial-pad.js";
import { IncomingCall } from "./elements/incoming-call.js";
import { LevelMeter } from "./elements/level-meter.js";
import { NoticeLine } from "./elements/notice-line.js";
import { OtherCall } from "./elements/other-call.js";
import { SpeedDial } from "./elements/speed-dial.js";
import { listenToKeyboard } from "./keyboard.js";
import { watchStream } from "./media.js";
import { anotherName, suggestName } from "./names.js";
import { Phone } from "./phone.js";
import { Ringer } from "./ringer.js";
import { SERVICES } from "./services.js";

const account = the(AccountBar, "account-bar");
const notice = the(NoticeLine, "notice-line");
const form = the(ConnectForm, "connect-form");
const incoming = the(IncomingCall, "incoming-call");
const panel = the(CallPanel, "call-panel");
const other = the(OtherCall, "other-call");
const entry = the(DialEntry, "dial-entry");
const pad = the(DialPad, "dial-pad");
const services = the(SpeedDial, "#services");
const recent = the(SpeedDial, "#recent");
const card = the(HTMLElement, "#phone");
const local = the(HTMLElement, "#local-media");
const remote = the(HTMLElement, "#remote-media");
const tab = the(HTMLAnchorElement, "#other-tab");

const ringer = new Ringer();
const phone = new Phone({
  createSession,
  now: () => Date.now(),
  media: { localVideoDisplay: local, remoteVideoDisplay: remote, constraints: { audio: true, video: false } },
});
let keypadInCall = false;

prepare();
phone.addEventListener("change", show);
show();

function prepare(): void {
  const name = new URLSearchParams(location.search).get("name") ?? suggestName();
  form.suggestion = name;
  form.relay = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`;
  services.entries = SERVICES;

  on(form, "phone-connect", (options: SessionOptions) => {
    ringer.unlock();
    phone.connect(options);
  });
  on(form, "phone-rename", (taken: string) => { form.suggestion = anotherName(taken); });
  on(account, "phone-disconnect", () => { phone.disconnect(); });
  on(notice, "phone-dismiss", () => { phone.dismissNotice(); });
  for (const dial of [entry, services, recent]) on(dial, "phone-call", (callee: string) => { phone.dial(callee); });
  on(incoming, "phone-answer", () => { phone.answer(); });
  for (const ender of [incoming, panel]) on(ender, "phone-hangup", () => { phone.hangup(); });
  on(panel, "phone-hold", () => { phone.toggleHold(); });
  on(panel, "phone-mute", () => { phone.toggleMute(); });
  on(panel, "phone-transfer", (target: string) => { phone.transfer(target); });
  on(panel, "phone-devices", (devices: { mic?: string; speaker?: string }) => { phone.useDevices(devices); });
  on(other, "phone-other-answer", () => { phone.answerOther(); });
  on(other, "phone-other-decline", () => { phone.declineOther(); });
  on(other, "phone-swap", () => { phone.swap(); });
  on(other, "phone-join", () => { phone.join(); });
  on(panel, "phone-keypad", () => {
    keypadInCall = !keypadInCall;
    show();
  });
  on(pad, "phone-digit", press);
  listenToKeyboard(document, {
    digit: (digit) => {
      pad.flash(digit);
      press(digit);
    },
    erase: () => { if (!phone.line) entry.erase(); },
    enter: () => {
      if (phone.ringing) phone.answer();
      else if (!phone.line) entry.submit();
    },
    escape: () => { phone.hangup(); },
  });
  watchStream(local, (stream) => { meter("local").stream = stream; });
  watchStream(remote, (stream) => { meter("remote").stream = stream; });
}

/** A key of the phone: part of a number, or a tone of the call. */
function press(digit: string): void {
  if (phone.line) phone.sendDigit(digit);
  else if (phone.online) entry.type(digit);
}

function show(): void {
  const { line } = phone;
  const screen = !phone.online ? "offline" : !line ? "idle" : phone.ringing ? "incoming" : "call";
  const moved = card.dataset["screen"] !== screen;
  card.dataset["screen"] = screen;
  card.dataset["call"] = line?.status ?? "";
  if (screen !== "call") keypadInCall = false;
  card.dataset["keypad"] = keypadInCall ? "open" : "";

  const state = phone.online ? (phone.registered ? "registered" : "online") : phone.connecting ? "connecting" : "offline";
  account.show(state, phone.login);
  notice.show(phone.notice);
  form.busy = phone.connecting;
  form.hidden = screen !== "offline";
  entry.hidden = screen !== "idle";
  pad.hidden = !(screen === "idle" || (screen === "call" && keypadInCall));
  incoming.hidden = screen !== "incoming";
  panel.hidden = screen !== "call";
  if (line) incoming.show(line.peer);
  if (line) panel.show(line, keypadInCall);
  other.hidden = !phone.other;
  if (phone.other) other.show(phone.other.peer, phone.other.text, phone.waiting);

  const known = new Set<string>(SERVICES.map((service) => service.number));
  const numbers = phone.recent.filter((number) => !known.has(number));
  recent.entries = numbers.map((number) => ({ number, about: "" }));
  recent.hidden = numbers.length === 0 || screen !== "idle";
  services.disabled = screen !== "idle";
  showHelp();
  ringer.play(melody());
  if (moved) moveFocus(screen);
}

function melody(): "ring" | "ringBack" | "silence" {
  if (phone.ringing) return "ring";
  return phone.line?.status === "RING" ? "ringBack" : "silence";
}

function showHelp(): void {
  card.dataset["name"] = phone.login;
  tab.search = phone.online ? `?name=${encodeURIComponent(anotherName(phone.login, () => 0.35))}` : "";
  the(HTMLElement, "#own-name").textContent = phone.online ? phone.login : "your name";
}

/** The focus follows the screens, or the keyboard would be left on something that is gone. */
function moveFocus(screen: string): void {
  if (screen === "incoming") incoming.focus();
  else if (screen === "call") panel.focus();
  else if (screen === "offline") form.focus();
  // On a touch screen the focus would push the on-screen keyboard over the keypad.
  else if (screen === "idle" && matchMedia("(pointer: fine)").matches) entry.focus();
  if (screen !== "incoming" && screen !== "call") entry.clear();
}

function meter(side: "local" | "remote"): LevelMeter {
  return the(LevelMeter, `[data-testid=meter-${side}]`);
}

/** `detail` is what the element's own documentation says. */
function on(element: HTMLElement, event: string, act: (detail: never) => void): void {
  element.addEventListener(event, (fired) => { act((fired as CustomEvent<never>).detail); });
}

/** An element that index.html has; a missing one is a mistake of this project and not of its user. */
function the<E extends Element>(type: new () => E, selector: string): E {
  const element = document.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`index.html has no ${selector}`);
  return element;
}
