//! Counting tests from what test runners print.
//!
//! A build server looks for one closing line that says how many tests passed. Several runners take part
//! in ours, so their own closing lines are read as they pass by and summed up.

use std::ops::AddAssign;

/// How many tests (or checks that are no tests, counted as one each) passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
}

impl Tally {
    /// A check that is not made of tests and succeeded.
    pub(crate) const PASSED: Self = Self { passed: 1, failed: 0 };
    /// A check that is not made of tests and failed.
    pub(crate) const FAILED: Self = Self { passed: 0, failed: 1 };

    /// Adds what `line` of a runner's output reports, if it is a closing line.
    ///
    /// Understood are libtest (also as `wasm-bindgen-test` prints it) and Node's test runner, in its `spec`
    /// and its `tap` form.
    pub(crate) fn read_line(&mut self, line: &str) {
        let line = line.trim();
        if let Some(rest) = line.strip_prefix("test result: ") {
            self.passed += count_before(rest, " passed");
            self.failed += count_before(rest, " failed");
        } else if let Some(rest) = line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ ")) {
            self.passed += count_after(rest, "pass ");
            self.failed += count_after(rest, "fail ") + count_after(rest, "cancelled ");
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// The number that ends where `label` begins; zero if there is none.
fn count_before(text: &str, label: &str) -> usize {
    let Some((before, _)) = text.split_once(label) else { return 0 };
    before.rsplit(' ').next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// The number that makes up the rest of `text` after `label`; zero if there is none.
fn count_after(text: &str, label: &str) -> usize {
    text.strip_prefix(label).and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(output: &str) -> Tally {
        let mut tally = Tally::default();
        output.lines().for_each(|line| tally.read_line(line));
        tally
    }

    #[test]
    fn libtest_binaries_add_up() {
        let output = "running 3 tests\n\
            test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
            test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out\n";
        assert_eq!(tally(output), Tally { passed: 4, failed: 2 });
    }

    #[test]
    fn node_runner_is_read_in_both_forms() {
        assert_eq!(tally("# tests 9\n# pass 7\n# fail 1\n# cancelled 1\n"), Tally { passed: 7, failed: 2 });
        assert_eq!(tally("ℹ tests 8\nℹ pass 8\nℹ fail 0\n"), Tally { passed: 8, failed: 0 });
    }

    #[test]
    fn other_lines_count_nothing() {
        assert_eq!(tally("# Subtest: pass 12\npass 12\ntest result:\n# pass many\n"), Tally::default());
    }
}
