//! Provisional responses that arrive for certain (RFC 3262): those of ours are repeated until their PRACK comes, those of
//! the peer are taken in their order.

use std::collections::VecDeque;
use std::fmt;
use std::time::Instant;

use crate::message::{BuildError, CSeq, HeaderName, RAck, Response};
use crate::transaction::{Retransmission, Timing};

/// The option tag of RFC 3262.
pub const RELIABLE: &str = "100rel";

/// Responses that may wait behind the one under way; more of them is no progress any more.
const MAX_WAITING: usize = 16;

/// The first number may be anything up to here, so that none of the many after it reaches 2^32 (RFC 3262 section 3).
const LARGEST_FIRST: u64 = (1 << 31) - 1;

/// Our reliable provisional responses to one INVITE. One at a time is under way; the others wait for its PRACK, so that
/// the caller gets them in order whatever the network does.
///
/// They are repeated over reliable transports too: a later hop may be unreliable.
pub struct ReliableResponses {
    cseq: CSeq,
    timing: Timing,
    next: u32,
    under_way: Option<UnderWay>,
    waiting: VecDeque<Response>,
}

struct UnderWay {
    response: Response,
    retransmission: Retransmission,
    end: Instant,
}

/// What a PRACK meant.
#[derive(Debug)]
pub enum Acknowledged {
    /// It names no response that waits for one: answer 481.
    Unknown,
    /// It acknowledges the response under way: answer 2xx, and send the next response, if there is one.
    Here(Option<Response>),
}

/// What is due.
#[derive(Debug)]
pub enum ReliableTimeout<'a> {
    /// Nothing yet.
    Wait,
    /// Send the response again.
    Resend(&'a Response),
    /// No PRACK came in 64 × T1: refuse the INVITE with a 5xx (RFC 3262 section 3).
    GiveUp,
}

impl ReliableResponses {
    /// None so far, to an INVITE with this CSeq. `random` makes the first number.
    pub fn new(cseq: CSeq, random: u64, timing: &Timing) -> Self {
        let next = u32::try_from(random % LARGEST_FIRST).unwrap_or(0).saturating_add(1);
        Self { cseq, timing: *timing, next, under_way: None, waiting: VecDeque::new() }
    }

    /// Takes a response, and gives it back numbered if it is to be sent now; else it waits.
    ///
    /// # Errors
    /// Never in practice: the headers of our own are sound.
    pub fn send(&mut self, response: Response, now: Instant) -> Result<Option<Response>, BuildError> {
        if self.under_way.is_none() {
            return self.begin(response, now).map(Some);
        }
        if self.waiting.len() < MAX_WAITING {
            self.waiting.push_back(response);
        }
        Ok(None)
    }

    /// Takes a PRACK's RAck.
    pub fn acknowledge(&mut self, rack: &RAck, now: Instant) -> Acknowledged {
        if !self.is_under_way(rack) {
            return Acknowledged::Unknown;
        }
        self.under_way = None;
        let next = self.waiting.pop_front();
        Acknowledged::Here(next.and_then(|next| self.begin(next, now).ok()))
    }

    /// Whether a response waits for its PRACK.
    pub fn is_waiting(&self) -> bool {
        self.under_way.is_some()
    }

    /// Whether a description of ours waits for its PRACK: the 2xx must not go before that came (RFC 3262 section 3).
    pub fn holds_answer(&self) -> bool {
        let responses = self.under_way.iter().map(|under_way| &under_way.response).chain(&self.waiting);
        responses.into_iter().any(|response| !response.body().is_empty())
    }

    /// When [`ReliableResponses::handle_timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.under_way.as_ref().map(|under_way| under_way.retransmission.at().min(under_way.end))
    }

    /// What is due now.
    pub fn handle_timeout(&mut self, now: Instant) -> ReliableTimeout<'_> {
        let Some(under_way) = self.under_way.as_mut() else { return ReliableTimeout::Wait };
        if under_way.end <= now {
            return ReliableTimeout::GiveUp;
        }
        if !under_way.retransmission.is_due(now) {
            return ReliableTimeout::Wait;
        }
        under_way.retransmission = under_way.retransmission.next(now);
        ReliableTimeout::Resend(&under_way.response)
    }

    fn is_under_way(&self, rack: &RAck) -> bool {
        // The number of the response under way is the one before the next.
        self.under_way.is_some() && rack.rseq == self.next.saturating_sub(1) && rack.cseq == self.cseq
    }

    fn begin(&mut self, mut response: Response, now: Instant) -> Result<Response, BuildError> {
        response.headers_mut().push(HeaderName::Require, RELIABLE)?;
        response.headers_mut().push(HeaderName::RSeq, self.next)?;
        self.next = self.next.saturating_add(1);
        // T1 that doubles without a limit.
        let retransmission = Retransmission::new(now, self.timing.t1, std::time::Duration::MAX);
        let end = now + self.timing.patience();
        self.under_way = Some(UnderWay { response: response.clone(), retransmission, end });
        Ok(response)
    }
}

impl fmt::Debug for ReliableResponses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReliableResponses")
            .field("next", &self.next)
            .field("is_waiting", &self.is_waiting())
            .field("waiting", &self.waiting.len())
            .finish_non_exhaustive()
    }
}

/// The order of a peer's reliable provisional responses in one early dialog (RFC 3262 section 4).
#[derive(Debug, Clone, Default)]
pub struct ResponseOrder {
    last: Option<u32>,
}

/// Where a reliable provisional response stands in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It is the next: take it and acknowledge it.
    Next,
    /// It came before: it is a repetition, and its PRACK is on its way. Ignore it.
    Repeated,
    /// Others are missing before it: ignore it. The peer repeats what has no PRACK.
    TooEarly,
}

impl ResponseOrder {
    /// Sorts in the response with this RSeq.
    pub fn receive(&mut self, rseq: u32) -> Place {
        let next = self.last.map(|last| last.checked_add(1));
        match (self.last, next) {
            (None, _) => {}
            (_, Some(Some(next))) if rseq == next => {}
            (Some(last), _) if rseq <= last => return Place::Repeated,
            _ => return Place::TooEarly,
        }
        self.last = Some(rseq);
        Place::Next
    }
}
