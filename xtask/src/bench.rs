//! `cargo xtask bench`: how fast, and compared with whom.

mod comparison;

use crate::error::Failure;
use crate::process;
use crate::step::Step;
use crate::tally::Tally;
use crate::workspace::Workspace;

pub(crate) const STEPS: [Step; 2] = [
    Step {
        name: "sip",
        about: "parsing SIP messages, beside other parsers",
        needs: &[],
        run: |workspace| measure(workspace, "offhook-sip"),
    },
    Step {
        name: "media",
        about: "forwarding media packets",
        needs: &[],
        run: |workspace| measure(workspace, "offhook-media"),
    },
];

/// Runs a crate's benchmarks, then puts those that do the same work side by side.
fn measure(workspace: &Workspace, package: &str) -> Result<Tally, Failure> {
    let results = workspace.target().join("criterion");
    comparison::forget(&results)?;
    process::run(workspace.cargo("bench").args(["--package", package]))?;
    println!("\n{}", comparison::read(&results)?);
    Ok(Tally::PASSED)
}
