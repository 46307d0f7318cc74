//! `cargo xtask bench`: how fast, and compared with whom. The benchmarks print their ratios themselves.

use std::process::Command;

use crate::build::checked;
use crate::error::Error;
use crate::process;
use crate::setup::Need;
use crate::step::Step;
use crate::workspace::Workspace;

pub(crate) const STEPS: [Step; 5] = [
    Step {
        name: "parse",
        about: "parsing SIP messages, beside other parsers",
        needs: &[],
        run: |workspace| checked(process::run(&mut benchmarks(workspace, "offhook-sip"))),
    },
    Step {
        name: "sip",
        about: "SIP calls a second, with SIPp as both ends and the relay, a proxy or another user agent between them",
        needs: &[Need::NodePackages, Need::Peers],
        run: |workspace| checked(signalling(workspace)),
    },
    Step {
        name: "forward",
        about: "forwarding a media packet, without the system calls",
        needs: &[Need::Builders],
        run: |workspace| checked(process::run(&mut benchmarks(workspace, "offhook-media"))),
    },
    Step {
        name: "media",
        about: "calls with media, more and more at once, until packets are lost",
        needs: &[Need::Builders, Need::NodePackages, Need::Peers],
        run: |workspace| checked(load(workspace, "bench:media")),
    },
    Step {
        name: "soak",
        about: "calls with media that come and go for an hour (SOAK_SECONDS), and what they leave behind",
        needs: &[Need::Builders, Need::NodePackages, Need::Peers],
        run: |workspace| checked(load(workspace, "bench:soak")),
    },
];

/// The benchmarks of a crate, and not its unit tests, which `cargo bench` would list as well.
fn benchmarks(workspace: &Workspace, package: &str) -> Command {
    let mut cargo = workspace.cargo("bench");
    cargo.args(["--package", package, "--bench", "*"]);
    cargo
}

/// The relay as it is shipped, between programs that make and take calls.
fn signalling(workspace: &Workspace) -> Result<(), Error> {
    let packages = ["--package", "offhook-relay"];
    process::run(workspace.cargo("build").arg("--release").args(packages))?;
    script(workspace, "bench:sip")
}

/// The relay, and others, between ends that speak.
fn load(workspace: &Workspace, name: &str) -> Result<(), Error> {
    let packages = ["--package", "offhook-relay", "--package", "offhook-load"];
    process::run(workspace.cargo("build").arg("--release").args(packages))?;
    script(workspace, name)
}

/// One of the tests' scripts, with the programs as they are shipped.
fn script(workspace: &Workspace, name: &str) -> Result<(), Error> {
    let mut bench = workspace.command("npm");
    bench.args(["run", "--silent", name, "--workspace", "tests"]);
    let program = |name: &str| workspace.target().join("release").join(name);
    bench.env("OFFHOOK_RELAY_BIN", program("offhook-relay"));
    bench.env("OFFHOOK_LOAD_BIN", program("offhook-load"));
    process::run(&mut bench)
}
