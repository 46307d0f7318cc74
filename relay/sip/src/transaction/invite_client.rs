//! The INVITE client transaction: RFC 3261 §17.1.1, with the Accepted state of RFC 6026 §7.2.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::acknowledge::acknowledge;
use super::cancel::cancel;
use super::error::CancelError;
use super::machine::Action;
use super::timing::{Retransmission, Timing};
use crate::message::{HeaderName, Reason, Request, Response, StatusCode};

pub(super) struct InviteClient {
    timing: Timing,
    reliable: bool,
    request: Request,
    bytes: Bytes,
    state: State,
    /// Whether the user gave up, and whether the peer knows.
    cancel: Cancel,
    /// What the CANCEL is to say of it (RFC 3326).
    reason: Option<Reason>,
}

enum State {
    /// Timers A and B run.
    Calling {
        retransmission: Option<Retransmission>,
        timeout: Instant,
    },
    /// No timer runs, unless a CANCEL was sent: then the peer has 64 × T1 left (§9.1).
    Proceeding {
        timeout: Option<Instant>,
    },
    /// Timer D runs; retransmitted final responses get the ACK again.
    Completed {
        ack: Option<Bytes>,
        end: Instant,
    },
    /// Timer M runs; every 2xx goes to the user.
    Accepted {
        end: Instant,
    },
    Terminated,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cancel {
    Unwanted,
    /// It may not be sent before a provisional response came (§9.1).
    Wanted,
    Sent,
}

impl InviteClient {
    pub(super) fn new(
        request: Request,
        reliable: bool,
        timing: Timing,
        now: Instant,
        actions: &mut Vec<Action>,
    ) -> Self {
        let bytes = request.to_bytes();
        actions.push(Action::Send(bytes.clone()));
        let retransmission = (!reliable).then(|| Retransmission::new(now, timing.t1, Duration::MAX));
        let state = State::Calling { retransmission, timeout: now + timing.patience() };
        Self { timing, reliable, request, bytes, state, cancel: Cancel::Unwanted, reason: None }
    }

    /// Gives the call up: at once if the peer has been heard of, else as soon as it is.
    pub(super) fn cancel(
        &mut self,
        reason: Option<Reason>,
        now: Instant,
        actions: &mut Vec<Action>,
    ) -> Result<(), CancelError> {
        if self.cancel == Cancel::Unwanted {
            self.reason = reason;
        }
        match (&self.state, self.cancel) {
            (State::Calling { .. }, Cancel::Unwanted) => {
                self.cancel = Cancel::Wanted;
                Ok(())
            }
            (State::Proceeding { .. }, Cancel::Unwanted) => self.send_cancel(now, actions),
            (State::Calling { .. } | State::Proceeding { .. }, _) => Ok(()),
            _ => Err(CancelError::TooLate),
        }
    }

    /// The call goes elsewhere: what was sent is not repeated, and cancelled once it is known to have arrived.
    pub(super) fn abandon(&mut self, now: Instant, actions: &mut Vec<Action>) {
        if let State::Calling { retransmission, .. } = &mut self.state {
            *retransmission = None;
        }
        // Too late means that it is answered, which the user will hear.
        drop(self.cancel(None, now, actions));
    }

    pub(super) fn receive(&mut self, response: Response, now: Instant, actions: &mut Vec<Action>) {
        match self.state {
            State::Calling { .. } | State::Proceeding { .. } => self.receive_while_waiting(response, now, actions),
            State::Completed { ref ack, .. } if is_failure(response.status()) => {
                actions.extend(ack.clone().map(Action::Send));
            }
            State::Accepted { .. } if response.status().is_success() => self.pass_on(response, actions),
            _ => {}
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, actions: &mut Vec<Action>) {
        match &mut self.state {
            State::Calling { timeout, .. } | State::Proceeding { timeout: Some(timeout) } if *timeout <= now => {
                actions.push(Action::Timeout);
                self.state = State::Terminated;
            }
            State::Calling { retransmission: Some(retransmission), .. } if retransmission.is_due(now) => {
                *retransmission = retransmission.next(now);
                actions.push(Action::Send(self.bytes.clone()));
            }
            State::Completed { end, .. } | State::Accepted { end } if *end <= now => self.state = State::Terminated,
            _ => {}
        }
    }

    pub(super) fn transport_error(&mut self, actions: &mut Vec<Action>) {
        match self.state {
            State::Calling { .. } | State::Completed { .. } => {
                actions.push(Action::TransportError);
                self.state = State::Terminated;
            }
            // Nothing of ours is on its way in the other states.
            _ => {}
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Calling { retransmission, timeout } => {
                let again = retransmission.as_ref().map(Retransmission::at);
                Some(again.map_or(*timeout, |again| again.min(*timeout)))
            }
            State::Proceeding { timeout } => *timeout,
            State::Completed { end, .. } | State::Accepted { end } => Some(*end),
            State::Terminated => None,
        }
    }

    pub(super) fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }

    fn receive_while_waiting(&mut self, response: Response, now: Instant, actions: &mut Vec<Action>) {
        let status = response.status();
        if status.is_provisional() {
            if matches!(self.state, State::Calling { .. }) {
                self.state = State::Proceeding { timeout: None };
            }
            if self.cancel == Cancel::Wanted {
                // A request that was sent can be cancelled: what the CANCEL needs is in it.
                let _ = self.send_cancel(now, actions);
            }
        } else if status.is_success() {
            self.state = State::Accepted { end: now + self.timing.patience() };
        } else {
            let ack = acknowledge(&self.request, &response).map(|ack| ack.to_bytes()).ok();
            actions.extend(ack.clone().map(Action::Send));
            self.state = match self.reliable {
                true => State::Terminated,
                false => State::Completed { ack, end: now + self.timing.timer_d },
            };
        }
        self.pass_on(response, actions);
    }

    fn send_cancel(&mut self, now: Instant, actions: &mut Vec<Action>) -> Result<(), CancelError> {
        let mut request = cancel(&self.request)?;
        if let Some(reason) = &self.reason {
            request.headers_mut().push(HeaderName::Reason, reason)?;
        }
        actions.push(Action::Cancel(Box::new(request)));
        self.cancel = Cancel::Sent;
        self.state = State::Proceeding { timeout: Some(now + self.timing.patience()) };
        Ok(())
    }

    fn pass_on(&self, response: Response, actions: &mut Vec<Action>) {
        let cancelled = self.cancel != Cancel::Unwanted;
        actions.push(Action::Respond(Box::new(response), cancelled));
    }
}

fn is_failure(status: StatusCode) -> bool {
    status.is_final() && !status.is_success()
}
