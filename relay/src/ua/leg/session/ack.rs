//! 2xx to INVITEs and their ACKs: ours to those of the peer and of phones that lost, and the peer's to ours (RFC 3261
//! sections 13.2.2.4 and 13.3.1.4).

use std::time::Instant;

use offhook_protocol::{ErrorCode, Failure};
use offhook_sip::dialog::{AnswerTimeout, Dialog, Fork, UnacknowledgedAnswer};
use offhook_sip::message::{HeaderName, Request, Response};
use offhook_sip::transaction::ServerId;

use super::bye::{Bye, bye};
use super::{Awaits, Session};
use crate::call::Cause;
use crate::ua::hop::Hop;
use crate::ua::leg::invite::unsendable;
use crate::ua::leg::{Common, LegOutput, Sending, State};
use crate::ua::outbox::NextHop;

/// A 2xx of ours that has no ACK yet.
#[derive(Debug)]
pub(super) struct Answer {
    id: ServerId,
    unacknowledged: UnacknowledgedAnswer,
    pub(super) awaits: Awaits,
}

impl Answer {
    /// When [`Session::answer_timeout`] is due.
    pub(super) fn poll_timeout(&self) -> Instant {
        self.unacknowledged.poll_timeout()
    }
}

impl Session {
    /// Our 2xx has been sent; it is repeated until its ACK comes.
    pub(in crate::ua::leg) fn await_ack(
        &mut self,
        id: ServerId,
        response: Response,
        number: u32,
        awaits: Awaits,
        common: &Common,
        now: Instant,
    ) {
        let unacknowledged = UnacknowledgedAnswer::new(response, number, &common.timing, now);
        self.answer = Some(Answer { id, unacknowledged, awaits });
    }

    /// Takes the ACK for our 2xx.
    pub(in crate::ua::leg) fn acknowledged(
        mut self: Box<Self>,
        ack: &Request,
        common: &mut Common,
        hop: &mut Hop,
        now: Instant,
    ) -> State {
        let ours = self.answer.as_ref().is_some_and(|answer| answer.unacknowledged.is_acknowledged_by(ack));
        if !ours {
            return State::Session(self);
        }
        let awaits = self.answer.take().map_or(Awaits::Ack, |answer| answer.awaits);
        let confirmed = common.exchange.confirmed();
        common.media(confirmed);
        match (&self.bye, awaits) {
            (Bye::AfterAck, _) => self.send_bye(common, hop),
            (Bye::AfterNotify | Bye::Sent { .. }, _) | (Bye::None, Awaits::Ack) => {}
            (Bye::None, Awaits::FirstAnswer | Awaits::Answer) => self.late_answer(awaits, ack, common, hop),
        }
        self.reoffer_in_turn(common, hop, now);
        self.press_next(common, hop, now);
        State::Session(self)
    }

    /// Repeats our 2xx, or gives up waiting for its ACK.
    pub(super) fn answer_timeout(&mut self, common: &mut Common, hop: &mut Hop, now: Instant) {
        let Some(answer) = self.answer.as_mut() else { return };
        match answer.unacknowledged.handle_timeout(now) {
            AnswerTimeout::Wait => {}
            AnswerTimeout::Resend(response) => {
                common.outputs.push(LegOutput::Respond(answer.id, Box::new(response.clone())));
            }
            AnswerTimeout::GiveUp => {
                self.answer = None;
                let sentence = "The far end did not confirm the answer. It may have lost its network.";
                common.tell_end(Cause::Failure(Failure::new(ErrorCode::Timeout, sentence)));
                self.hang_up(common, hop);
            }
        }
    }

    /// Acknowledges the 2xx that made the dialog.
    pub(in crate::ua::leg) fn acknowledge(&mut self, response: &Response, common: &mut Common, hop: &mut Hop) {
        let invite = self.sent.as_ref().map(|sent| sent.invite.clone());
        if let Some(invite) = invite {
            acknowledge(&mut self.dialog, &invite, response, common, hop);
        }
    }

    pub(super) fn repeat_ack(&self, response: &Response, common: &mut Common) {
        let hop = NextHop::of_uri(self.dialog.next_hop(), common.protocol);
        if let (Some(ack), Some(hop)) = (self.dialog.repeated_ack(response), hop) {
            common.outputs.push(LegOutput::Ack(Box::new(ack.clone()), hop));
        }
    }

    /// A further response to the INVITE that made the dialog: a repeated 2xx, or that of another phone.
    pub(super) fn forked(&mut self, response: &Response, common: &mut Common, hop: &mut Hop) {
        let Some(sent) = self.sent.as_mut() else { return };
        match sent.forks.receive(&sent.invite, response) {
            Ok(Fork::Repeated(id)) if id == *self.dialog.id() => self.repeat_ack(response, common),
            // The other phone has heard our ACK or BYE already, or is about to hear them again.
            Ok(Fork::Lost(id) | Fork::Repeated(id)) => {
                let Some(mut lost) = sent.forks.take(&id) else { return };
                let invite = sent.invite.clone();
                acknowledge(&mut lost, &invite, response, common, hop);
                if let Some((bye, next_hop)) = bye(&mut lost, None, common, hop) {
                    common.send(Some(&id), Sending::Other, bye, next_hop);
                }
            }
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "a response makes no dialog"),
        }
    }
}

/// Sends the ACK for a 2xx to this INVITE (RFC 3261 section 13.2.2.4).
pub(super) fn acknowledge(
    dialog: &mut Dialog,
    invite: &Request,
    response: &Response,
    common: &mut Common,
    hop: &mut Hop,
) {
    let number = response.headers().cseq().map_or(0, |cseq| cseq.number);
    let Some(next_hop) = NextHop::of_uri(dialog.next_hop(), common.protocol) else {
        return tracing::warn!("an ACK was not sent: the peer's Contact is no SIP address");
    };
    let is_home = common.is_home(&next_hop.host_port.host);
    let ack = hop.via(next_hop.protocol).map_err(Into::into).and_then(|via| {
        dialog.acknowledge(number, &via, |mut ack| {
            for name in [HeaderName::Authorization, HeaderName::ProxyAuthorization].into_iter().filter(|_| is_home) {
                for header in invite.headers().all(&name) {
                    ack = ack.header(name.clone(), header.text());
                }
            }
            ack
        })
    });
    match ack {
        Ok(ack) => common.outputs.push(LegOutput::Ack(Box::new(ack), next_hop)),
        Err(error) => tracing::warn!(error = %unsendable(&error).message, "an ACK was not sent"),
    }
}
