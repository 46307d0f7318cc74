//! `cargo xtask bench`: how fast, and compared with whom. The benchmarks print their ratios themselves.

use std::process::Command;

use crate::build::checked;
use crate::process;
use crate::step::Step;
use crate::workspace::Workspace;

pub(crate) const STEPS: [Step; 2] = [
    Step {
        name: "sip",
        about: "parsing SIP messages, beside other parsers",
        needs: &[],
        run: |workspace| checked(process::run(&mut benchmarks(workspace, "offhook-sip"))),
    },
    Step {
        name: "media",
        about: "forwarding media packets",
        needs: &[],
        run: |workspace| checked(process::run(&mut benchmarks(workspace, "offhook-media"))),
    },
];

/// The benchmarks of a crate, and not its unit tests, which `cargo bench` would list as well.
fn benchmarks(workspace: &Workspace, package: &str) -> Command {
    let mut cargo = workspace.cargo("bench");
    cargo.args(["--package", package, "--bench", "*"]);
    cargo
}
