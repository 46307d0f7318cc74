//! The same bytes to our parser and to `rsip` and `rsipstack`: where they disagree, the table in
//! `causes.rs` says why, and who is right. A disagreement that is not in the table fails.
//!
//! The oracles are not held to be right: neither passes the torture messages. They are there to
//! show what we would not have thought of.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "everything here is test code")]

mod causes;
mod corpus;
#[path = "../torture/draft.rs"]
mod draft;
#[path = "../torture/own_4475.rs"]
mod own_4475;
#[path = "../torture/own_5118.rs"]
mod own_5118;
mod reading;

use std::collections::{BTreeMap, BTreeSet};

use causes::{CAUSES, Case, REFUSED};
use reading::{FAULT, Oracle, Reading};

/// Mutations of each plain message and of each odd one.
const MUTATIONS: (usize, usize) = (2000, 60);

#[test]
fn every_disagreement_is_explained() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut unexplained = Vec::new();
    for input in corpus::all(MUTATIONS.0, MUTATIONS.1) {
        let ours = reading::ours(&input);
        for oracle in [Oracle::Rsip, Oracle::Rsipstack] {
            let theirs = reading::theirs(oracle, &input);
            for field in disagreements(ours.as_ref(), theirs.as_ref()) {
                let case = Case::new(oracle, field, &input, ours.as_ref(), theirs.as_ref());
                match CAUSES.iter().find(|cause| (cause.holds)(&case)) {
                    Some(cause) => *counts.entry(cause.why).or_default() += 1,
                    None => unexplained.push(case.to_string()),
                }
            }
        }
    }
    for (why, count) in &counts {
        println!("{count:>6}  {why}");
    }
    assert!(
        unexplained.is_empty(),
        "{} disagreements are not explained, the first of them:\n{}",
        unexplained.len(),
        unexplained[..unexplained.len().min(5)].join("\n")
    );
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
