//! The non-INVITE server transaction: RFC 3261 §17.2.2.

use std::time::Instant;

use bytes::Bytes;

use super::machine::{Action, Sent};
use super::timing::Timing;
use crate::message::Response;

pub(super) struct NonInviteServer {
    timing: Timing,
    reliable: bool,
    state: State,
}

enum State {
    /// Trying and Proceeding. The user has as long as the client waits; later answers would only be
    /// misunderstood (RFC 4320 §4.2).
    Waiting {
        last: Option<Bytes>,
        timeout: Instant,
    },
    /// Timer J runs; the response is repeated for each retransmitted request.
    Completed {
        last: Bytes,
        end: Instant,
    },
    Terminated,
}

impl NonInviteServer {
    pub(super) fn new(reliable: bool, timing: Timing, now: Instant) -> Self {
        let state = State::Waiting { last: None, timeout: now + timing.patience() };
        Self { timing, reliable, state }
    }

    pub(super) fn receive_again(&self, actions: &mut Vec<Action>) {
        match &self.state {
            State::Waiting { last: Some(last), .. } | State::Completed { last, .. } => {
                actions.push(Action::Send(last.clone()));
            }
            _ => {}
        }
    }

    pub(super) fn respond(&mut self, response: &Response, now: Instant, actions: &mut Vec<Action>) -> Sent {
        let State::Waiting { last, .. } = &mut self.state else {
            return Sent::Answered;
        };
        let bytes = response.to_bytes();
        actions.push(Action::Send(bytes.clone()));
        if response.status().is_provisional() {
            *last = Some(bytes);
        } else if self.reliable {
            self.state = State::Terminated;
        } else {
            self.state = State::Completed { last: bytes, end: now + self.timing.patience() };
        }
        Sent::Yes
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, actions: &mut Vec<Action>) {
        match &self.state {
            State::Waiting { timeout, .. } if *timeout <= now => {
                actions.push(Action::Timeout);
                self.state = State::Terminated;
            }
            State::Completed { end, .. } if *end <= now => self.state = State::Terminated,
            _ => {}
        }
    }

    pub(super) fn transport_error(&mut self, actions: &mut Vec<Action>) {
        if !self.is_terminated() {
            actions.push(Action::TransportError);
            self.state = State::Terminated;
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Waiting { timeout, .. } => Some(*timeout),
            State::Completed { end, .. } => Some(*end),
            State::Terminated => None,
        }
    }

    pub(super) fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }
}
