//! The order in which a service's hosts are tried (RFC 2782).

use super::MAX_RECORDS;

/// An SRV record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Srv {
    /// Lower ones first.
    pub priority: u16,
    /// How often it is to be first among those of its priority, in proportion.
    pub weight: u16,
    /// The port.
    pub port: u16,
    /// The host; `.` says that the service is not given at all.
    pub target: String,
}

impl Srv {
    /// Whether it says that there is no such service.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self.target.as_str(), "." | "")
    }
}

/// The records in the order to try them: by priority, and at random by weight within one.
pub(super) fn in_order<'a>(records: &'a [Srv], random: &mut impl FnMut() -> u64) -> Vec<&'a Srv> {
    let mut left: Vec<&Srv> = records.iter().take(MAX_RECORDS).filter(|record| !record.is_refusal()).collect();
    // Those of weight 0 stand first, so that they have a small chance (RFC 2782, "Weight").
    left.sort_by_key(|record| (record.priority, record.weight != 0));
    let mut order = Vec::with_capacity(left.len());
    while let Some(first) = left.first() {
        let priority = first.priority;
        let group = || left.iter().take_while(|record| record.priority == priority);
        let sum: u64 = group().map(|record| u64::from(record.weight)).sum();
        let wanted = random().checked_rem(sum.saturating_add(1)).unwrap_or_default();
        let mut running = 0;
        let chosen = group().position(|record| {
            running += u64::from(record.weight);
            running >= wanted
        });
        order.push(left.remove(chosen.unwrap_or_default()));
    }
    order
}

/// Numbers that look random and follow from a seed alone (SplitMix64).
pub(super) fn numbers(mut seed: u64) -> impl FnMut() -> u64 {
    move || {
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn srv(priority: u16, weight: u16, target: &str) -> Srv {
        Srv { priority, weight, port: 5060, target: target.to_owned() }
    }

    fn order(records: &[Srv], numbers: &[u64]) -> String {
        let mut numbers = numbers.iter().copied();
        in_order(records, &mut || numbers.next().unwrap_or_default()).iter().map(|srv| srv.target.as_str()).collect()
    }

    /// How often each comes first, out of all numbers below `numbers`.
    fn firsts(records: &[Srv], numbers: u64) -> HashMap<char, u64> {
        let mut counts = HashMap::new();
        for number in 0..numbers {
            *counts.entry(order(records, &[number]).remove(0)).or_default() += 1;
        }
        counts
    }

    #[test]
    fn priorities_are_tried_in_order() {
        let records = [srv(20, 5, "c"), srv(10, 5, "a"), srv(30, 5, "d"), srv(15, 5, "b")];
        assert_eq!(order(&records, &[7, 7, 7, 7]), "abcd");
    }

    #[test]
    fn weights_are_proportions() {
        // Of the numbers 0 to 100, a has 0 to 10, b 11 to 40 and c 41 to 100.
        let counts = firsts(&[srv(0, 10, "a"), srv(0, 30, "b"), srv(0, 60, "c")], 101);
        assert_eq!((counts[&'a'], counts[&'b'], counts[&'c']), (11, 30, 60));
    }

    #[test]
    fn a_weight_of_zero_is_a_small_chance() {
        let counts = firsts(&[srv(0, 99, "a"), srv(0, 0, "b")], 100);
        assert_eq!((counts[&'a'], counts[&'b']), (99, 1));
    }

    #[test]
    fn the_rest_is_ordered_by_weight_too() {
        let records = [srv(0, 1, "a"), srv(0, 1, "b"), srv(0, 1, "c")];
        let order = |first, second| order(&records, &[first, second]);
        assert_eq!(
            [order(0, 0), order(1, 2), order(2, 1), order(2, 2), order(3, 0), order(3, 2)],
            ["abc", "acb", "bac", "bca", "cab", "cba"]
        );
    }

    #[test]
    fn heavy_weights_do_not_overflow() {
        let records: Vec<Srv> = (0..MAX_RECORDS).map(|_| srv(0, u16::MAX, "a")).collect();
        assert_eq!(order(&records, &[u64::MAX]).len(), MAX_RECORDS);
    }

    #[test]
    fn a_seed_gives_the_same_numbers_again_and_others_give_others() {
        let first = |seed| numbers(seed)();
        assert_eq!(first(1), first(1));
        assert_ne!(first(1), first(2));
        let records = [srv(0, 1, "a"), srv(0, 1, "b")];
        let firsts = |of| (0..1000).filter(|seed| in_order(&records, &mut numbers(*seed))[0].target == of).count();
        assert!((600..=730).contains(&firsts("a")), "of 0, 1 and 2 the first two lead to a: {}", firsts("a"));
    }
}
