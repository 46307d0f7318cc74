//! Providing what the tasks need: only what is missing, and only what the task at hand asks for.
//!
//! Rust's parts come from rustup, tools written in Rust are built by cargo into the project's `.tools/`,
//! JavaScript comes from npm without running any package's scripts, and the programs the end-to-end tests
//! talk to come from Debian's archive.

mod node;
mod peers;
pub(crate) mod python;
mod rust;
mod tools;

use std::collections::BTreeSet;

use crate::clock::Stopwatch;
use crate::error::Error;
use crate::workspace::Workspace;

pub(crate) use tools::ToolName;

/// Something a step cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// rustup's `rustfmt` component.
    Rustfmt,
    /// rustup's `clippy` component.
    Clippy,
    /// The standard library for `wasm32-unknown-unknown`.
    WasmTarget,
    /// A command-line tool that cargo builds.
    Tool(ToolName),
    /// `node_modules/` as `package-lock.json` says.
    NodePackages,
    /// What builds the C sources that come with the relay's crates.
    Builders,
    /// The browser, the SIP peers and the sound tools of the end-to-end tests.
    Peers,
    /// The reference codecs that speech through the relay is compared with.
    References,
    /// What scores speech.
    Scorer,
}

const ALL: [Need; 12] = [
    Need::Builders,
    Need::Rustfmt,
    Need::Clippy,
    Need::WasmTarget,
    Need::NodePackages,
    Need::Peers,
    Need::References,
    Need::Scorer,
    Need::Tool(ToolName::WasmBindgen),
    Need::Tool(ToolName::WasmPack),
    Need::Tool(ToolName::CargoDeny),
    Need::Tool(ToolName::CargoFuzz),
];

/// `cargo xtask setup`: provides everything any task needs.
pub(crate) fn everything(workspace: &Workspace) -> Result<(), Error> {
    let total = Stopwatch::start();
    ensure(workspace, &ALL)?;
    println!("everything is in place ({})", total.read());
    Ok(())
}

/// Provides those of `needs` that are missing, in an order that fails early.
pub(crate) fn ensure(workspace: &Workspace, needs: &[Need]) -> Result<(), Error> {
    let wanted: BTreeSet<Need> = needs.iter().copied().collect();
    for need in ALL.into_iter().filter(|need| wanted.contains(need)) {
        if need.is_met(workspace)? {
            continue;
        }
        println!("\n== setup: {}", need.title(workspace)?);
        let stopwatch = Stopwatch::start();
        need.meet(workspace)?;
        println!("-- setup: done in {}", stopwatch.read());
    }
    Ok(())
}

impl Need {
    fn title(self, workspace: &Workspace) -> Result<String, Error> {
        Ok(match self {
            Self::Rustfmt => "rustfmt, by rustup".to_owned(),
            Self::Clippy => "clippy, by rustup".to_owned(),
            Self::WasmTarget => format!("the target {}, by rustup", rust::WASM),
            Self::Tool(name) => {
                let tool = name.tool(workspace)?;
                format!("{} {}, built by cargo into .tools/", tool.package, tool.install)
            }
            Self::NodePackages => "node_modules, by npm".to_owned(),
            Self::Builders => "cmake and libclang, from Debian's archive".to_owned(),
            Self::Peers => "the programs the end-to-end tests talk to".to_owned(),
            Self::References => "reference codecs, from Debian's archive".to_owned(),
            Self::Scorer => "pesq, by pip into .tools/".to_owned(),
        })
    }

    fn is_met(self, workspace: &Workspace) -> Result<bool, Error> {
        Ok(match self {
            Self::Rustfmt => rust::has_component(workspace, "rustfmt"),
            Self::Clippy => rust::has_component(workspace, "cargo-clippy"),
            Self::WasmTarget => rust::has_wasm_target(workspace)?,
            Self::Tool(name) => name.tool(workspace)?.is_installed(workspace),
            Self::NodePackages => node::is_fresh(workspace),
            Self::Builders => peers::missing(workspace, &peers::BUILDERS).is_empty(),
            Self::Peers => peers::missing(workspace, &peers::PEERS).is_empty(),
            Self::References => peers::missing(workspace, &peers::REFERENCES).is_empty(),
            Self::Scorer => python::is_installed(workspace),
        })
    }

    fn meet(self, workspace: &Workspace) -> Result<(), Error> {
        match self {
            Self::Rustfmt => rust::add_component(workspace, "rustfmt"),
            Self::Clippy => rust::add_component(workspace, "clippy"),
            Self::WasmTarget => rust::add_wasm_target(workspace),
            Self::Tool(name) => name.tool(workspace)?.install(workspace),
            Self::NodePackages => node::install(workspace),
            Self::Builders => peers::install(workspace, &peers::BUILDERS),
            Self::Peers => peers::install(workspace, &peers::PEERS),
            Self::References => peers::install(workspace, &peers::REFERENCES),
            Self::Scorer => python::install(workspace),
        }
    }
}
