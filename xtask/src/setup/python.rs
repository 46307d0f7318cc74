//! What scores speech: a package of Python's, built from its source, in a folder of its own.

use std::path::PathBuf;

use crate::error::Error;
use crate::process;
use crate::workspace::Workspace;

/// ITU-T P.862 as the ITU published it, with a wrapper, and what that needs. For tests alone: nothing of it is shipped.
const PACKAGES: [&str; 2] = ["pesq==0.0.4", "numpy==2.4.6"];

/// Where they are: for `PYTHONPATH`.
pub(crate) fn folder(workspace: &Workspace) -> PathBuf {
    workspace.join(".tools/python")
}

/// Whether they are there, for the Python that is.
pub(super) fn is_installed(workspace: &Workspace) -> bool {
    let mut python = workspace.command("python3");
    let mut works = || process::read(python.args(["-c", "import pesq"]).env("PYTHONPATH", folder(workspace))).is_ok();
    folder(workspace).join("pesq").is_dir() && works()
}

/// Builds them.
pub(super) fn install(workspace: &Workspace) -> Result<(), Error> {
    let mut python = workspace.command("python3");
    python.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade", "--target"]);
    process::run(python.arg(folder(workspace)).args(PACKAGES))
}
