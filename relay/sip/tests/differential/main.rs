//! The same bytes to our parser and to `rsip` and `rsipstack`: where they disagree, the table in
//! `causes.rs` says why, and who is right. A disagreement that is not in the table fails.
//!
//! The oracles are not held to be right: neither passes the torture messages. They are there to
//! show what we would not have thought of.
//!
//! `OFFHOOK_MUTATIONS` says how many mutated messages are read, and `OFFHOOK_SEED` which ones; the table of causes comes
//! out with `--nocapture`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "everything here is test code")]

mod causes;
mod corpus;
#[path = "../torture/draft.rs"]
mod draft;
mod grammar;
mod healing;
#[path = "../torture/own_4475.rs"]
mod own_4475;
#[path = "../torture/own_5118.rs"]
mod own_5118;
mod reading;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use causes::{CAUSES, Case, REFUSED};
use grammar::Derived;
use reading::{FAULT, Oracle, Reading};

/// How many mutated messages are read where nothing else is asked for.
const MUTATIONS: usize = 20_000;

/// How many unexplained disagreements are shown.
const EXAMPLES: usize = 12;

/// What begins the choice of mutations where nothing else is asked for.
const SEED: u64 = 0x0ff_400c;

#[test]
fn every_disagreement_is_explained() {
    let mutations = setting("OFFHOOK_MUTATIONS").map_or(MUTATIONS, |count| count.try_into().unwrap());
    let seed = setting("OFFHOOK_SEED").unwrap_or(SEED);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut unexplained, mut examples) = (0, Vec::new());
    // An oracle that panics has refused; it need not say so.
    std::panic::set_hook(Box::new(|_| {}));
    for input in corpus::all(mutations, seed) {
        for finding in findings(&input) {
            match finding {
                Ok(why) => *counts.entry(why).or_default() += 1,
                Err(case) => {
                    unexplained += 1;
                    if examples.len() < EXAMPLES {
                        examples.push(case);
                    }
                }
            }
        }
    }
    drop(std::panic::take_hook());
    println!("{mutations} mutations from seed {seed:#x}");
    for (why, count) in &counts {
        println!("{count:>6}  {why}");
    }
    let examples = examples.join("\n");
    assert_eq!(unexplained, 0, "disagreements are not explained, the first of them:\n{examples}");
    for cause in CAUSES {
        assert!(counts.contains_key(cause.why), "it no longer happens: {}", cause.why);
    }
}

#[test]
fn ordinary_messages_are_read_alike_by_all_three() {
    for message in corpus::PLAIN {
        let ours = reading::ours(message.as_bytes());
        assert!(ours.is_some());
        for oracle in [Oracle::Rsip, Oracle::Rsipstack] {
            assert_eq!(reading::theirs(oracle, message.as_bytes()), ours);
        }
    }
}

/// Every disagreement about one message: why it is there, or the disagreement itself where nobody knows.
fn findings(input: &[u8]) -> Vec<Result<&'static str, String>> {
    let ours = reading::ours(input);
    let mut findings = Vec::new();
    let derived = grammar::derive(input);
    if let Some(wrong) = contradiction(&derived, ours.as_ref()) {
        findings.push(Err(format!("--- the grammar and {wrong}\n{}", String::from_utf8_lossy(input))));
    }
    for oracle in [Oracle::Rsip, Oracle::Rsipstack] {
        let mut input = Cow::Borrowed(input);
        let mut fields = disagreements(ours.as_ref(), reading::theirs(oracle, &input).as_ref());
        if let (false, Some(healed)) = (fields.is_empty(), healing::heal(&input)) {
            findings.push(match reading::ours(&healed) == ours {
                true => Ok(healing::WHY),
                false => {
                    Err(format!("--- we read it otherwise once it is healed\n{}", String::from_utf8_lossy(&input)))
                }
            });
            fields = disagreements(ours.as_ref(), reading::theirs(oracle, &healed).as_ref());
            input = Cow::Owned(healed);
        }
        let theirs = reading::theirs(oracle, &input);
        for field in fields {
            let case = Case::new(oracle, field, &input, (ours.as_ref(), theirs.as_ref()), derived.contains_key(field));
            let cause = CAUSES.iter().find(|cause| (cause.holds)(&case));
            findings.push(cause.map(|cause| cause.why).ok_or_else(|| case.to_string()));
        }
    }
    findings
}

/// A field that the grammar derives and we read otherwise, or `REFUSED`.
fn contradiction(derived: &Derived, ours: Option<&Reading>) -> Option<&'static str> {
    let differs = |field: &str, value: &Option<String>| ours.and_then(|ours| ours.get(field)) != value.as_ref();
    let (field, _) = derived.iter().find(|(field, value)| differs(field, value))?;
    Some(if ours.is_some() { field } else { REFUSED })
}

/// A number from the environment, decimal or hexadecimal.
fn setting(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    let number = match value.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => value.parse(),
    };
    Some(number.unwrap())
}

/// The fields that differ. A field we call unreadable and they do not have is no difference.
fn disagreements(ours: Option<&Reading>, theirs: Option<&Reading>) -> Vec<&'static str> {
    let (ours, theirs) = match (ours, theirs) {
        (None, None) => return Vec::new(),
        (Some(ours), Some(theirs)) => (ours, theirs),
        _ => return vec![REFUSED],
    };
    let fields: BTreeSet<&'static str> = ours.keys().chain(theirs.keys()).copied().collect();
    let differs = |field: &&'static str| match (ours.get(field), theirs.get(field)) {
        (Some(value), None) => !value.starts_with(FAULT),
        (ours, theirs) => ours != theirs,
    };
    fields.into_iter().filter(differs).collect()
}
