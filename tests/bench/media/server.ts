/** What stands between the ends: one server or another, and how a call is made through it. */
import type { Program } from "../../peers/program.ts";
import type { Codec, Ends, Phone } from "./ends.ts";
import type { Exchange } from "./exchange.ts";
import type { Pin } from "../servers.ts";

/** Who has the calls; what has no codec says PCMU. */
export type Pair = "browser-sip" | "sip-sip" | "browser-browser" | "opus-sip";

/** What the ends of such a call speak. */
export const codecs = (pair: Pair): readonly [Codec, Codec] => [pair === "opus-sip" ? "opus" : "pcmu", "pcmu"];

/** A call whose ends are ready to speak. */
export interface Call {
  readonly ends: readonly [Phone, Phone];
  hangup(): Promise<void>;
}

export interface Server {
  readonly name: string;
  readonly program: Program;
  /** The pairs it can connect. */
  readonly pairs: readonly Pair[];
  call(pair: Pair): Promise<Call>;
  /** What it still holds of calls; 0 after all have ended. Not every server tells. */
  held?(): Promise<Record<string, number>>;
  stop(): Promise<void>;
}

export interface Around {
  readonly ends: Ends;
  readonly exchange: Exchange;
  readonly pin: Pin;
}
