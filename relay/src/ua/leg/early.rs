//! Early dialogs of an INVITE of ours (RFC 3261 section 12.1, RFC 3262, RFC 3311): each phone that a proxy forked the call
//! to has its own offer and answer, its own order of reliable responses, and may change its session before it answers.

use offhook_media::Command;
use offhook_sip::dialog::{Dialog, DialogError, DialogId, MAX_FORKS, Place, RELIABLE, ResponseOrder};
use offhook_sip::message::{HeaderName, Method, RAck, Request, Response, StatusCode};
use offhook_sip::transaction::ServerId;

use super::exchange::Exchange;
use super::media::SDP;
use super::{Common, LegOutput, Offer, Sending};
use crate::call::{Description, Extras, LegEvent};
use crate::ua::extras;
use crate::ua::hop::Hop;
use crate::ua::outbox::{NextHop, RequestId};

/// The early dialogs of one INVITE. The one heard last is the last.
#[derive(Debug, Default)]
pub(super) struct EarlyDialogs(Vec<Early>);

/// One early dialog.
#[derive(Debug)]
pub(super) struct Early {
    pub(super) dialog: Dialog,
    pub(super) exchange: Exchange,
    order: ResponseOrder,
    /// Its session has been agreed upon for good, by an answer that arrived for certain.
    pub(super) is_settled: bool,
    /// A description of its phone has come: it may be heard.
    is_heard: bool,
    pracks: Vec<Prack>,
}

/// A PRACK of ours that has no answer.
#[derive(Debug)]
struct Prack {
    id: Option<RequestId>,
    rack: RAck,
    /// It went out again with the answer to a challenge.
    is_repeated: bool,
}

/// What a provisional response means.
pub(super) enum Heard {
    /// Nothing new: a repetition, or one that comes too early.
    Nothing,
    /// News, and what may be heard of that phone from now on.
    News(Option<Description>),
}

impl EarlyDialogs {
    /// Takes a provisional response with a tag.
    ///
    /// # Errors
    /// It makes no dialog; it is news all the same.
    pub(super) fn receive(
        &mut self,
        invite: &Request,
        response: &Response,
        common: &mut Common,
        hop: &mut Hop,
    ) -> Result<Heard, DialogError> {
        let id = DialogId::of_response(response)?;
        if response.status() == StatusCode::EARLY_DIALOG_TERMINATED {
            self.terminated(&id, common);
            return Ok(Heard::Nothing);
        }
        let known = self.0.iter().position(|early| *early.dialog.id() == id);
        let place = match known {
            Some(place) => place,
            None if self.0.len() >= MAX_FORKS => return Ok(Heard::News(None)),
            None => {
                self.0.push(Early::new(Dialog::from_response(invite, response)?, common.exchange.clone()));
                self.0.len().saturating_sub(1)
            }
        };
        let Some(early) = self.0.get_mut(place) else { return Ok(Heard::Nothing) };
        if known.is_some() {
            early.dialog.receive_response(response)?;
        }
        let Some(is_reliable) = early.take_in_order(response, common, hop) else { return Ok(Heard::Nothing) };
        let Some((description, commands)) = early.take_answer(response, is_reliable) else {
            return Ok(Heard::News(None));
        };
        common.media(commands);
        let early = self.0.remove(place);
        self.0.push(early);
        Ok(Heard::News(Some(description)))
    }

    /// Takes the dialog that the call goes on with. The others end with the INVITE: whoever forked it cancels them.
    pub(super) fn take(&mut self, id: &DialogId) -> Option<Early> {
        let place = self.0.iter().position(|early| early.dialog.id() == id)?;
        let early = self.0.swap_remove(place);
        self.0.clear();
        Some(early)
    }

    /// The INVITE goes out anew: what came of the former is over.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The dialogs whose requests the leg takes.
    pub(super) fn ids(&self) -> impl Iterator<Item = &DialogId> {
        self.0.iter().map(|early| early.dialog.id())
    }

    /// The name of a PRACK that was sent.
    pub(super) fn sent(&mut self, id: RequestId, dialog: &DialogId) {
        let unnamed = self.find(dialog).and_then(|early| early.pracks.iter_mut().find(|prack| prack.id.is_none()));
        if let Some(prack) = unnamed {
            prack.id = Some(id);
        }
    }

    /// Takes a response to a PRACK. A challenge is answered once; anything else the peer acts upon itself.
    pub(super) fn prack_response(&mut self, id: RequestId, response: &Response, common: &mut Common, hop: &mut Hop) {
        if response.status().is_provisional() {
            return;
        }
        for early in &mut self.0 {
            let Some(place) = early.pracks.iter().position(|prack| prack.id == Some(id)) else { continue };
            let prack = early.pracks.swap_remove(place);
            let challenged =
                matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED);
            if challenged && !prack.is_repeated && common.challenged_in(&early.dialog, response).is_ok() {
                early.acknowledge(prack.rack, true, common, hop);
            }
            return;
        }
    }

    /// Takes a request of a peer within its early dialog.
    pub(super) fn request(&mut self, id: ServerId, request: &Request, common: &mut Common) {
        let dialog = DialogId::of_request(request).ok();
        let Some(early) = dialog.and_then(|dialog| self.find(&dialog)) else {
            return common.respond(id, request, StatusCode::CALL_DOES_NOT_EXIST);
        };
        if let Err(error) = early.dialog.receive_request(request) {
            return common.respond(id, request, error.status());
        }
        match request.method() {
            Method::Update => early.update(id, request, common),
            // A BYE before the answer ends one early dialog (RFC 3261 section 15); the INVITE waits for the others.
            Method::Bye => {
                common.respond(id, request, StatusCode::OK);
                let ended = early.dialog.id().clone();
                self.terminated(&ended, common);
            }
            // RFC 3261 section 14.1: nothing but an UPDATE changes a session before the answer.
            Method::Invite => common.respond(id, request, StatusCode::REQUEST_PENDING),
            _ => common.respond(id, request, StatusCode::CALL_DOES_NOT_EXIST),
        }
    }

    /// That phone rings no more (RFC 6228); another one that could be heard is heard again.
    fn terminated(&mut self, id: &DialogId, common: &mut Common) {
        let was_heard = self.0.last().is_some_and(|early| early.dialog.id() == id && early.is_heard);
        self.0.retain(|early| early.dialog.id() != id);
        if !was_heard {
            return;
        }
        let other = self.0.iter_mut().rev().find(|early| early.is_heard);
        if let Some((description, commands)) = other.and_then(|early| early.exchange.agreed()) {
            common.media(commands);
            common.event(LegEvent::Progress(Some(description), Extras::default()));
        }
    }

    fn find(&mut self, id: &DialogId) -> Option<&mut Early> {
        self.0.iter_mut().find(|early| early.dialog.id() == id)
    }
}

impl Early {
    fn new(dialog: Dialog, exchange: Exchange) -> Self {
        let order = ResponseOrder::default();
        Self { dialog, exchange, order, is_settled: false, is_heard: false, pracks: Vec::new() }
    }

    /// Sorts a response in and acknowledges it where it asks for that: whether it arrived for certain. `None` for one that
    /// is not taken.
    fn take_in_order(&mut self, response: &Response, common: &mut Common, hop: &mut Hop) -> Option<bool> {
        let headers = response.headers();
        let rseq = headers.rseq().filter(|_| headers.has_option(&HeaderName::Require, RELIABLE));
        let Some(rseq) = rseq else { return Some(false) };
        if self.order.receive(rseq) != Place::Next {
            return None;
        }
        let cseq = headers.cseq().ok()?;
        self.acknowledge(RAck { rseq, cseq }, false, common, hop);
        Some(true)
    }

    fn take_answer(&mut self, response: &Response, is_reliable: bool) -> Option<(Description, Vec<Command>)> {
        if self.is_settled || response.body().is_empty() {
            return None;
        }
        let heard = match is_reliable {
            true => self.exchange.final_answer(response.body()).ok(),
            false => self.exchange.early_answer(response.body()),
        }?;
        self.is_settled = is_reliable;
        self.is_heard = true;
        Some(heard)
    }

    /// Sends a PRACK (RFC 3262 section 4).
    fn acknowledge(&mut self, rack: RAck, is_repeated: bool, common: &mut Common, hop: &mut Hop) {
        let Some(next_hop) = NextHop::of_uri(self.dialog.next_hop(), common.protocol) else {
            return tracing::warn!("a PRACK was not sent: the peer's Contact is no SIP address");
        };
        let Ok(via) = hop.via(next_hop.protocol) else { return };
        let prack = self.dialog.request(Method::Prack, &via).header(HeaderName::RAck, &rack);
        let built = prack.header(HeaderName::UserAgent, &common.user_agent).build();
        let Ok(mut prack) = built.inspect_err(|error| tracing::warn!(%error, "a PRACK was not sent")) else { return };
        // Without credentials it goes out all the same; a challenge is answered then.
        drop(common.authorize(&mut prack, &next_hop, hop));
        common.send(Some(self.dialog.id()), Sending::Prack, prack, next_hop);
        self.pracks.push(Prack { id: None, rack, is_repeated });
    }

    /// Answers an UPDATE with what our side brought before: nobody needs to be asked.
    fn update(&mut self, id: ServerId, request: &Request, common: &mut Common) {
        let answer = match self.exchange.take_offer(request) {
            Ok(Offer::None) => Ok(None),
            // RFC 3311 section 5.2: an offer of ours that has no answer yet comes first.
            Ok(Offer::Audio(_)) if !self.is_settled => Err(StatusCode::REQUEST_PENDING),
            Ok(Offer::Audio(_)) => self.exchange.answer_again().map(Some).map_err(|_| StatusCode::NOT_ACCEPTABLE_HERE),
            Err(status) => Err(status),
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(status) => return common.respond(id, request, status),
        };
        let reply = common.reply(request, StatusCode::OK, &self.dialog.id().local_tag);
        let reply = match &answer {
            Some((_, body, _)) => reply.body(SDP, body.clone()),
            None => reply,
        };
        match reply.build() {
            Ok(reply) => common.outputs.push(LegOutput::Respond(id, Box::new(reply))),
            Err(error) => return tracing::debug!(%error, "an UPDATE has headers that cannot be answered"),
        }
        if let Some((description, _, commands)) = answer {
            common.media(commands);
            common.event(LegEvent::Progress(Some(description), extras::of_request(request)));
        }
    }
}
