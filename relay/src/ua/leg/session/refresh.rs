//! Refreshes of a session, and what becomes of one that is not refreshed (RFC 4028 sections 7.4 and 10).

use std::time::Instant;

use offhook_protocol::{ErrorCode, Failure};
use offhook_sip::dialog::SessionTimeout;
use offhook_sip::message::{HeaderName, Headers, Method, Request, Response, StatusCode};
use offhook_sip::transaction::ServerId;

use super::{Bye, Session};
use crate::call::{Cause, failure_for_status};
use crate::ua::hop::Hop;
use crate::ua::leg::{Common, LegOutput, Sending};
use crate::ua::outbox::{NextHop, RequestId};

/// How a session is refreshed.
#[derive(Debug)]
pub(super) struct Refresh {
    /// The peer takes UPDATE, which leaves the media alone.
    by_update: bool,
    sent: Option<Sent>,
}

/// An UPDATE of ours without an answer.
#[derive(Debug)]
struct Sent {
    id: Option<RequestId>,
    /// It went out again with the answer to a challenge.
    is_repeated: bool,
}

impl Refresh {
    /// As the peer's Allow says.
    pub(super) fn of_peer(headers: &Headers) -> Self {
        Self { by_update: headers.allows(&Method::Update) == Some(true), sent: None }
    }

    pub(super) fn is_about(&self, id: RequestId) -> bool {
        self.sent.as_ref().is_some_and(|sent| sent.id == Some(id))
    }

    pub(super) fn name(&mut self, id: RequestId) {
        if let Some(sent) = &mut self.sent {
            sent.id = Some(id);
        }
    }
}

impl Session {
    /// Takes an UPDATE without an offer.
    pub(super) fn take_refresh(&mut self, id: ServerId, request: &Request, common: &mut Common, now: Instant) {
        if let Err(min_se) = common.timer.check(request.headers()) {
            return common.refuse_interval(id, request, min_se);
        }
        let timer = common.timer.answer(request.headers(), now);
        let reply = common.reply(request, StatusCode::OK, &self.dialog.id().local_tag);
        match timer.into_iter().fold(reply, |reply, (name, value)| reply.header(name, value)).build() {
            Ok(reply) => common.outputs.push(LegOutput::Respond(id, Box::new(reply))),
            Err(error) => tracing::debug!(%error, "an UPDATE has headers that cannot be answered"),
        }
    }

    /// Refreshes the session, or ends one that nobody has refreshed.
    pub(super) fn timer_timeout(&mut self, common: &mut Common, hop: &mut Hop, now: Instant) {
        if !matches!(self.bye, Bye::None) {
            return;
        }
        match common.timer.handle_timeout(now) {
            SessionTimeout::Wait => {}
            SessionTimeout::Refresh => self.send_refresh(common, hop, now),
            SessionTimeout::Expired => {
                let sentence = "The far end did not confirm that the call goes on. It may have lost its network.";
                let failure = Failure { sip_status: Some(408), ..Failure::new(ErrorCode::PeerLost, sentence) };
                self.end(Cause::Failure(failure), common, hop);
            }
        }
    }

    /// Takes the response to an UPDATE of ours.
    pub(super) fn refresh_response(&mut self, response: &Response, common: &mut Common, hop: &mut Hop, now: Instant) {
        if response.status().is_provisional() {
            return;
        }
        let Some(Sent { is_repeated, .. }) = self.refresh.sent.take() else { return };
        match response.status().code() {
            200..=299 => {
                common.authorized();
                common.timer.accepted(response.headers(), now);
                if let Err(error) = self.dialog.receive_response(response) {
                    tracing::debug!(%error, "an answer that does not renew the dialog");
                }
            }
            401 | 407 if !is_repeated && common.challenged_in(&self.dialog, response).is_ok() => {
                self.send_update(true, common, hop, now)
            }
            // The peer said more than it can.
            405 | 501 => {
                self.refresh.by_update = false;
                self.send_refresh(common, hop, now);
            }
            422 if common.timer.too_small(response.headers()) => self.send_update(false, common, hop, now),
            code @ (408 | 481) => {
                self.end(Cause::Failure(failure_for_status(code, &response.reason())), common, hop);
            }
            _ => common.timer.try_again(now),
        }
    }

    fn send_refresh(&mut self, common: &mut Common, hop: &mut Hop, now: Instant) {
        // Whatever is under way may refresh the session itself.
        if self.is_changing() || self.reoffer.is_some() || self.refresh.sent.is_some() {
            return common.timer.try_again(now);
        }
        match self.refresh.by_update {
            true => self.send_update(false, common, hop, now),
            false => self.reoffer_unchanged(common, hop, now),
        }
    }

    fn send_update(&mut self, is_repeated: bool, common: &mut Common, hop: &mut Hop, now: Instant) {
        let Some((update, next_hop)) = self.update(common, hop) else { return common.timer.try_again(now) };
        common.send(Some(self.dialog.id()), Sending::Refresh, update, next_hop);
        self.refresh.sent = Some(Sent { id: None, is_repeated });
    }

    fn update(&mut self, common: &mut Common, hop: &mut Hop) -> Option<(Request, NextHop)> {
        let next_hop = NextHop::of_uri(self.dialog.next_hop(), common.protocol)?;
        let via = hop.via(next_hop.protocol).ok()?;
        let update = self.dialog.request(Method::Update, &via);
        let update = common.describe_self(update).header(HeaderName::UserAgent, &common.user_agent).build();
        let mut update = update.inspect_err(|error| tracing::warn!(%error, "an UPDATE was not sent")).ok()?;
        common.authorize(&mut update, &next_hop, hop).ok()?;
        Some((update, next_hop))
    }

    /// Tells the core that the call is over, and the peer.
    fn end(&mut self, cause: Cause, common: &mut Common, hop: &mut Hop) {
        self.reason = crate::ua::reason::of_cause(&cause);
        common.tell_end(cause);
        self.hang_up(common, hop);
    }
}
