//! Where things are: the project's folders, its tools, and the versions its lock file names.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::error::Error;

/// The project's folder and the search path its tools are found on.
pub(crate) struct Workspace {
    root: PathBuf,
    path: std::ffi::OsString,
}

/// As much of `Cargo.lock` as is needed here.
#[derive(Deserialize)]
struct Lock {
    package: Vec<LockedPackage>,
}

#[derive(Deserialize)]
struct LockedPackage {
    name: String,
    version: String,
}

impl Workspace {
    /// Finds the project from where this tool was built.
    pub(crate) fn locate() -> Result<Self, Error> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = here.parent().unwrap_or(here).to_path_buf();
        let manifest = root.join("Cargo.toml");
        if !manifest.is_file() {
            let problem = "not there; was the project moved? Build again with `cargo clean -p xtask`".to_owned();
            return Err(Error::Content { path: manifest, problem });
        }
        let inherited = env::var_os("PATH").unwrap_or_default();
        let own = [root.join(".tools/bin"), root.join("node_modules/.bin")];
        // Daemons that tests start (kamailio, turnserver) live where only root's PATH looks.
        let system = [PathBuf::from("/usr/sbin"), PathBuf::from("/usr/local/sbin")];
        let path =
            env::join_paths(own.into_iter().chain(env::split_paths(&inherited)).chain(system)).unwrap_or(inherited);
        Ok(Self { root, path })
    }

    /// A file or folder of the project.
    pub(crate) fn join(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// Cargo's output folder.
    pub(crate) fn target(&self) -> PathBuf {
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.join("target"), |dir| self.root.join(dir))
    }

    /// A program to be run in the project's root, found among the project's own tools first.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).env("PATH", &self.path);
        // `cargo run` describes xtask to us in variables that would make other crates' build scripts run again.
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&name);
            }
        }
        command
    }

    /// `cargo` with a subcommand and the lock file respected.
    pub(crate) fn cargo(&self, subcommand: &str) -> Command {
        let mut command = self.command("cargo");
        command.args([subcommand, "--locked"]);
        command
    }

    /// Where `program` would be found, if anywhere.
    pub(crate) fn find(&self, program: &str) -> Option<PathBuf> {
        env::split_paths(&self.path).map(|folder| folder.join(program)).find(|file| file.is_file())
    }

    /// The version of `package` in `Cargo.lock`.
    pub(crate) fn locked_version(&self, package: &str) -> Result<String, Error> {
        let path = self.join("Cargo.lock");
        let text = std::fs::read_to_string(&path).map_err(Error::at(&path))?;
        locked_version(&text, package).map_err(|problem| Error::Content { path, problem })
    }
}

fn locked_version(lock: &str, package: &str) -> Result<String, String> {
    let lock: Lock = toml::from_str(lock).map_err(|error| error.to_string())?;
    let mut versions = lock.package.into_iter().filter(|locked| locked.name == package);
    match (versions.next(), versions.next()) {
        (Some(only), None) => Ok(only.version),
        (None, _) => Err(format!("has no package {package}")),
        (Some(_), Some(_)) => Err(format!("has several versions of {package}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
        version = 4
        [[package]]
        name = "wasm-bindgen"
        version = "0.2.129"
        dependencies = ["cfg-if"]
        [[package]]
        name = "rand"
        version = "0.8.5"
        [[package]]
        name = "rand"
        version = "0.9.2"
    "#;

    #[test]
    fn the_locked_version_is_read() {
        assert_eq!(locked_version(LOCK, "wasm-bindgen").unwrap(), "0.2.129");
    }

    #[test]
    fn a_package_that_is_not_locked_or_ambiguous_is_an_error() {
        assert_eq!(locked_version(LOCK, "wasm").unwrap_err(), "has no package wasm");
        assert_eq!(locked_version(LOCK, "rand").unwrap_err(), "has several versions of rand");
    }

    #[test]
    fn the_projects_own_tools_come_first() {
        let workspace = Workspace::locate().unwrap();
        let first = env::split_paths(&workspace.path).next().unwrap();
        assert_eq!(first, workspace.join(".tools/bin"));
    }

    #[test]
    fn a_program_that_is_nowhere_is_not_found() {
        assert_eq!(Workspace::locate().unwrap().find("offhook-no-such-program"), None);
    }
}
