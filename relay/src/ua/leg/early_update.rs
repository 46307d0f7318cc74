//! An UPDATE of ours before the answer (RFC 3311): another phone is heard than the one that the caller has an answer of, and
//! the caller is offered that one's.

use std::time::Instant;

use offhook_protocol::{ErrorCode, Failure};
use offhook_sip::message::{HeaderName, Method, Response};

use super::invite::unsendable;
use super::media::SDP;
use super::ringing::Ringing;
use super::{Common, Sending, State};
use crate::call::{Description, Extras, LegEvent};
use crate::ua::hop::Hop;
use crate::ua::outbox::{NextHop, RequestId};

/// What the caller has been given before the answer, and a change of it.
#[derive(Debug, Default)]
pub(super) struct EarlyUpdate {
    /// The description that arrived for certain.
    given: Option<Description>,
    /// An UPDATE that has no answer.
    under_way: Option<UnderWay>,
}

#[derive(Debug)]
struct UnderWay {
    id: Option<RequestId>,
    offered: Description,
}

impl EarlyUpdate {
    /// Whether the answer to the INVITE has to wait: offers and answers go one at a time.
    pub(super) fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    /// The name of the UPDATE that was sent.
    pub(super) fn name(&mut self, id: RequestId) {
        if let Some(under_way) = &mut self.under_way {
            under_way.id = Some(id);
        }
    }

    /// Takes note of the first description, which the caller takes for the answer to its offer.
    pub(super) fn gave(&mut self, description: &Description) {
        self.given.get_or_insert_with(|| description.clone());
    }

    /// Whether this is another phone's than the caller has.
    fn is_other(&self, heard: &Description) -> bool {
        self.given.as_ref().is_some_and(|given| !given.is_alike(heard))
    }

    fn is_about(&self, id: RequestId) -> bool {
        self.under_way.as_ref().is_some_and(|under_way| under_way.id == Some(id))
    }
}

impl Ringing {
    /// Offers the caller what is heard now, if that is another phone's and the caller takes UPDATE. One whose PRACK has not
    /// come is not asked: it is brought over after the answer.
    pub(super) fn move_to(&mut self, heard: &Description, common: &mut Common, hop: &mut Hop) {
        let takes_it = self.invite().headers().allows(&Method::Update) == Some(true);
        let is_free = self.may_change() && !self.update.is_under_way();
        if !takes_it || !is_free || !self.update.is_other(heard) {
            return;
        }
        match self.send_update(heard, common, hop) {
            Ok(()) => self.update.under_way = Some(UnderWay { id: None, offered: heard.clone() }),
            Err(failure) => {
                common.exchange.withdraw();
                tracing::debug!(code = failure.code.name(), "an UPDATE was not sent");
            }
        }
    }

    fn send_update(&mut self, heard: &Description, common: &mut Common, hop: &mut Hop) -> Result<(), Failure> {
        let next_hop = NextHop::of_uri(self.dialog_state().next_hop(), common.protocol)
            .ok_or_else(|| Failure::new(ErrorCode::Unreachable, "The far end's address cannot be used."))?;
        let via = hop.via(next_hop.protocol).map_err(|error| unsendable(&error))?;
        let offer = common.exchange.offer(heard)?;
        let contact = common.contact.clone();
        let request = self.dialog_state().request(Method::Update, &via).contact(&contact);
        let request = request.header(HeaderName::UserAgent, &common.user_agent).body(SDP, offer);
        let request = request.build().map_err(|error| unsendable(&error))?;
        common.send(Some(self.dialog()), Sending::Update, request, next_hop);
        Ok(())
    }

    /// Takes a response to it. One that is refused leaves things as they are until the answer.
    pub(super) fn response(
        mut self: Box<Self>,
        id: RequestId,
        response: &Response,
        common: &mut Common,
        now: Instant,
    ) -> State {
        if !self.update.is_about(id) || response.status().is_provisional() {
            return State::Ringing(self);
        }
        let offered = self.update.under_way.take().map(|under_way| under_way.offered);
        let taken = response.status().is_success().then(|| common.exchange.final_answer(response.body()));
        match taken {
            Some(Ok((audio, commands))) => {
                common.media(commands);
                self.update.given = offered;
                common.event(LegEvent::Answered(audio, Extras::default()));
            }
            Some(Err(_)) | None => common.exchange.withdraw(),
        }
        self.answer_held(common, now)
    }

    /// It got no response.
    pub(super) fn unanswered(mut self: Box<Self>, id: RequestId, common: &mut Common, now: Instant) -> State {
        if !self.update.is_about(id) {
            return State::Ringing(self);
        }
        self.update.under_way = None;
        common.exchange.withdraw();
        self.answer_held(common, now)
    }
}
