//! The npm side: Node itself is the user's, the packages are installed without running their scripts.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use crate::error::Error;
use crate::process;
use crate::workspace::Workspace;

/// The oldest Node that the tools in `package.json` run on: (major, minor).
const OLDEST: (u32, u32) = (20, 19);

/// What npm writes when it has finished installing.
const RECORD: &str = "node_modules/.package-lock.json";

/// Manifests whose change makes the installed packages stale.
const MANIFESTS: [&str; 5] =
    ["package-lock.json", "package.json", "npm/package.json", "demo-phone/package.json", "tests/package.json"];

/// Whether `node_modules/` is younger than everything it is made from.
pub(super) fn is_fresh(workspace: &Workspace) -> bool {
    let Some(installed) = modified(&workspace.join(RECORD)) else { return false };
    MANIFESTS.iter().filter_map(|manifest| modified(&workspace.join(manifest))).all(|changed| changed <= installed)
}

/// Installs exactly what the lock file says; into an existing folder, what the manifests ask for beyond it.
pub(super) fn install(workspace: &Workspace) -> Result<(), Error> {
    check_node(workspace)?;
    let verb = if workspace.join(RECORD).exists() { "install" } else { "ci" };
    let options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    process::run(workspace.command("npm").arg(verb).args(options))?;
    touch(&workspace.join(RECORD))
}

fn check_node(workspace: &Workspace) -> Result<(), Error> {
    let wanted = format!("Node.js {}.{} or later with npm", OLDEST.0, OLDEST.1);
    let version = process::read(workspace.command("node").arg("--version"))
        .map_err(|error| Error::Missing(format!("{wanted} is needed: {error}")))?;
    if is_recent(&version) {
        return Ok(());
    }
    Err(Error::Missing(format!("{wanted} is needed; this is {version}")))
}

fn is_recent(version: &str) -> bool {
    let mut numbers = version.trim_start_matches('v').split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= OLDEST
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

/// npm leaves its record alone when nothing had to be changed; then it would look stale for ever.
fn touch(path: &Path) -> Result<(), Error> {
    let record = fs::read(path).map_err(Error::at(path))?;
    fs::write(path, record).map_err(Error::at(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_20_19_is_recent_enough_and_older_ones_are_not() {
        for (version, recent) in
            [("v20.19.0", true), ("v22.1.0", true), ("v20.18.3", false), ("v18.20.0", false), ("", false)]
        {
            assert_eq!(is_recent(version), recent, "{version}");
        }
    }
}
