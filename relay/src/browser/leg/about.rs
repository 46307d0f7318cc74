//! What a call is about: told to the page it rings at, and to every page that takes it over later.

use offhook_protocol::event::{IncomingCall, PartyChanged};
use offhook_protocol::reply::LiveCall;
use offhook_protocol::{CallStatus, Diversion, EventBody, Header, Secret};

use super::{BrowserLeg, State};
use crate::call::{Cause, Description, Extras, Identity, failure_for_status};

/// Who calls whom, and what came with the call.
#[derive(Clone, Debug, Default)]
pub(super) struct About {
    incoming: bool,
    from: Identity,
    to: Identity,
    diversions: Vec<Diversion>,
    headers: Vec<Header>,
    custom: Option<Secret>,
}

impl About {
    pub(super) fn outgoing(from: Identity, to: Identity) -> Self {
        Self { from, to, ..Self::default() }
    }
}

impl BrowserLeg {
    /// The call as another page is told of it; nothing for one that rings here, which is told anew, or is over.
    #[must_use]
    pub fn live(&self) -> Option<LiveCall> {
        let status = match self.state {
            State::Ringing | State::Over => return None,
            State::Calling | State::Early => self.progress.unwrap_or(CallStatus::Trying),
            State::Connected => self.hold_status(),
        };
        let About { incoming, from, to, diversions, headers, .. } = self.about.clone();
        let far = if incoming { &from } else { &to };
        Some(LiveCall {
            call_id: self.call_id.clone(),
            incoming,
            visible_name: far.display_name.clone(),
            caller: from.user,
            callee: to.user,
            status,
            has_video: self.agreed.as_ref().is_some_and(|agreed| agreed.video.is_some()),
            diversions,
            headers,
        })
    }

    pub(super) fn invite(&mut self, from: Identity, to: Identity, offer: Option<Description>, extras: Extras) {
        self.agreed = Some(offer.unwrap_or_else(Description::everything));
        let Extras { diversions, headers, custom, .. } = extras;
        self.about = About { incoming: true, from, to, diversions, headers, custom };
        self.ring_here();
    }

    /// Tells the page of the call that rings here.
    pub(super) fn ring_here(&mut self) {
        let Some(offer) = self.agreed.clone() else { return };
        if self.policy.offer(&offer).codecs.is_empty() {
            let cause = Cause::Failure(failure_for_status(488, "Not Acceptable Here"));
            return self.end(&cause, Extras::default(), cause.clone());
        }
        let sdp = self.write_offer(&offer);
        let About { from, to, diversions, headers, custom, .. } = self.about.clone();
        self.event(EventBody::IncomingCall(IncomingCall {
            call_id: self.call_id.clone(),
            caller: from.user,
            callee: to.user,
            visible_name: from.display_name,
            sdp,
            has_video: offer.video.is_some(),
            diversions,
            headers,
            custom,
        }));
        self.status(CallStatus::Ring);
    }

    /// Somebody else is at the far end now.
    pub(super) fn other_party(&mut self, party: Identity) {
        let far = if self.about.incoming { &mut self.about.from } else { &mut self.about.to };
        *far = party.clone();
        self.event(EventBody::Party(PartyChanged {
            call_id: self.call_id.clone(),
            user: party.user,
            display_name: party.display_name,
        }));
    }
}
