/** The relay as a client of TLS servers: whom it asks for, whom it shows itself to, and whom it believes. */
import assert from "node:assert/strict";
import { after, afterEach, describe, it } from "node:test";
import { App } from "../peers/app.ts";
import { Authority } from "../peers/certificates.ts";
import { Dnsmasq, Zone } from "../peers/dnsmasq.ts";
import { Kamailio } from "../peers/kamailio.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay, type RelayOptions } from "../peers/relay.ts";

const PASSWORD = "s3cret-of-alice";
const SERVER = "127.0.0.10";
const authority = new Authority();
const users = { alice: PASSWORD };

let relay: Relay | undefined;
afterEach(async () => {
  // A server answers that the binding is gone before it ends.
  await relay?.zero((name) => name === "accounts", 15_000);
  await relay?.stop([PASSWORD]);
  relay = undefined;
  await endPrograms();
});
after(() => endPrograms());

/** A relay that asks this DNS for `*.test`. */
async function started(options: RelayOptions = {}, trust = [`tls_ca = "${authority.file}"`]): Promise<Relay> {
  const dns = await Dnsmasq.start(new Zone().host("pbx.test", SERVER).host("edge.test", SERVER).host("trunk.test", SERVER));
  const sip = [`dns = "${dns.server}"`, ...trust, ...(options.sip ?? [])];
  relay = await Relay.start({ ...options, destinations: ["*.test", SERVER], sip });
  return relay;
}

/** An app whose account registers at this host and port over TLS. */
function registering(from: Relay, target: string, fields: Record<string, unknown> = {}): Promise<App> {
  return App.account(from, target, { login: "alice", password: PASSWORD, transport: "tls", register: true, ...fields });
}

const registered = (app: App): Promise<unknown> => app.event("registration", { state: "registered" });

describe("a TLS server", () => {
  it("is asked for by the account's domain", async () => {
    const kamailio = await Kamailio.start({ users, tls: authority.certificate("DNS:pbx.test") });
    const app = await registering(await started(), `pbx.test:${kamailio.tlsPort}`);
    await registered(app);
    await kamailio.program.line(/asked for as pbx\.test by/);
    await app.close();
  });

  it("is asked for by the account's outbound proxy where it has one", async () => {
    const kamailio = await Kamailio.start({ users, tls: authority.certificate("DNS:edge.test") });
    const outboundProxy = `edge.test:${kamailio.tlsPort}`;
    const app = await registering(await started(), "pbx.test", { outboundProxy });
    await registered(app);
    await kamailio.program.line(/asked for as edge\.test by/);
    await app.close();
  });

  it("is asked for by no name where the account has an address (RFC 6066 section 3)", async () => {
    const kamailio = await Kamailio.start({ users, tls: authority.certificate(`IP:${SERVER}`) });
    const app = await registering(await started(), `${SERVER}:${kamailio.tlsPort}`);
    await registered(app);
    await kamailio.program.line(/asked for as <null> by/);
    await app.close();
  });

  it("is asked for by the trunk's host", async () => {
    const kamailio = await Kamailio.start({ users, tls: authority.certificate("DNS:trunk.test") });
    const tables = `
[trunks.carrier]
host = "trunk.test:${kamailio.tlsPort}"
transport = "tls"
username = "alice"
password = "${PASSWORD}"
register = true
addresses = ["${SERVER}"]
`;
    const trunked = await started({ tables });
    await kamailio.registered("alice");
    await kamailio.program.line(/asked for as trunk\.test by/);
    // It withdraws its registration when it ends.
    await trunked.stop([PASSWORD]);
    relay = undefined;
    await kamailio.registered("alice", false);
  });
});

describe("a TLS server that demands a certificate", () => {
  const demanding = (): Promise<Kamailio> =>
    Kamailio.start({ users, tls: authority.certificate("DNS:pbx.test"), clients: authority.file });
  const identity = ({ certificate, key }: { certificate: string; key: string }): string[] => [
    `tls_certificate = "${certificate}"`,
    `tls_key = "${key}"`,
  ];

  it("is shown the relay's, and registers it", async () => {
    const kamailio = await demanding();
    const app = await registering(await started({ sip: identity(authority.certificate("DNS:relay.test")) }), `pbx.test:${kamailio.tlsPort}`);
    await registered(app);
    await kamailio.program.line(/asked for as pbx\.test by cert-/);
    await app.close();
  });

  for (const [what, sip] of [
    ["has none", (): string[] => []],
    ["has a stranger's", (): string[] => identity(new Authority("Stranger").certificate("DNS:relay.test"))],
  ] as const) {
    it(`refuses a relay that ${what}, and the app hears why`, async () => {
      const kamailio = await demanding();
      const app = await registering(await started({ sip: sip() }), `pbx.test:${kamailio.tlsPort}`);
      const failed = await app.event("registration", { state: "failed" });
      assert.match(failed.error?.message ?? "", /does not accept the relay's certificate, or asks for one/);
      assert.doesNotMatch(kamailio.program.text(), /asked for as/);
      await app.close();
    });
  }
});

describe("tls_verify = false", () => {
  it("has a server believed whose certificate nobody vouches for, and the log says what that means", async () => {
    const alone = new Authority("Alone");
    const tls = { certificate: alone.file, key: alone.file.replace(/pem$/, "key") };
    const kamailio = await Kamailio.start({ users, tls });
    const careless = await started({}, ["tls_verify = false"]);
    const app = await registering(careless, `pbx.test:${kamailio.tlsPort}`);
    await registered(app);
    await kamailio.registered("alice");
    await careless.program.line(/WARN .*tls_verify/);
    await app.close();
  });
});
