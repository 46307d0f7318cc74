//! What happens to a message before the transaction layer sees it: nothing is remembered of a stranger whom policy meets
//! with silence, or who asks too often.

use std::time::Instant;

use offhook_sip::dialog::DialogId;
use offhook_sip::message::{Message, Method, Request};
use offhook_sip::transaction::Destination;

use super::UserAgent;
use super::dispatch::dialled;
use crate::config::StrangerPolicy;

impl UserAgent {
    /// Whether a message is to be worked on.
    pub(super) fn lets_in(&mut self, message: &Message, from: &Destination, now: Instant) -> bool {
        // A response belongs to a request of ours, or to nothing.
        let Message::Request(request) = message else { return true };
        if self.trunks.at(from).is_some() || self.is_expected(request, from) {
            return true;
        }
        let heard = self.strangers.policy() != StrangerPolicy::Silent || self.may_register(request);
        let admitted = heard && self.strangers.admit(from.address.ip(), now);
        if !admitted {
            self.strangers.ignore();
        }
        admitted
    }

    /// Whether a request belongs to something that is here: a dialog, a registration of ours, a user's phone.
    fn is_expected(&self, request: &Request, from: &Destination) -> bool {
        let in_dialog = || DialogId::of_request(request).is_ok_and(|dialog| self.legs.of_dialog(&dialog).is_some());
        let called = || dialled(request).is_some_and(|user| self.accounts.of_contact(&user).is_some());
        let known = || self.registrar.as_ref().is_some_and(|registrar| registrar.knows(from.address.ip()));
        known() || in_dialog() || called()
    }

    fn may_register(&self, request: &Request) -> bool {
        *request.method() == Method::Register
            && self.registrar.as_ref().is_some_and(|registrar| registrar.serves(request))
    }
}
