/** A certificate authority of a test's own, and what it vouches for, made by OpenSSL. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { folder } from "./folder.ts";

export class Authority {
  private readonly home = folder("authority");
  /** Its own certificate. */
  readonly file = join(this.home, "ca.pem");

  constructor(name = "Test Authority") {
    this.request(name, "ca", ["-addext", "basicConstraints=critical,CA:TRUE"]);
  }

  /** A certificate for these names, such as `DNS:pbx.example` and `IP:127.0.0.1`, and its key, as files. */
  certificate(...names: readonly string[]): { certificate: string; key: string } {
    const name = `cert-${Math.random().toString(36).slice(2)}`;
    this.request(name, name, [
      ...["-CA", this.file, "-CAkey", join(this.home, "ca.key")],
      ...["-addext", `subjectAltName=${names.join(",")}`, "-addext", "basicConstraints=critical,CA:FALSE"],
    ]);
    return { certificate: join(this.home, `${name}.pem`), key: join(this.home, `${name}.key`) };
  }

  private request(subject: string, name: string, rest: readonly string[]): void {
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const files = ["-keyout", join(this.home, `${name}.key`), "-out", join(this.home, `${name}.pem`)];
    execFileSync("openssl", ["req", "-x509", ...key, ...files, "-subj", `/CN=${subject}`, "-days", "2", ...rest], {
      stdio: ["ignore", "ignore", "pipe"],
    });
  }
}
