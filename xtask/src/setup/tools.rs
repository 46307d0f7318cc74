//! Tools that cargo builds from crates.io.
//!
//! One that is on PATH already serves if its version does. Otherwise it goes to `.tools/`, because
//! `wasm-bindgen` must match the lock file exactly and another project on the machine may need another one.

use crate::error::Error;
use crate::process;
use crate::workspace::Workspace;

/// The tools there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ToolName {
    /// `wasm-bindgen` and its test runner, at the very version in `Cargo.lock`.
    WasmBindgen,
    /// `wasm-pack`, which runs the browser half's tests.
    WasmPack,
    /// `cargo-deny`, which checks licences and advisories.
    CargoDeny,
    /// `cargo-fuzz`, which builds the fuzz targets.
    CargoFuzz,
}

/// A command-line tool from crates.io.
pub(super) struct Tool {
    /// The crate to install.
    pub(super) package: &'static str,
    /// The version to install.
    pub(super) install: String,
    /// The program to ask for its version.
    program: &'static str,
    accepts: Accepts,
}

/// Which versions serve.
enum Accepts {
    /// This one only.
    Exactly(String),
    /// This one and all later ones: (major, minor).
    AtLeast(u32, u32),
}

impl ToolName {
    /// The tool of that name in the version that goes with the project.
    pub(super) fn tool(self, workspace: &Workspace) -> Result<Tool, Error> {
        Ok(match self {
            Self::WasmBindgen => Tool::wasm_bindgen(workspace.locked_version("wasm-bindgen")?),
            Self::WasmPack => Tool::wasm_pack(),
            Self::CargoDeny => Tool::cargo_deny(),
            Self::CargoFuzz => Tool::cargo_fuzz(),
        })
    }
}

impl Tool {
    /// Its output only works with the library of the same version.
    fn wasm_bindgen(version: String) -> Self {
        Self {
            package: "wasm-bindgen-cli",
            install: version.clone(),
            program: "wasm-bindgen",
            accepts: Accepts::Exactly(version),
        }
    }

    /// 0.13 is the first that can be told not to download anything itself.
    fn wasm_pack() -> Self {
        Self {
            package: "wasm-pack",
            install: "0.15.1".to_owned(),
            program: "wasm-pack",
            accepts: Accepts::AtLeast(0, 13),
        }
    }

    /// 0.18 is the first that reads the shape `deny.toml` has.
    fn cargo_deny() -> Self {
        Self {
            package: "cargo-deny",
            install: "0.20.2".to_owned(),
            program: "cargo-deny",
            accepts: Accepts::AtLeast(0, 18),
        }
    }

    /// With 0.13 it was seen that a stable compiler will do where no sanitizer is asked for.
    fn cargo_fuzz() -> Self {
        Self {
            package: "cargo-fuzz",
            install: "0.13.2".to_owned(),
            program: "cargo-fuzz",
            accepts: Accepts::AtLeast(0, 13),
        }
    }

    /// Whether a version that serves is found.
    pub(super) fn is_installed(&self, workspace: &Workspace) -> bool {
        process::read(workspace.command(self.program).arg("--version"))
            .is_ok_and(|line| version(&line).is_some_and(|version| self.accepts.covers(version)))
    }

    /// Builds it. Speed of building counts more than that of the tool, which works on small inputs.
    pub(super) fn install(&self, workspace: &Workspace) -> Result<(), Error> {
        let mut cargo = workspace.command("cargo");
        cargo.args(["install", "--locked", "--version", &self.install, self.package]);
        cargo.arg("--root").arg(workspace.join(".tools"));
        // One folder for all tools: they share many dependencies.
        cargo.env("CARGO_TARGET_DIR", workspace.target().join("tools"));
        cargo.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0");
        cargo.env("CARGO_PROFILE_RELEASE_LTO", "off");
        cargo.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
        process::run(&mut cargo)
    }
}

impl Accepts {
    fn covers(&self, version: &str) -> bool {
        match self {
            Self::Exactly(wanted) => version == wanted,
            Self::AtLeast(major, minor) => {
                let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
                (numbers.next(), numbers.next()) >= (Some(*major), Some(*minor))
            }
        }
    }
}

/// The version in `name 1.2.3 (more)`.
fn version(line: &str) -> Option<&str> {
    line.split_whitespace().nth(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_second_word() {
        assert_eq!(version("wasm-bindgen 0.2.129 (a1b2c3)"), Some("0.2.129"));
        assert_eq!(version("wasm-pack"), None);
    }

    #[test]
    fn wasm_bindgen_must_match_exactly() {
        let tool = Tool::wasm_bindgen("0.2.129".to_owned());
        assert!(tool.accepts.covers("0.2.129"));
        assert!(!tool.accepts.covers("0.2.130"));
    }

    #[test]
    fn other_tools_may_be_newer_but_not_older() {
        let accepts = Accepts::AtLeast(0, 13);
        for (version, serves) in
            [("0.13.0", true), ("0.15.1", true), ("1.0.0", true), ("0.12.9", false), ("0.9", false)]
        {
            assert_eq!(accepts.covers(version), serves, "{version}");
        }
    }
}
