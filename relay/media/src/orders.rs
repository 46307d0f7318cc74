//! Keys that wait to be pressed towards a leg, whichever way they go.

use std::collections::VecDeque;
use std::time::Duration;

use crate::dtmf::{Digit, Digits};

/// Keys that may wait, whether ordered together or one by one.
pub(crate) const MAX_WAITING: usize = 2 * Digits::MAX;

/// Orders of keys, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Orders(VecDeque<Order>);

#[derive(Debug)]
struct Order {
    digits: VecDeque<Digit>,
    tone: Duration,
    gap: Duration,
    announced: bool,
}

/// What is next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// This key, pressed for that long, and the pause after it.
    Key(Digit, Duration, Duration),
    /// An announced order has come to its end.
    Done,
}

impl Orders {
    /// Queues an order, whose end is reported as [`Next::Done`] if `announced`. `false` when too many keys are waiting.
    pub(crate) fn push(&mut self, digits: &Digits, tone: Duration, gap: Duration, announced: bool) -> bool {
        let waiting: usize = self.0.iter().map(|order| order.digits.len()).sum();
        if waiting + digits.iter().len() > MAX_WAITING {
            return false;
        }
        self.0.push_back(Order { digits: digits.iter().collect(), tone, gap, announced });
        true
    }

    /// Takes what is next. `None` when nothing waits.
    pub(crate) fn take(&mut self) -> Option<Next> {
        loop {
            let order = self.0.front_mut()?;
            if let Some(digit) = order.digits.pop_front() {
                return Some(Next::Key(digit, order.tone, order.gap));
            }
            let announced = order.announced;
            self.0.pop_front();
            if announced {
                return Some(Next::Done);
            }
        }
    }

    /// How many of those that wait, or are under way, are announced.
    #[must_use]
    pub(crate) fn announced(&self) -> usize {
        self.0.iter().filter(|order| order.announced).count()
    }
}
