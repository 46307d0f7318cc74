//! Criterion's results side by side: each group's benchmarks with their ratio to ours.
//!
//! Benchmarks that do the same work with different code share a criterion group; ours is the one whose
//! function is called `offhook`, the others bear the name of the crate they measure.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::Error;

const OURS: &str = "offhook";

/// Every group with its benchmarks, in nanoseconds.
#[derive(Debug, Default)]
pub(super) struct Comparison(BTreeMap<String, BTreeMap<String, f64>>);

/// As much of criterion's `benchmark.json` as is needed here.
#[derive(Deserialize)]
struct Benchmark {
    group_id: String,
    function_id: Option<String>,
    value_str: Option<String>,
}

/// As much of criterion's `estimates.json` as is needed here; times are nanoseconds.
#[derive(Deserialize)]
struct Estimates {
    mean: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
}

/// Removes the results of earlier runs, so that what is read afterwards was measured now.
pub(super) fn forget(results: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(results) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::at(results)(error)),
        _ => Ok(()),
    }
}

/// Reads all results below criterion's folder.
pub(super) fn read(results: &Path) -> Result<Comparison, Error> {
    let mut comparison = Comparison::default();
    let mut folders = vec![results.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let description = folder.join("benchmark.json");
        if folder.ends_with("new") && description.is_file() {
            let estimates: Estimates = parse(&folder.join("estimates.json"))?;
            comparison.add(parse(&description)?, estimates.mean.point_estimate);
            continue;
        }
        folders.extend(subfolders(&folder)?);
    }
    Ok(comparison)
}

impl Comparison {
    fn add(&mut self, benchmark: Benchmark, nanoseconds: f64) {
        let Benchmark { group_id, function_id, value_str } = benchmark;
        let group = value_str.map_or(group_id.clone(), |value| format!("{group_id} {value}"));
        self.0.entry(group).or_default().insert(function_id.unwrap_or_default(), nanoseconds);
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (group, functions) in &self.0 {
            writeln!(f, "{group}")?;
            let ours = functions.get(OURS);
            for (function, nanoseconds) in functions {
                let ratio = ours.map(|ours| format!("{:8.2} x ours", nanoseconds / ours)).unwrap_or_default();
                writeln!(f, "  {function:24} {:>12}{ratio}", time(*nanoseconds))?;
            }
        }
        Ok(())
    }
}

fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        ns if ns < 1e3 => format!("{ns:.1} ns"),
        ns if ns < 1e6 => format!("{:.2} µs", ns / 1e3),
        ns => format!("{:.2} ms", ns / 1e6),
    }
}

fn parse<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let text = fs::read_to_string(path).map_err(Error::at(path))?;
    serde_json::from_str(&text).map_err(|error| Error::Content { path: path.to_path_buf(), problem: error.to_string() })
}

fn subfolders(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(Error::at(folder))?,
    };
    Ok(entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comparison(results: &[(&str, &str, Option<&str>, f64)]) -> Comparison {
        let mut comparison = Comparison::default();
        for (group, function, value, nanoseconds) in results {
            let benchmark = Benchmark {
                group_id: (*group).to_owned(),
                function_id: Some((*function).to_owned()),
                value_str: value.map(str::to_owned),
            };
            comparison.add(benchmark, *nanoseconds);
        }
        comparison
    }

    #[test]
    fn others_are_shown_as_multiples_of_ours() {
        let text = comparison(&[("invite", "offhook", None, 4_000.0), ("invite", "rsip", None, 17_600.0)]).to_string();
        assert!(text.contains("4.00 µs    1.00 x ours"), "{text}");
        assert!(text.contains("17.60 µs    4.40 x ours"), "{text}");
    }

    #[test]
    fn a_group_without_ours_has_times_only() {
        let text = comparison(&[("forward", "opus", Some("1000"), 812.5)]).to_string();
        assert_eq!(text, format!("forward 1000\n  {:24} {:>12}\n", "opus", "812.5 ns"));
    }

    #[test]
    fn what_criterion_writes_is_read() {
        let folder = std::env::temp_dir().join(format!("offhook-xtask-{}", std::process::id()));
        let new = folder.join("invite/offhook/new");
        fs::create_dir_all(&new).unwrap();
        let description =
            r#"{"group_id":"invite","function_id":"offhook","value_str":null,"full_id":"invite/offhook"}"#;
        fs::write(new.join("benchmark.json"), description).unwrap();
        fs::write(new.join("estimates.json"), r#"{"mean":{"point_estimate":1.5e6},"median":{}}"#).unwrap();
        let text = read(&folder).unwrap().to_string();
        forget(&folder).unwrap();
        assert!(text.contains("1.50 ms    1.00 x ours"), "{text}");
        assert!(read(&folder).unwrap().0.is_empty());
    }
}
