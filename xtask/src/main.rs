//! `cargo xtask`: one door to every task of the project.
//!
//! Each subcommand is a list of [`step::Step`]s. Before the first one runs, [`setup`] provides what the
//! chosen steps need and is not there yet; afterwards a table says how each step went and how long it took.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks through its output")]

mod bench;
mod build;
mod clock;
mod demo;
mod error;
mod fuzz;
mod lint;
mod process;
mod setup;
mod step;
mod tally;
mod test;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::Error;
use crate::step::{OnFailure, Plan};
use crate::workspace::Workspace;

/// Sets up, builds, runs, tests and checks Offhook.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what the project's tasks need and this machine lacks
    ///
    /// The other tasks call this themselves for the part they need. Tools built by cargo go to .tools/ in
    /// the project, never over your own. System packages are installed only on Debian and only as root;
    /// anywhere else the list to install is printed.
    Setup,
    /// Build the SDK (wasm), the npm package, the demo phone and the relay
    Build(Selection),
    /// Build everything and serve the demo phone on localhost, with a relay that needs no SIP server
    Demo(demo::Options),
    /// Run every check that continuous integration runs
    ///
    /// All steps run even if one fails. Set SIP_TORTURE_DIR to a directory holding the RFC 4475 and
    /// RFC 5118 messages to have the SIP parser tried on those too.
    Test(Selection),
    /// Run the benchmarks and print how the project's code compares with others'
    Bench(Benchmarks),
    /// Check formatting, lints, documentation, licences and types
    Lint(Selection),
}

/// Which steps of a task to run.
#[derive(clap::Args)]
struct Selection {
    /// Run only this step (may be given several times)
    #[arg(long, value_name = "STEP")]
    only: Vec<String>,
    /// List the steps and stop
    #[arg(long)]
    list: bool,
}

/// Which benchmarks to run.
#[derive(clap::Args)]
struct Benchmarks {
    /// Run only these (all of them where none is named)
    #[arg(value_name = "BENCHMARK")]
    names: Vec<String>,
    /// List the benchmarks and stop
    #[arg(long)]
    list: bool,
}

impl From<&Benchmarks> for Selection {
    fn from(benchmarks: &Benchmarks) -> Self {
        Self { only: benchmarks.names.clone(), list: benchmarks.list }
    }
}

fn main() -> ExitCode {
    match run(&Cli::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: &Task) -> Result<(), Error> {
    let workspace = Workspace::locate()?;
    match task {
        Task::Setup => setup::everything(&workspace),
        Task::Build(selection) => steps(&workspace, build::STEPS.into(), OnFailure::Stop, selection),
        Task::Demo(options) => demo::serve(&workspace, options),
        Task::Test(selection) => steps(&workspace, test::steps(), OnFailure::Continue, selection),
        Task::Bench(benchmarks) => steps(&workspace, bench::STEPS.into(), OnFailure::Stop, &benchmarks.into()),
        Task::Lint(selection) => steps(&workspace, lint::STEPS.into(), OnFailure::Continue, selection),
    }
}

fn steps(
    workspace: &Workspace,
    steps: Vec<step::Step>,
    on_failure: OnFailure,
    selection: &Selection,
) -> Result<(), Error> {
    let plan = Plan::new(steps, &selection.only)?;
    if selection.list {
        plan.list();
        return Ok(());
    }
    plan.run(workspace, on_failure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_task_explains_itself() {
        for task in Cli::command().get_subcommands() {
            assert!(task.get_about().is_some(), "{} has no help", task.get_name());
        }
    }
}
