//! Parts of the Rust tool chain that rustup adds on request.

use std::path::Path;

use crate::error::Error;
use crate::process;
use crate::workspace::Workspace;

/// The browser's half is compiled for this target.
pub(super) const WASM: &str = "wasm32-unknown-unknown";

/// Whether `program` (a component's) runs; rustup leaves a stub in its place that fails.
pub(super) fn has_component(workspace: &Workspace, program: &str) -> bool {
    process::read(workspace.command(program).arg("--version")).is_ok()
}

/// Adds a component to the tool chain in use.
pub(super) fn add_component(workspace: &Workspace, component: &str) -> Result<(), Error> {
    process::run(workspace.command("rustup").args(["component", "add", component])).map_err(|error| {
        Error::Missing(format!("{component} is needed and rustup could not add it ({error}); install it and try again"))
    })
}

/// Whether the standard library for the browser is there.
pub(super) fn has_wasm_target(workspace: &Workspace) -> Result<bool, Error> {
    let mut rustc = workspace.command("rustc");
    let folder = process::read(rustc.args(["--print", "target-libdir", "--target", WASM]))?;
    Ok(holds_std(Path::new(&folder)))
}

/// Adds the target to the tool chain in use.
pub(super) fn add_wasm_target(workspace: &Workspace) -> Result<(), Error> {
    process::run(workspace.command("rustup").args(["target", "add", WASM])).map_err(|error| {
        Error::Missing(format!(
            "the Rust target {WASM} is needed and rustup could not add it ({error}).\n\
             Run `rustup target add {WASM}` where static.rust-lang.org can be reached; \
             without rustup, install your distribution's package of Rust's standard library for {WASM}"
        ))
    })
}

fn holds_std(folder: &Path) -> bool {
    let Ok(entries) = folder.read_dir() else { return false };
    entries.flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with("libstd-") && name.ends_with(".rlib")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_has_a_standard_library_and_a_missing_folder_has_none() {
        let host = process::read(std::process::Command::new("rustc").args(["--print", "target-libdir"])).unwrap();
        assert!(holds_std(Path::new(&host)));
        assert!(!holds_std(Path::new("/no/such/folder")));
    }
}
