//! Requests of strangers: scanners, wardialers, and whoever else finds the port. They are let through, refused or met with
//! silence before anything is remembered of them.

use std::collections::HashSet;
use std::net::IpAddr;
use std::time::Instant;

use offhook_sip::transaction::ServerId;

use crate::config::StrangerPolicy;
use crate::limits::Sources;

/// Sources that are told apart. Beyond them all others share one rate.
const MAX_SOURCES: usize = 4096;

/// Transactions that strangers may have under way at once where nothing else is said.
const TRANSACTIONS: usize = 10_000;

/// How strangers are met.
#[derive(Debug)]
pub(super) struct Strangers {
    policy: StrangerPolicy,
    sources: Sources,
    unanswered: u64,
    /// Their transactions: they fill a part of the table, so that those who belong here find room in the rest.
    under_way: HashSet<ServerId>,
    most_under_way: usize,
}

impl Default for Strangers {
    fn default() -> Self {
        Self::new(StrangerPolicy::Services, 50)
    }
}

impl Strangers {
    /// A policy, and how many requests of one source are let through a second in the mean.
    pub(super) fn new(policy: StrangerPolicy, per_second: u32) -> Self {
        Self {
            policy,
            sources: Sources::per_second(per_second, MAX_SOURCES),
            unanswered: 0,
            under_way: HashSet::new(),
            most_under_way: TRANSACTIONS,
        }
    }

    /// The same with room for a tenth of so many transactions.
    pub(super) fn sharing(self, transactions: usize) -> Self {
        Self { most_under_way: (transactions / 10).max(1), ..self }
    }

    /// Whether there is room for one more transaction of theirs.
    pub(super) fn have_room(&self) -> bool {
        self.under_way.len() < self.most_under_way
    }

    /// One of theirs has begun.
    pub(super) fn began(&mut self, transaction: ServerId) {
        self.under_way.insert(transaction);
    }

    /// A transaction has ended, whoever it was with.
    pub(super) fn ended(&mut self, transaction: ServerId) {
        self.under_way.remove(&transaction);
    }

    pub(super) fn policy(&self) -> StrangerPolicy {
        self.policy
    }

    /// Requests met with silence so far.
    pub(super) fn unanswered(&self) -> u64 {
        self.unanswered
    }

    /// Notes a request that is met with silence.
    pub(super) fn ignore(&mut self) {
        self.unanswered = self.unanswered.saturating_add(1);
    }

    /// Whether one more request of this source is looked at now.
    pub(super) fn admit(&mut self, source: IpAddr, now: Instant) -> bool {
        self.sources.of(source, now).take(now)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[expect(clippy::disallowed_methods, reason = "an instant to begin simulated time at")]
    fn start() -> Instant {
        Instant::now()
    }

    fn ip(last: u32) -> IpAddr {
        IpAddr::V4(last.into())
    }

    #[test]
    fn a_flood_of_one_source_is_cut_and_others_are_not() {
        let (mut strangers, now) = (Strangers::new(StrangerPolicy::Services, 10), start());
        let admitted = (0..10_000).filter(|_| strangers.admit(ip(1), now)).count();
        assert_eq!(admitted, 40, "four seconds' worth at once");
        assert!(strangers.admit(ip(2), now));
        assert!(strangers.admit(ip(1), now + Duration::from_secs(1)));
    }

    #[test]
    fn a_crowd_takes_no_more_room_than_there_is() {
        let (mut strangers, now) = (Strangers::new(StrangerPolicy::Silent, 1), start());
        for number in 0..100_000 {
            strangers.admit(ip(number), now);
        }
        assert_eq!(strangers.sources.len(), MAX_SOURCES);
        assert!(!strangers.admit(ip(200_000), now), "those that are not told apart share one rate");
        let later = now + Duration::from_secs(60);
        assert!(strangers.admit(ip(200_000), later));
        assert_eq!(strangers.sources.len(), 1, "the silent are forgotten");
    }
}
