//! Running other programs: shown as typed, with nobody at the keyboard, failures kept as errors.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::clock::{Stopwatch, Took};
use crate::error::{Error, Failure};
use crate::tally::Tally;

/// Runs `command`, letting its output through.
pub(crate) fn run(command: &mut Command) -> Result<(), Error> {
    println!("$ {}", as_typed(command));
    let status = command.stdin(Stdio::null()).status().map_err(could_not_start(command))?;
    succeeded(command, status)
}

/// Runs `command` beside others, with `name` before every line of its output.
pub(crate) fn run_named(name: &str, command: &mut Command) -> Result<(), Error> {
    println!("$ {}", as_typed(command));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(could_not_start(command))?;
    let said = child.stdout.take().map(lines);
    let complained = child.stderr.take().map(lines);
    thread::scope(|scope| {
        for output in [said, complained].into_iter().flatten() {
            scope.spawn(move || output.iter().for_each(|line| println!("{name}: {line}")));
        }
    });
    let status = child.wait().map_err(could_not_start(command))?;
    succeeded(command, status)
}

/// The longest any one test runner may take; several times what the slowest needs on two cores.
pub(crate) const TEST_LIMIT: Duration = Duration::from_secs(20 * 60);

/// Runs a test runner, letting its output through and counting the tests it reports.
///
/// A runner that fails without naming a failed test (it did not compile, it crashed) counts as one failure,
/// and so does one that is not done after `limit`; it is killed then.
pub(crate) fn run_tests(command: &mut Command, limit: Duration) -> Result<Tally, Failure> {
    println!("$ {}", as_typed(command));
    let stopwatch = Stopwatch::start();
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(could_not_start(command))?;
    let output = child.stdout.take().map(lines);
    let mut tally = Tally::default();
    while let Some(output) = &output {
        match output.recv_timeout(limit.saturating_sub(stopwatch.read().0)) {
            Ok(line) => {
                println!("{line}");
                tally.read_line(&line);
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                child.kill().and_then(|()| child.wait()).map_err(could_not_start(command))?;
                tally += Tally::FAILED;
                let error = Error::TookTooLong { command: as_typed(command), limit: Took(limit) };
                return Err(Failure { error, tally });
            }
        }
    }
    let status = child.wait().map_err(could_not_start(command))?;
    let error = match (status.success(), tally.failed) {
        (true, 0) => return Ok(tally),
        (false, 0) => {
            tally += Tally::FAILED;
            Error::Failed { command: as_typed(command), status }
        }
        (_, failed) => Error::TestsFailed { command: as_typed(command), failed },
    };
    Err(Failure { error, tally })
}

/// Reads lines on a thread of its own, so that whoever takes them can stop waiting.
fn lines(output: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::sync_channel(64);
    thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Runs `command` quietly and returns what it printed, without the last line's end.
pub(crate) fn read(command: &mut Command) -> Result<String, Error> {
    let output = command.stdin(Stdio::null()).output().map_err(could_not_start(command))?;
    succeeded(command, output.status)?;
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// The command as a person would type it, for messages.
pub(crate) fn as_typed(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

fn succeeded(command: &Command, status: ExitStatus) -> Result<(), Error> {
    if status.success() {
        return Ok(());
    }
    Err(Error::Failed { command: as_typed(command), status })
}

fn could_not_start(command: &Command) -> impl FnOnce(std::io::Error) -> Error + use<> {
    let command = as_typed(command);
    |source| Error::Start { command, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named() {
        let error = run(&mut Command::new("offhook-no-such-program")).unwrap_err();
        assert!(error.to_string().contains("could not start `offhook-no-such-program`"), "{error}");
    }

    #[test]
    fn a_failing_program_is_an_error_with_its_arguments() {
        let error = run(Command::new("cargo").arg("no-such-subcommand")).unwrap_err();
        assert!(error.to_string().starts_with("`cargo no-such-subcommand` failed"), "{error}");
    }

    #[test]
    fn a_program_beside_others_is_an_error_when_it_fails_whatever_it_says() {
        let said = |script| run_named("it", Command::new("sh").args(["-c", script]));
        assert!(said("echo out; echo err >&2").is_ok());
        let error = said("echo 'test result: ok'; echo err >&2; exit 3").unwrap_err();
        assert!(error.to_string().contains("failed"), "{error}");
    }

    #[test]
    fn a_runner_that_dies_without_a_count_is_one_failure() {
        let failure = run_tests(Command::new("cargo").arg("no-such-subcommand"), TEST_LIMIT).unwrap_err();
        assert_eq!(failure.tally, Tally { passed: 0, failed: 1 });
    }

    #[test]
    fn a_runner_that_hangs_is_killed_and_counts_what_it_had_done() {
        let script = "echo 'test result: ok. 2 passed; 0 failed; 0 ignored'; exec sleep 600";
        let mut hanging = Command::new("sh");
        let failure = run_tests(hanging.args(["-c", script]), Duration::from_millis(500)).unwrap_err();
        assert!(matches!(failure.error, Error::TookTooLong { .. }), "{}", failure.error);
        assert_eq!(failure.tally, Tally { passed: 2, failed: 1 });
    }

    #[test]
    fn a_runners_tests_are_counted_while_they_pass_by() {
        let script = "echo 'test result: ok. 2 passed; 0 failed'; echo '# pass 3'; echo '# fail 0'";
        let tally = run_tests(Command::new("sh").args(["-c", script]), TEST_LIMIT).unwrap();
        assert_eq!(tally, Tally { passed: 5, failed: 0 });
    }

    #[test]
    fn output_is_read_without_its_line_end() {
        let version = read(Command::new("cargo").arg("--version")).unwrap();
        assert!(version.starts_with("cargo ") && !version.ends_with('\n'), "{version}");
    }
}
