//! The non-INVITE client transaction: RFC 3261 §17.1.2.

use std::time::Instant;

use bytes::Bytes;

use super::machine::Action;
use super::timing::{Retransmission, Timing};
use crate::message::{Request, Response};

pub(super) struct NonInviteClient {
    timing: Timing,
    reliable: bool,
    bytes: Bytes,
    state: State,
}

enum State {
    /// Trying and Proceeding: timers E and F run.
    Waiting {
        retransmission: Option<Retransmission>,
        timeout: Instant,
    },
    /// Timer K runs; retransmitted responses are absorbed.
    Completed {
        end: Instant,
    },
    Terminated,
}

impl NonInviteClient {
    pub(super) fn new(
        request: &Request,
        reliable: bool,
        timing: Timing,
        now: Instant,
        actions: &mut Vec<Action>,
    ) -> Self {
        let bytes = request.to_bytes();
        actions.push(Action::Send(bytes.clone()));
        let retransmission = (!reliable).then(|| Retransmission::new(now, timing.t1, timing.t2));
        let state = State::Waiting { retransmission, timeout: now + timing.patience() };
        Self { timing, reliable, bytes, state }
    }

    pub(super) fn receive(&mut self, response: Response, now: Instant, actions: &mut Vec<Action>) {
        let State::Waiting { retransmission, .. } = &mut self.state else {
            return;
        };
        if response.status().is_final() {
            self.state = match self.reliable {
                true => State::Terminated,
                false => State::Completed { end: now + self.timing.t4 },
            };
        } else if let Some(retransmission) = retransmission {
            // The peer is alive: from now on every T2 is enough.
            *retransmission = Retransmission::new(now, self.timing.t2, self.timing.t2);
        }
        actions.push(Action::Respond(Box::new(response), false));
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, actions: &mut Vec<Action>) {
        match &mut self.state {
            State::Waiting { timeout, .. } if *timeout <= now => {
                actions.push(Action::Timeout);
                self.state = State::Terminated;
            }
            State::Waiting { retransmission: Some(retransmission), .. } if retransmission.is_due(now) => {
                *retransmission = retransmission.next(now);
                actions.push(Action::Send(self.bytes.clone()));
            }
            State::Completed { end } if *end <= now => self.state = State::Terminated,
            _ => {}
        }
    }

    pub(super) fn transport_error(&mut self, actions: &mut Vec<Action>) {
        if matches!(self.state, State::Waiting { .. }) {
            actions.push(Action::TransportError);
            self.state = State::Terminated;
        }
    }

    /// Nobody waits for a response any more.
    pub(super) fn abandon(&mut self) {
        self.state = State::Terminated;
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Waiting { retransmission, timeout } => {
                let again = retransmission.as_ref().map(Retransmission::at);
                Some(again.map_or(*timeout, |again| again.min(*timeout)))
            }
            State::Completed { end } => Some(*end),
            State::Terminated => None,
        }
    }

    pub(super) fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }
}
