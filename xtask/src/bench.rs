//! `cargo xtask bench`: how fast, and compared with whom. The benchmarks print their ratios themselves.

use std::process::Command;

use crate::build::checked;
use crate::error::Error;
use crate::process;
use crate::setup::Need;
use crate::step::Step;
use crate::workspace::Workspace;

pub(crate) const STEPS: [Step; 3] = [
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
        name: "media",
        about: "forwarding media packets",
        needs: &[Need::Builders],
        run: |workspace| checked(process::run(&mut benchmarks(workspace, "offhook-media"))),
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
    process::run(workspace.cargo("build").args(["--release", "--package", "offhook-relay"]))?;
    let mut bench = workspace.command("npm");
    bench.args(["run", "--silent", "bench:sip", "--workspace", "tests"]);
    bench.env("OFFHOOK_RELAY_BIN", workspace.target().join("release/offhook-relay"));
    process::run(&mut bench)
}
