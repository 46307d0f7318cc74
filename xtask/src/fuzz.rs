//! Fuzzing: the targets of `fuzz/`, built with instrumentation and run for a minute each, two at a time.
//!
//! They are seeded anew from the project's own fixtures; what a run finds interesting stays in `target/fuzz/corpus/`,
//! and an input that brings a target down in `target/fuzz/artifacts/`.

use std::collections::VecDeque;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::error::{Error, Failure};
use crate::process;
use crate::tally::Tally;
use crate::workspace::Workspace;

const TARGETS: [&str; 6] = ["sip_datagram", "sip_stream", "sdp", "rtp", "dtmf", "websocket"];

/// What each is told: for how long, when one input takes too long, how much memory it may take, how long inputs get, and
/// where its randomness begins, so that a run which fails can be had again.
const OPTIONS: [&str; 6] =
    ["-max_total_time=60", "-timeout=10", "-rss_limit_mb=1024", "-max_len=8192", "-print_final_stats=1", "-seed=1"];

/// Two cores have this many at work.
const AT_ONCE: usize = 2;

/// Builds, seeds and runs every target.
pub(crate) fn run(workspace: &Workspace) -> Result<Tally, Failure> {
    let folder = workspace.target().join("fuzz");
    let mut seeds = workspace.command("cargo");
    seeds.args(["run", "--quiet", "--manifest-path", "fuzz/Cargo.toml", "--package", "offhook-fuzz-seeds", "--"]);
    process::run(seeds.arg(folder.join("corpus")).env("CARGO_TARGET_DIR", folder.join("seeds")))?;
    // Without a sanitizer: what is fuzzed has no unsafe code, and a stable compiler will do.
    let mut build = workspace.command("cargo");
    build.args(["fuzz", "build", "--sanitizer", "none", "--target-dir"]).arg(&folder);
    process::run(&mut build)?;
    let host = process::read(workspace.command("rustc").args(["--print", "host-tuple"]))?;
    let programs = folder.join(host).join("release");
    let artifacts = folder.join("artifacts");
    fs::create_dir_all(&artifacts).map_err(Error::at(&artifacts))?;
    let waiting = Mutex::new(VecDeque::from(TARGETS));
    let outcomes: Vec<Result<(), Error>> = thread::scope(|scope| {
        let workers: Vec<_> =
            (0..AT_ONCE).map(|_| scope.spawn(|| work(workspace, &waiting, &programs, &folder))).collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).flatten().collect()
    });
    let failed = outcomes.iter().filter(|outcome| outcome.is_err()).count();
    let tally = Tally { passed: TARGETS.len().saturating_sub(failed), failed };
    match outcomes.into_iter().find_map(Result::err) {
        Some(error) => Err(Failure { error, tally }),
        None => Ok(tally),
    }
}

/// Runs targets until none is left.
fn work(
    workspace: &Workspace,
    waiting: &Mutex<VecDeque<&str>>,
    programs: &std::path::Path,
    folder: &std::path::Path,
) -> Vec<Result<(), Error>> {
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let mut outcomes = Vec::new();
    while let Some(target) = next() {
        let mut prefix = PathBuf::from(folder).join("artifacts").join(target).into_os_string();
        prefix.push("-");
        let mut artifacts = std::ffi::OsString::from("-artifact_prefix=");
        artifacts.push(prefix);
        let mut fuzzer = workspace.command(programs.join(target));
        fuzzer.arg(folder.join("corpus").join(target)).args(OPTIONS).arg(artifacts);
        outcomes.push(process::run_named(target, &mut fuzzer));
    }
    outcomes
}
