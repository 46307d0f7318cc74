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
        self.of_stranger = false;
        // A response belongs to a request of ours, or to nothing.
        let Message::Request(request) = message else { return true };
        if self.trunks.at(from).is_some() || self.is_expected(request, from) {
            return true;
        }
        self.of_stranger = true;
        let admitted = self.is_heard(request)
            && self.strangers.admit(from.address.ip(), now)
            && (begins_nothing(request) || self.has_room_for_strangers());
        if !admitted {
            self.strangers.ignore();
        }
        admitted
    }

    /// Whether the policy lets a request of a stranger be answered. Where it says silence, not even that a request cannot
    /// be read is said.
    fn is_heard(&self, request: &Request) -> bool {
        self.strangers.policy() != StrangerPolicy::Silent || (self.may_register(request) && is_readable(request))
    }

    /// A stranger repeats what is not answered, and so does not need to be told to wait.
    fn has_room_for_strangers(&self) -> bool {
        self.strangers.have_room() && self.outbox.has_room()
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

/// Whether it is known which transaction a request is of, so that nobody is told otherwise (RFC 4475 section 3.1.2.1).
fn is_readable(request: &Request) -> bool {
    let headers = request.headers();
    headers.top_via().is_ok() && headers.from().is_ok() && headers.call_id().is_ok() && headers.cseq().is_ok()
}

/// Whether a request is about another, which has its transaction already.
fn begins_nothing(request: &Request) -> bool {
    matches!(request.method(), Method::Ack | Method::Cancel)
}
