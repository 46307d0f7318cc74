//! Steps, and running a list of them with their times and one closing line.

use crate::clock::{Stopwatch, Took};
use crate::error::{Error, Failure};
use crate::setup::{self, Need};
use crate::tally::Tally;
use crate::workspace::Workspace;

/// One thing a task does, under a name that `--only` takes.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    /// One word, as in `--only clippy`.
    pub(crate) name: &'static str,
    /// What it does, in half a sentence.
    pub(crate) about: &'static str,
    /// What must be installed before it can run.
    pub(crate) needs: &'static [Need],
    /// Does it.
    pub(crate) run: fn(&Workspace) -> Result<Tally, Failure>,
}

/// What a failed step means for those after it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnFailure {
    /// Each step builds on the one before: the first failure ends the task.
    Stop,
    /// Each step is a verdict of its own: all are wanted.
    Continue,
}

/// The steps chosen from a task's.
pub(crate) struct Plan(Vec<Step>);

/// How one step went.
struct Outcome {
    name: &'static str,
    took: Took,
    tally: Tally,
    error: Option<Error>,
}

impl Plan {
    /// The steps of `all` that are named in `only`, in the order of `all`; all of them if none is named.
    pub(crate) fn new(all: Vec<Step>, only: &[String]) -> Result<Self, Error> {
        if let Some(name) = only.iter().find(|name| !all.iter().any(|step| step.name == *name)) {
            let known = all.iter().map(|step| step.name).collect::<Vec<_>>().join(", ");
            return Err(Error::UnknownStep { name: name.clone(), known });
        }
        let chosen = |step: &Step| only.is_empty() || only.iter().any(|name| name == step.name);
        Ok(Self(all.into_iter().filter(chosen).collect()))
    }

    /// Prints the steps without running them.
    pub(crate) fn list(&self) {
        for step in &self.0 {
            println!("{:14} {}", step.name, step.about);
        }
    }

    /// Installs what the steps need, runs them, prints a table of how they went.
    pub(crate) fn run(&self, workspace: &Workspace, on_failure: OnFailure) -> Result<(), Error> {
        let total = Stopwatch::start();
        let needs: Vec<Need> = self.0.iter().flat_map(|step| step.needs).copied().collect();
        setup::ensure(workspace, &needs)?;
        let mut outcomes = Vec::new();
        for (number, step) in self.0.iter().enumerate() {
            println!("\n== {}/{} {}: {}", number + 1, self.0.len(), step.name, step.about);
            let outcome = step.attempt(workspace);
            let failed = outcome.error.is_some();
            outcomes.push(outcome);
            if failed && on_failure == OnFailure::Stop {
                break;
            }
        }
        conclude(&outcomes, total.read())
    }
}

impl Step {
    fn attempt(&self, workspace: &Workspace) -> Outcome {
        let stopwatch = Stopwatch::start();
        let (tally, error) = match (self.run)(workspace) {
            Ok(tally) => (tally, None),
            Err(failure) => (failure.tally, Some(failure.error)),
        };
        let took = stopwatch.read();
        match &error {
            None => println!("-- {}: done in {took}", self.name),
            Some(error) => println!("-- {}: FAILED after {took}: {error}", self.name),
        }
        Outcome { name: self.name, took, tally, error }
    }
}

/// Prints the table and the closing line that sums up every step's tests and checks.
fn conclude(outcomes: &[Outcome], total: Took) -> Result<(), Error> {
    println!("\n{:14} {:>14}  {:>7} {:>7}", "step", "time", "passed", "failed");
    let mut sum = Tally::default();
    for Outcome { name, took, tally, error } in outcomes {
        sum += *tally;
        let verdict = error.as_ref().map(|error| format!("  FAILED: {error}")).unwrap_or_default();
        println!("{name:14} {took:>14}  {:>7} {:>7}{verdict}", tally.passed, tally.failed);
    }
    println!("{:14} {total:>14}", "total");
    println!("\n{} passed, {} failed", sum.passed, sum.failed);
    let failed: Vec<&str> =
        outcomes.iter().filter(|outcome| outcome.error.is_some()).map(|outcome| outcome.name).collect();
    if failed.is_empty() { Ok(()) } else { Err(Error::Steps(failed.join(", "))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn step(name: &'static str, run: fn(&Workspace) -> Result<Tally, Failure>) -> Step {
        Step { name, about: "for a test", needs: &[], run }
    }

    fn plan(only: &[&str]) -> Result<Plan, Error> {
        let pass = |_: &Workspace| Ok(Tally::PASSED);
        let only: Vec<String> = only.iter().map(|name| (*name).to_owned()).collect();
        Plan::new(vec![step("a", pass), step("b", pass), step("c", pass)], &only)
    }

    fn names(plan: &Plan) -> Vec<&str> {
        plan.0.iter().map(|step| step.name).collect()
    }

    #[test]
    fn all_steps_run_unless_some_are_named() {
        assert_eq!(names(&plan(&[]).unwrap()), ["a", "b", "c"]);
    }

    #[test]
    fn named_steps_keep_the_tasks_order() {
        assert_eq!(names(&plan(&["c", "a"]).unwrap()), ["a", "c"]);
    }

    #[test]
    fn an_unknown_step_is_refused_with_the_known_ones() {
        let Err(error) = plan(&["a", "x"]) else { panic!("accepted") };
        assert_eq!(error.to_string(), "no step is called `x`; the steps are: a, b, c");
    }

    #[test]
    fn a_failed_step_fails_the_task_and_the_rest_still_runs() {
        let workspace = Workspace::locate().unwrap();
        let fail = |_: &Workspace| Err(Error::Missing("a thing".to_owned()).into());
        let plan = Plan::new(vec![step("bad", fail), step("good", |_| Ok(Tally::PASSED))], &[]).unwrap();
        let error = plan.run(&workspace, OnFailure::Continue).unwrap_err();
        assert_eq!(error.to_string(), "failed: bad");
    }
}
