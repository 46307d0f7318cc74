//! What can stop a task, each as a sentence the person at the terminal can act on.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::clock::Took;
use crate::tally::Tally;

/// Why a task or a step of it did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// A program could not be started at all; install it or mend PATH.
    #[error("could not start `{command}`: {source}")]
    Start {
        /// As it would be typed.
        command: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// A program ran and reported failure; its own output says why.
    #[error("`{command}` failed ({status})")]
    Failed {
        /// As it would be typed.
        command: String,
        /// Its exit status.
        status: std::process::ExitStatus,
    },
    /// A program's tests ran and some failed; its own output names them.
    #[error("`{command}`: {failed} failed")]
    TestsFailed {
        /// As it would be typed.
        command: String,
        /// How many tests failed.
        failed: usize,
    },
    /// A test runner was stopped at its deadline; the last lines of its output say where it hung.
    #[error("`{command}` was stopped: not done after {limit}")]
    TookTooLong {
        /// As it would be typed.
        command: String,
        /// How long it was given.
        limit: Took,
    },
    /// A file could not be read or written.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file does not hold what the project's own files hold.
    #[error("{path}: {problem}", path = path.display())]
    Content {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// `--only` named a step that is not there; `--list` shows those that are.
    #[error("no step is called `{name}`; the steps are: {known}")]
    UnknownStep {
        /// The name given.
        name: String,
        /// All names, comma separated.
        known: String,
    },
    /// One or more steps failed; the table above the message names them.
    #[error("failed: {0}")]
    Steps(String),
    /// The demo's port is taken; choose another.
    #[error("{address} cannot be used ({source}); choose another port with `cargo xtask demo --port PORT`")]
    Port {
        /// Where the page was to be served.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// Something is missing that this tool cannot install here; the text lists it.
    #[error("{0}")]
    Missing(String),
}

impl Error {
    /// A closure for `map_err` on file operations.
    pub(crate) fn at(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}

/// A step that failed, with the tests it had counted by then.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Why.
    pub(crate) error: Error,
    /// At least one failure.
    pub(crate) tally: Tally,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, tally: Tally::FAILED }
    }
}
