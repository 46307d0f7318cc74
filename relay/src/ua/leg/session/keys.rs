//! Keys as INFO requests (RFC 6086): one at a time, at the pace of a finger.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use offhook_protocol::{ErrorCode, Failure};
use offhook_sip::message::{HeaderName, Method, Request, Response, StatusCode};
use offhook_sip::transaction::ServerId;

use super::picture::asks_for_picture;
use super::{Bye, Session};
use crate::call::{Cause, LegEvent, failure_for_status};
use crate::ua::hop::Hop;
use crate::ua::leg::media::Media;
use crate::ua::leg::signal::{Signal, USUAL};
use crate::ua::leg::{Common, Sending};
use crate::ua::outbox::{NextHop, RequestId, Unanswered};

/// The pause after a key.
const GAP: Duration = Duration::from_millis(100);

/// Keys that may wait at once.
const MAX_WAITING: usize = 128;

/// Keys of ours on their way to the peer.
#[derive(Default)]
pub(super) struct Keys {
    waiting: VecDeque<Signal>,
    /// The one whose answer is awaited, and whether it has been sent again with credentials.
    sent: Option<Sent>,
    /// No key goes before.
    not_before: Option<Instant>,
}

struct Sent {
    id: Option<RequestId>,
    signal: Signal,
    is_repeated: bool,
}

impl Keys {
    pub(super) fn is_about(&self, id: RequestId) -> bool {
        self.sent.as_ref().is_some_and(|sent| sent.id == Some(id))
    }

    pub(super) fn name(&mut self, id: RequestId) {
        if let Some(sent) = &mut self.sent {
            sent.id = Some(id);
        }
    }
}

/// Keys may be a PIN.
impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("waiting", &self.waiting.len()).finish_non_exhaustive()
    }
}

impl Session {
    /// Presses a key towards the peer, after those that wait.
    pub(in crate::ua::leg) fn press(&mut self, signal: Signal, common: &mut Common, hop: &mut Hop, now: Instant) {
        // A peer that takes no INFO has other ways, and ears if nothing else.
        if !common.peer.may_take_keys() && common.press_in_media(&signal) {
            return;
        }
        if self.keys.waiting.len() >= MAX_WAITING {
            let failure = Failure::new(ErrorCode::LimitReached, "Too many keys wait to be sent; one was left out.");
            return common.event(LegEvent::Warning(failure));
        }
        let duration = signal.duration.max(USUAL);
        self.keys.waiting.push_back(Signal { duration, ..signal });
        self.press_next(common, hop, now);
    }

    /// When [`Session::press_next`] has something to do. Whatever else a key waits for tells when it is there.
    pub(super) fn next_press(&self) -> Option<Instant> {
        self.keys.not_before.filter(|_| self.may_press() && !self.keys.waiting.is_empty())
    }

    /// Sends the next key, if it is its time.
    pub(super) fn press_next(&mut self, common: &mut Common, hop: &mut Hop, now: Instant) {
        if !self.may_press() || self.keys.not_before.is_some_and(|at| now < at) {
            return;
        }
        let Some(signal) = self.keys.waiting.pop_front() else { return };
        self.send_key(signal, false, common, hop, now);
    }

    /// Takes the response to a key.
    pub(super) fn key_response(&mut self, response: &Response, common: &mut Common, hop: &mut Hop, now: Instant) {
        if response.status().is_provisional() {
            return;
        }
        let Some(Sent { signal, is_repeated, .. }) = self.keys.sent.take() else { return };
        match response.status().code() {
            200..=299 => {
                common.authorized();
                self.press_next(common, hop, now);
            }
            401 | 407 if !is_repeated && common.challenged_in(&self.dialog, response).is_ok() => {
                self.send_key(signal, true, common, hop, now);
            }
            // RFC 3261 section 12.2.1.2: the peer has no such dialog any more.
            code @ 481 => {
                common.tell_end(Cause::Failure(failure_for_status(code, &response.reason())));
                self.hang_up(common, hop);
            }
            // A peer that does not take one key will not take the next; but it has its media.
            code => {
                common.peer.refused_key();
                self.keys.waiting.push_front(signal);
                while self.keys.waiting.front().is_some_and(|signal| common.press_in_media(signal)) {
                    self.keys.waiting.pop_front();
                }
                if !self.keys.waiting.is_empty() {
                    self.keys_refused(code, &response.reason(), common);
                }
            }
        }
    }

    /// A key got no response; the call may be well all the same.
    pub(super) fn key_unanswered(&mut self, why: Unanswered, common: &mut Common) {
        self.keys.sent = None;
        let (status, reason) = match why {
            Unanswered::Timeout => (408, "Request Timeout"),
            Unanswered::Unreachable(_) => (503, "Service Unavailable"),
        };
        self.keys_refused(status, reason, common);
    }

    /// Takes a key of the peer's.
    pub(super) fn take_key(&mut self, id: ServerId, request: &Request, common: &mut Common) {
        // Some send an empty INFO to see whether the dialog is still there.
        if request.body().is_empty() {
            return common.respond(id, request, StatusCode::OK);
        }
        // What else may be said of an encoder is none of the relay's affair (RFC 5168 section 5).
        if let Some(asks) = asks_for_picture(request) {
            common.respond(id, request, StatusCode::OK);
            let refresh = common.exchange.media().filter(|_| asks).map(Media::refresh);
            return common.media(refresh);
        }
        let Some(Signal { digit, duration, method }) = Signal::of(request) else {
            return common.respond(id, request, StatusCode::BAD_REQUEST);
        };
        common.respond(id, request, StatusCode::OK);
        common.peer.sent_key();
        common.event(LegEvent::Dtmf { digit, duration, method });
    }

    fn may_press(&self) -> bool {
        matches!(self.bye, Bye::None) && self.answer.is_none() && self.keys.sent.is_none()
    }

    /// The keys that wait will not be taken either.
    fn keys_refused(&mut self, status: u16, reason: &str, common: &mut Common) {
        self.keys.waiting.clear();
        let message = match status {
            405 | 415 | 501 => "The far end takes no keys in this way. Another DTMF method may work.",
            _ => "The far end did not take a key.",
        };
        let failure = failure_for_status(status, reason);
        common.event(LegEvent::Warning(Failure { code: ErrorCode::Rejected, message: message.to_owned(), ..failure }));
    }

    fn send_key(&mut self, signal: Signal, is_repeated: bool, common: &mut Common, hop: &mut Hop, now: Instant) {
        let Some((info, next_hop)) = self.info(&signal, common, hop) else {
            return self.keys_refused(503, "Service Unavailable", common);
        };
        common.send(Some(self.dialog.id()), Sending::Key, info, next_hop);
        self.keys.sent = Some(Sent { id: None, signal, is_repeated });
        self.keys.not_before = Some(now + signal.duration + GAP);
    }

    fn info(&mut self, signal: &Signal, common: &mut Common, hop: &mut Hop) -> Option<(Request, NextHop)> {
        let next_hop = NextHop::of_uri(self.dialog.next_hop(), common.protocol)?;
        let via = hop.via(next_hop.protocol).ok()?;
        let (kind, body) = signal.body()?;
        let info = self.dialog.request(Method::Info, &via).header(HeaderName::UserAgent, &common.user_agent);
        let info = info.body(kind, body).build();
        let mut info = info.inspect_err(|error| tracing::warn!(%error, "an INFO was not sent")).ok()?;
        common.authorize(&mut info, &next_hop, hop).ok()?;
        Some((info, next_hop))
    }
}
