//! A confirmed dialog: changes of the session by re-INVITE from either side (RFC 3261 section 14), and BYE.

mod ack;
mod ask;
mod bye;
mod keys;
mod offered;
mod picture;
mod refer;
mod referred;
mod refresh;
mod reoffer;

use std::time::Instant;

use offhook_protocol::Failure;
use offhook_sip::dialog::{Dialog, DialogId, Forks, ReliableResponses};
use offhook_sip::message::{Method, Reason, Request, Response, StatusCode};
use offhook_sip::transaction::ServerId;

use super::invite::of_silence;
use super::signal::Signal;
use super::{Common, Sending, State, reliable};
use crate::call::{Cause, Description, LegCommand, LegEvent};
use crate::ua::hop::Hop;
use crate::ua::outbox::{RequestId, Unanswered};
use crate::ua::{extras, reason};
use ack::{Answer, acknowledge};
use bye::Bye;
use keys::Keys;
use picture::Pictures;
use refer::Refer;
use referred::Referred;
use refresh::Refresh;
use reoffer::Reoffer;

/// The INVITE of ours that made the dialog: its 2xx may come again, and others from forks.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) id: RequestId,
    pub(super) invite: Request,
    pub(super) forks: Forks,
}

/// A dialog and what is under way in it.
#[derive(Debug)]
pub(super) struct Session {
    dialog: Dialog,
    sent: Option<Sent>,
    /// A 2xx of ours that has no ACK yet.
    answer: Option<Answer>,
    /// A re-INVITE of ours.
    reoffer: Option<Reoffer>,
    /// A change of ours that waits for its turn.
    waiting: Option<Description>,
    /// A re-INVITE or UPDATE of the peer's that the core has not answered.
    offered: Option<(ServerId, Request)>,
    refresh: Refresh,
    /// Provisional responses whose PRACK may still come.
    reliable: Option<ReliableResponses>,
    bye: Bye,
    keys: Keys,
    pictures: Pictures,
    /// A REFER of ours.
    refer: Option<Refer>,
    /// A REFER of the peer's.
    referred: Option<Referred>,
    /// There was one before.
    was_referred: bool,
    /// What our BYE says of the end.
    reason: Option<Reason>,
}

/// What the ACK for a 2xx of ours brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Awaits {
    /// Nothing: offer and answer are exchanged.
    Ack,
    /// The answer to the offer in the 2xx that made the dialog.
    FirstAnswer,
    /// The answer to the offer in the 2xx to a re-INVITE.
    Answer,
}

impl Session {
    /// The dialog of a call we made, which this response has answered.
    pub(super) fn of_caller(dialog: Dialog, sent: Sent, response: &Response) -> Self {
        Self::new(dialog, Some(sent), Refresh::of_peer(response.headers()), None)
    }

    /// The dialog of a call we took, with what was said before the answer.
    pub(super) fn of_callee(dialog: Dialog, invite: &Request, reliable: Option<ReliableResponses>) -> Self {
        Self::new(dialog, None, Refresh::of_peer(invite.headers()), reliable)
    }

    fn new(dialog: Dialog, sent: Option<Sent>, refresh: Refresh, reliable: Option<ReliableResponses>) -> Self {
        Self {
            dialog,
            sent,
            answer: None,
            reoffer: None,
            waiting: None,
            offered: None,
            refresh,
            reliable,
            bye: Bye::None,
            keys: Keys::default(),
            pictures: Pictures::default(),
            refer: None,
            referred: None,
            was_referred: false,
            reason: None,
        }
    }

    pub(super) fn dialog(&self) -> &DialogId {
        self.dialog.id()
    }

    /// The dialog as it is.
    pub(super) fn dialog_state(&self) -> &Dialog {
        &self.dialog
    }

    /// Whether nobody has begun to end it.
    pub(super) fn goes_on(&self) -> bool {
        matches!(self.bye, Bye::None)
    }

    /// Whether the call is one that we made.
    pub(super) fn is_ours(&self) -> bool {
        self.sent.is_some()
    }

    /// The name of a request that was sent.
    pub(super) fn sent(&mut self, id: RequestId, sending: Sending) {
        match (sending, &mut self.bye, &mut self.reoffer) {
            (Sending::Reoffer, _, Some(reoffer)) => reoffer.id = Some(id),
            (Sending::Bye, Bye::Sent { id: known }, _) => *known = Some(id),
            (Sending::Key, ..) => self.keys.name(id),
            (Sending::Picture, ..) => self.pictures.name(id),
            (Sending::Refresh, ..) => self.refresh.name(id),
            (Sending::Refer, ..) => self.refer.iter_mut().for_each(|refer| refer.name(id)),
            (Sending::Notify, ..) => self.referred.iter_mut().for_each(|referred| referred.name(id)),
            _ => {}
        }
    }

    /// Takes what the core says.
    pub(super) fn command(
        mut self: Box<Self>,
        command: LegCommand,
        common: &mut Common,
        hop: &mut Hop,
        now: Instant,
    ) -> State {
        match command {
            LegCommand::Reoffer(audio) if matches!(self.bye, Bye::None) => self.reoffer(audio, common, hop, now),
            LegCommand::ReofferAnswer(result) => {
                self.answer_offered(result, common, now);
                self.reoffer_in_turn(common, hop, now);
            }
            LegCommand::Dtmf { digit, duration, method } => {
                self.press(Signal { digit, duration, method }, common, hop, now);
            }
            LegCommand::Refer(referral) => self.refer(referral, common, hop, now),
            LegCommand::Transfer(transfer) => self.transfer_news(transfer.progress, common, hop),
            LegCommand::End(cause, _) => {
                self.reason = reason::of_cause(&cause);
                common.tell_end(cause);
                self.hang_up(common, hop);
            }
            _ => {}
        }
        State::Session(self)
    }

    /// Takes a response to a request of this dialog, or another one to the INVITE that made it.
    pub(super) fn response(
        mut self: Box<Self>,
        id: RequestId,
        response: &Response,
        common: &mut Common,
        hop: &mut Hop,
        now: Instant,
    ) -> State {
        if self.sent.as_ref().is_some_and(|sent| sent.id == id) {
            self.forked(response, common, hop);
            return State::Session(self);
        }
        if self.reoffer.as_ref().is_some_and(|reoffer| reoffer.id == Some(id)) {
            self.reoffer_response(response, common, hop, now);
            self.reoffer_in_turn(common, hop, now);
            return State::Session(self);
        }
        if matches!(&self.bye, Bye::Sent { id: known } if *known == Some(id)) {
            return self.bye_response(response, common, hop);
        }
        if self.keys.is_about(id) {
            self.key_response(response, common, hop, now);
            return State::Session(self);
        }
        if self.pictures.is_about(id) {
            self.picture_response(response, common, hop);
            return State::Session(self);
        }
        if self.refresh.is_about(id) {
            self.refresh_response(response, common, hop, now);
            return State::Session(self);
        }
        if self.refer.as_ref().is_some_and(|refer| refer.is_about(id)) {
            self.refer_response(response, common, hop, now);
            return State::Session(self);
        }
        if self.referred.as_ref().is_some_and(|referred| referred.is_about(id)) {
            self.notify_response(response, common, hop);
            return State::Session(self);
        }
        let is_invite = response.headers().cseq().is_ok_and(|cseq| cseq.method == Method::Invite);
        if is_invite && response.status().is_success() {
            self.repeat_ack(response, common);
        }
        State::Session(self)
    }

    /// A request of this dialog got no response: the peer is gone.
    pub(super) fn unanswered(
        mut self: Box<Self>,
        id: RequestId,
        why: Unanswered,
        common: &mut Common,
        hop: &mut Hop,
    ) -> State {
        if matches!(&self.bye, Bye::Sent { id: known } if *known == Some(id)) {
            return State::Over;
        }
        if self.keys.is_about(id) {
            self.key_unanswered(why, common);
        }
        if self.pictures.is_about(id) {
            self.pictures.unanswered();
        }
        if self.refer.as_ref().is_some_and(|refer| refer.is_about(id)) {
            self.refer_unanswered(why, common);
        }
        if self.referred.as_ref().is_some_and(|referred| referred.is_about(id)) {
            self.notify_unanswered(common, hop);
        }
        let is_lost = self.reoffer.as_ref().is_some_and(|reoffer| reoffer.id == Some(id)) || self.refresh.is_about(id);
        if is_lost {
            self.reoffer = None;
            common.tell_end(Cause::Failure(of_silence(why)));
            self.hang_up(common, hop);
        }
        State::Session(self)
    }

    /// Takes a request of the peer.
    pub(super) fn request(
        mut self: Box<Self>,
        id: ServerId,
        request: &Request,
        common: &mut Common,
        now: Instant,
    ) -> State {
        if let Err(error) = self.dialog.receive_request(request) {
            common.respond(id, request, error.status());
            return State::Session(self);
        }
        if matches!(request.method(), Method::Invite | Method::Update) {
            common.connected_identity(request.headers());
        }
        match request.method() {
            Method::Bye => {
                common.respond(id, request, StatusCode::OK);
                self.abandon_changes(common);
                common.tell_end_with(Cause::Normal, extras::of_request(request));
                State::Over
            }
            Method::Info => {
                self.take_key(id, request, common);
                State::Session(self)
            }
            // One that confirms what was said before the answer.
            Method::Prack => {
                match reliable::take(self.reliable.as_mut(), request, now) {
                    Ok(_) if request.body().is_empty() => common.respond(id, request, StatusCode::OK),
                    Ok(_) => self.take_offer(id, request, common, now),
                    Err(status) => common.respond(id, request, status),
                }
                State::Session(self)
            }
            // Without an offer it only refreshes the session.
            Method::Update if request.body().is_empty() => {
                self.take_refresh(id, request, common, now);
                State::Session(self)
            }
            Method::Refer => {
                self.take_refer(id, request, common);
                State::Session(self)
            }
            Method::Notify => {
                self.take_notify(id, request, common);
                State::Session(self)
            }
            _ => {
                self.take_offer(id, request, common, now);
                State::Session(self)
            }
        }
    }

    /// The re-INVITE of the peer's that waits for the core's answer.
    pub(super) fn offered(&self) -> Option<ServerId> {
        self.offered.as_ref().map(|(id, _)| *id)
    }

    /// The peer gave its re-INVITE up; it has been answered.
    pub(super) fn withdrawn(&mut self, id: ServerId, common: &mut Common, hop: &mut Hop, now: Instant) {
        if self.offered() == Some(id) {
            self.offered = None;
            common.exchange.refuse();
            self.reoffer_in_turn(common, hop, now);
        }
    }

    /// When [`Session::handle_timeout`] is due.
    pub(super) fn poll_timeout(&self, common: &Common) -> Option<Instant> {
        let answer = self.answer.as_ref().map(|answer| answer.poll_timeout());
        let reoffer = self.reoffer.as_ref().and_then(Reoffer::poll_timeout);
        let timer = common.timer.poll_timeout().filter(|_| matches!(self.bye, Bye::None));
        let refer = self.refer.as_ref().map(Refer::poll_timeout);
        answer.into_iter().chain(reoffer).chain(self.next_press()).chain(timer).chain(refer).min()
    }

    /// Repeats our 2xx, gives up waiting for its ACK, or tries a re-INVITE again.
    pub(super) fn handle_timeout(mut self: Box<Self>, common: &mut Common, hop: &mut Hop, now: Instant) -> State {
        self.reoffer_timeout(common, hop, now);
        self.press_next(common, hop, now);
        self.timer_timeout(common, hop, now);
        self.refer_timeout(common, now);
        self.answer_timeout(common, hop, now);
        State::Session(self)
    }
}

/// The core is told nothing of a change that never happened.
fn refused_change(failure: Failure) -> LegEvent {
    LegEvent::ReofferResult(Err(Cause::Failure(failure)))
}
