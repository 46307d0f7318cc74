//! `cargo xtask build`: from sources to what a browser loads and a server runs.

use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::error::{Error, Failure};
use crate::process;
use crate::setup::{Need, ToolName};
use crate::step::Step;
use crate::tally::Tally;
use crate::workspace::Workspace;

/// Each step takes the one before it as its input, except the relay, which stands alone.
pub(crate) const STEPS: [Step; 4] = [WASM, NPM, DEMO_PHONE, RELAY];

pub(crate) const WASM: Step = Step {
    name: "wasm",
    about: "compile the SDK's core to WebAssembly and make it small",
    needs: &[Need::WasmTarget, Need::Tool(ToolName::WasmBindgen), Need::NodePackages],
    run: wasm,
};

pub(crate) const NPM: Step = Step {
    name: "npm",
    about: "build the npm package",
    needs: &[Need::NodePackages],
    run: |workspace| checked(npm(workspace, "build", "npm")),
};

pub(crate) const DEMO_PHONE: Step = Step {
    name: "demo-phone",
    about: "build the demo phone",
    needs: &[Need::NodePackages],
    run: |workspace| checked(npm(workspace, "build", "demo-phone")),
};

const RELAY: Step = Step {
    name: "relay",
    about: "compile the relay",
    needs: &[Need::Builders],
    run: |workspace| checked(process::run(workspace.cargo("build").args(["--package", "offhook-relay"]))),
};

/// Rust's WebAssembly target turns these on; wasm-opt must be told, and told no more than that.
const WASM_FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// What counts is the size after brotli, which packs two similar functions better than one that was inlined.
const WASM_SIZE: [&str; 4] = ["-Oz", "--converge", "--strip-producers", "--one-caller-inline-max-function-size=25"];

/// Runs a script of one of the npm packages.
pub(crate) fn npm(workspace: &Workspace, script: &str, package: &str) -> Result<(), Error> {
    process::run(workspace.command("npm").args(["run", "--silent", script, "--workspace", package]))
}

/// Counts a check that is not made of tests.
pub(crate) fn checked(result: Result<(), Error>) -> Result<Tally, Failure> {
    result?;
    Ok(Tally::PASSED)
}

/// Leaves `offhook_sdk.js` and `offhook_sdk_bg.wasm` in `npm/wasm/`.
fn wasm(workspace: &Workspace) -> Result<Tally, Failure> {
    let mut cargo = workspace.cargo("build");
    cargo.args(["--package", "offhook-sdk", "--lib", "--profile", "wasm", "--target", "wasm32-unknown-unknown"]);
    cargo.env("CARGO_ENCODED_RUSTFLAGS", without_machine_paths(workspace));
    process::run(&mut cargo)?;

    let compiled = workspace.target().join("wasm32-unknown-unknown/wasm/offhook_sdk.wasm");
    let folder = workspace.join("npm/wasm");
    let mut bindgen = workspace.command("wasm-bindgen");
    bindgen.args(["--target", "web", "--out-name", "offhook_sdk", "--out-dir"]).arg(&folder).arg(&compiled);
    process::run(&mut bindgen)?;

    let bound = folder.join("offhook_sdk_bg.wasm");
    let mut optimise = workspace.command("wasm-opt");
    optimise.args(WASM_FEATURES).args(WASM_SIZE).arg(&bound).arg("-o").arg(&bound);
    process::run(&mut optimise)?;

    println!("{} bytes compiled, {} bytes after wasm-opt", size(&compiled)?, size(&bound)?);
    Ok(Tally::PASSED)
}

/// Panics name their source file; in what is published it is not one of the machine that built it, and two machines
/// build the same bytes.
fn without_machine_paths(workspace: &Workspace) -> String {
    let cargo_home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo_home = cargo_home.or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    let remapped = [(cargo_home, "/cargo"), (Some(workspace.join("")), "/offhook/")];
    let flags = remapped.iter().filter_map(|(from, to)| {
        let from = from.as_ref()?;
        Some(format!("--remap-path-prefix={}={to}", from.display()))
    });
    flags.collect::<Vec<_>>().join("\u{1f}")
}

fn size(file: &Path) -> Result<u64, Error> {
    Ok(fs::metadata(file).map_err(Error::at(file))?.len())
}
