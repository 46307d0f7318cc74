//! `cargo xtask lint`: everything that can be said about the sources without running them.

use std::process::Command;

use crate::build::checked;
use crate::error::{Error, Failure};
use crate::process;
use crate::setup::{Need, ToolName};
use crate::step::Step;
use crate::tally::Tally;
use crate::workspace::Workspace;

pub(crate) const STEPS: [Step; 7] = [
    Step {
        name: "fmt",
        about: "Rust is formatted by rustfmt",
        needs: &[Need::Rustfmt],
        run: |workspace| checked(process::run(workspace.command("cargo").args(["fmt", "--all", "--check"]))),
    },
    Step {
        name: "clippy",
        about: "no compiler or clippy warning, natively",
        needs: &[Need::Clippy, Need::Builders],
        run: |workspace| checked(clippy(workspace, &["--workspace", "--all-targets"])),
    },
    Step {
        name: "clippy-wasm",
        about: "no compiler or clippy warning in what the browser runs",
        needs: &[Need::Clippy, Need::WasmTarget],
        run: |workspace| checked(clippy(workspace, &BROWSER)),
    },
    Step {
        name: "doc",
        about: "the documentation builds and its links lead somewhere",
        needs: &[Need::Builders],
        run: |workspace| checked(process::run(&mut doc(workspace))),
    },
    Step {
        name: "deny",
        about: "dependencies: licences, bans, sources, advisories",
        needs: &[Need::Tool(ToolName::CargoDeny)],
        run: deny,
    },
    Step {
        name: "types",
        about: "tsc finds no type error in the three npm packages and the examples",
        needs: &[Need::NodePackages],
        run: types,
    },
    Step {
        name: "eslint",
        about: "ESLint has nothing to say",
        needs: &[Need::NodePackages],
        run: |workspace| checked(process::run(workspace.command("eslint").args(["--max-warnings", "0", "."]))),
    },
];

/// The SDK with its tests; the protocol crate comes along as its dependency, without its tests, which run natively.
const BROWSER: [&str; 5] = ["--package", "offhook-sdk", "--all-targets", "--target", "wasm32-unknown-unknown"];

fn clippy(workspace: &Workspace, scope: &[&str]) -> Result<(), Error> {
    process::run(workspace.cargo("clippy").args(scope).args(["--", "--deny", "warnings"]))
}

fn doc(workspace: &Workspace) -> Command {
    let mut cargo = workspace.cargo("doc");
    cargo.args(["--workspace", "--no-deps", "--document-private-items"]).env("RUSTDOCFLAGS", "--deny warnings");
    cargo
}

/// The advisory database is fetched from GitHub; a machine that cannot reach it still checks the rest.
fn deny(workspace: &Workspace) -> Result<Tally, Failure> {
    let cargo_deny = |arguments: &[&str]| {
        let mut command = workspace.command("cargo-deny");
        command.args(["--workspace", "--locked"]).args(arguments);
        command
    };
    process::run(&mut cargo_deny(&["check", "licenses", "bans", "sources"]))?;
    if process::run(&mut cargo_deny(&["fetch", "db"])).is_err() {
        println!("SKIPPED: advisories, because the advisory database cannot be fetched from here");
        return Ok(Tally::PASSED);
    }
    checked(process::run(&mut cargo_deny(&["check", "--disable-fetch", "advisories"])))
}

/// All packages are looked at even if the first has errors.
fn types(workspace: &Workspace) -> Result<Tally, Failure> {
    let check = |package| process::run(workspace.command("tsc").args(["--noEmit", "--project", package]));
    ["npm", "demo-phone", "tests", "docs/examples"].map(check).into_iter().collect::<Result<Vec<()>, Error>>()?;
    Ok(Tally::PASSED)
}
