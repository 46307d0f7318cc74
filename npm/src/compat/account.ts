import type * as plain from "../options.js";
import type { SessionOptions, SipOptions } from "./types.js";

/** Marks the token of a session whose user is the relay's own, since a token comes back without its account. */
const LOCAL_TOKEN = "local.";

/** A session's options for the core, and what the core does not know of its account. */
export interface Account {
  options: plain.SessionOptions;
  /** Whether the user is the relay's own, and the app waits for a registration, which such a user needs none of. */
  reachable: boolean;
}

/** Reads the options of an app for the Web Call Server. */
export function account({ sipOptions, ...rest }: SessionOptions): Account {
  const token = rest.authToken;
  const localToken = token?.startsWith(LOCAL_TOKEN) === true;
  if (localToken) rest.authToken = token.slice(LOCAL_TOKEN.length);
  if (!sipOptions) return { options: rest, reachable: localToken };
  const local = isLocal(sipOptions, rest.urlServer);
  const reachable = localToken || (local && sipOptions.registerRequired !== false);
  return { options: { ...rest, sipOptions: local ? localUser(sipOptions) : sipUser(sipOptions) }, reachable };
}

/** A token as the app gets it. */
export function markedToken(token: string | undefined, reachable: boolean): string | undefined {
  return reachable && token !== undefined ? LOCAL_TOKEN + token : token;
}

/**
 * Calls without a SIP server are asked for, at the Web Call Server, by its own address as domain, and port 0: its
 * example pages cannot leave a field empty.
 */
function isLocal({ domain, port }: SipOptions, urlServer: string): boolean {
  if (!domain || port === undefined || port === "" || Number(port) !== 0) return false;
  try {
    return new URL(urlServer).hostname === new URL(`ws://${domain}`).hostname;
  } catch {
    // The core says what is wrong with an address.
    return false;
  }
}

function localUser({ login, password }: SipOptions): plain.SipOptions {
  return { login, ...(password ? { password } : {}) };
}

function sipUser(given: SipOptions): plain.SipOptions {
  const { proxy, ...account } = given;
  delete account.useProxy;
  delete account.visibleName;
  return proxy && !account.outboundProxy ? { ...account, outboundProxy: proxy } : account;
}
