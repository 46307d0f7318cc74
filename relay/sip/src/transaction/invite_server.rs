//! The INVITE server transaction: RFC 3261 §17.2.1, with the Accepted state of RFC 6026 §7.1.

use std::time::Instant;

use bytes::Bytes;

use super::machine::{Action, Sent};
use super::timing::{Retransmission, Timing};
use crate::message::{Request, Response, StatusCode};

pub(super) struct InviteServer {
    timing: Timing,
    reliable: bool,
    /// The tag the user gave its responses: those of one call share it.
    tag: Option<String>,
    state: State,
}

enum State {
    /// Until the user answers; a 100 is sent at `trying` if it has said nothing by then.
    Proceeding {
        /// What a 100 or 487 of our own answers. Kept no longer than they can be sent: it may be as large as a datagram.
        request: Request,
        last: Option<Bytes>,
        trying: Option<Instant>,
    },
    /// Timers G and H run: the final response is repeated until its ACK comes.
    Completed {
        last: Bytes,
        retransmission: Option<Retransmission>,
        timeout: Instant,
    },
    /// Timer I runs; retransmitted ACKs are absorbed.
    Confirmed {
        end: Instant,
    },
    /// Timer L runs; retransmitted INVITEs are absorbed, the user repeats the 2xx.
    Accepted {
        end: Instant,
    },
    Terminated,
}

/// What an ACK means to the transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Acknowledged {
    /// It acknowledged our response, or was absorbed.
    Here,
    /// It belongs to a 2xx: the user has to know.
    EndToEnd,
}

impl InviteServer {
    pub(super) fn new(request: Request, reliable: bool, timing: Timing, now: Instant) -> Self {
        let state = State::Proceeding { request, last: None, trying: Some(now + timing.trying) };
        Self { timing, reliable, tag: None, state }
    }

    pub(super) fn receive_again(&self, actions: &mut Vec<Action>) {
        match &self.state {
            State::Proceeding { last: Some(last), .. } | State::Completed { last, .. } => {
                actions.push(Action::Send(last.clone()));
            }
            _ => {}
        }
    }

    pub(super) fn receive_ack(&mut self, now: Instant) -> Acknowledged {
        match self.state {
            State::Accepted { .. } => return Acknowledged::EndToEnd,
            State::Completed { .. } if self.reliable => self.state = State::Terminated,
            State::Completed { .. } => self.state = State::Confirmed { end: now + self.timing.t4 },
            _ => {}
        }
        Acknowledged::Here
    }

    pub(super) fn respond(&mut self, response: &Response, now: Instant, actions: &mut Vec<Action>) -> Sent {
        let status = response.status();
        let (last, trying) = match &mut self.state {
            State::Proceeding { last, trying, .. } => (last, trying),
            State::Accepted { .. } if status.is_success() => {
                actions.push(Action::Send(response.to_bytes()));
                return Sent::Yes;
            }
            _ => return Sent::Answered,
        };
        let bytes = response.to_bytes();
        actions.push(Action::Send(bytes.clone()));
        if let Ok(to) = response.headers().to()
            && let Some(tag) = to.tag()
        {
            self.tag = Some(tag.to_owned());
        }
        if status.is_provisional() {
            (*last, *trying) = (Some(bytes), None);
        } else if status.is_success() {
            self.state = State::Accepted { end: now + self.timing.patience() };
        } else {
            let again = || Retransmission::new(now, self.timing.t1, self.timing.t2);
            let retransmission = (!self.reliable).then(again);
            self.state = State::Completed { last: bytes, retransmission, timeout: now + self.timing.patience() };
        }
        Sent::Yes
    }

    /// The peer gave up: answers 487 unless the INVITE has its final response. Tells whether it did.
    pub(super) fn cancel(&mut self, tag: &str, now: Instant, actions: &mut Vec<Action>) -> bool {
        let State::Proceeding { request, .. } = &self.state else {
            return false;
        };
        let tag = self.tag().unwrap_or(tag).to_owned();
        let reply = Response::reply(request, StatusCode::REQUEST_TERMINATED).to_tag(&tag).build();
        let Ok(reply) = reply else {
            return false;
        };
        self.respond(&reply, now, actions) == Sent::Yes
    }

    /// The tag the user gave its responses.
    pub(super) fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, actions: &mut Vec<Action>) {
        match &mut self.state {
            State::Proceeding { request, last, trying } if trying.is_some_and(|at| at <= now) => {
                *trying = None;
                if let Ok(reply) = Response::reply(request, StatusCode::TRYING).build() {
                    let bytes = reply.to_bytes();
                    *last = Some(bytes.clone());
                    actions.push(Action::Send(bytes));
                }
            }
            State::Completed { timeout, .. } if *timeout <= now => {
                actions.push(Action::Timeout);
                self.state = State::Terminated;
            }
            State::Completed { last, retransmission: Some(retransmission), .. } if retransmission.is_due(now) => {
                *retransmission = retransmission.next(now);
                actions.push(Action::Send(last.clone()));
            }
            State::Confirmed { end } | State::Accepted { end } if *end <= now => self.state = State::Terminated,
            _ => {}
        }
    }

    pub(super) fn transport_error(&mut self, actions: &mut Vec<Action>) {
        match self.state {
            State::Proceeding { .. } | State::Completed { .. } => {
                actions.push(Action::TransportError);
                self.state = State::Terminated;
            }
            // RFC 6026 §7.1: the user may still repeat its 2xx.
            State::Accepted { .. } => actions.push(Action::TransportError),
            State::Confirmed { .. } | State::Terminated => {}
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Proceeding { trying, .. } => *trying,
            State::Completed { retransmission, timeout, .. } => {
                let again = retransmission.as_ref().map(Retransmission::at);
                Some(again.map_or(*timeout, |again| again.min(*timeout)))
            }
            State::Confirmed { end } | State::Accepted { end } => Some(*end),
            State::Terminated => None,
        }
    }

    pub(super) fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }
}
