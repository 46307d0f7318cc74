use std::fmt;
use std::time::Instant;

use crate::message::{Request, Response};
use crate::transaction::{Retransmission, Timing};

/// A 2xx to an INVITE that waits for its ACK. The callee repeats it from end to end, over reliable
/// transports too, because a later hop may be unreliable (RFC 3261 §13.3.1.4).
pub struct UnacknowledgedAnswer {
    response: Response,
    number: u32,
    retransmission: Retransmission,
    end: Instant,
}

/// What is due.
#[derive(Debug)]
pub enum AnswerTimeout<'a> {
    /// Nothing yet.
    Wait,
    /// Send the 2xx again.
    Resend(&'a Response),
    /// No ACK came in 64 × T1: the peer is gone. Send BYE and forget this.
    GiveUp,
}

impl UnacknowledgedAnswer {
    /// Takes over after the 2xx was sent for the first time, to an INVITE of this CSeq number.
    pub fn new(response: Response, number: u32, timing: &Timing, now: Instant) -> Self {
        Self {
            response,
            number,
            retransmission: Retransmission::new(now, timing.t1, timing.t2),
            end: now + timing.patience(),
        }
    }

    /// Whether an ACK of this dialog acknowledges it. If so, forget it.
    pub fn is_acknowledged_by(&self, ack: &Request) -> bool {
        ack.headers().cseq().is_ok_and(|cseq| cseq.number == self.number)
    }

    /// When [`UnacknowledgedAnswer::handle_timeout`] is due.
    pub fn poll_timeout(&self) -> Instant {
        self.retransmission.at().min(self.end)
    }

    /// What is due now.
    pub fn handle_timeout(&mut self, now: Instant) -> AnswerTimeout<'_> {
        if self.end <= now {
            return AnswerTimeout::GiveUp;
        }
        if !self.retransmission.is_due(now) {
            return AnswerTimeout::Wait;
        }
        self.retransmission = self.retransmission.next(now);
        AnswerTimeout::Resend(&self.response)
    }
}

impl fmt::Debug for UnacknowledgedAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnacknowledgedAnswer").field("number", &self.number).finish_non_exhaustive()
    }
}
