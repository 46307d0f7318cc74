//! The end of a dialog (RFC 3261 section 15).

use offhook_sip::dialog::Dialog;
use offhook_sip::message::{HeaderName, Method, Reason, Request, Response, StatusCode};

use super::Session;
use super::referred::Referred;
use crate::ua::hop::Hop;
use crate::ua::leg::{Common, LegOutput, Sending, State};
use crate::ua::outbox::{NextHop, RequestId};

/// Whether our BYE is on its way.
#[derive(Debug)]
pub(super) enum Bye {
    None,
    /// RFC 3261 section 15: a callee must not send BYE before its 2xx is acknowledged.
    AfterAck,
    /// The peer hears first what became of the transfer it asked for.
    AfterNotify,
    Sent {
        id: Option<RequestId>,
    },
}

impl Session {
    /// Ends the dialog: BYE, once that is allowed.
    pub(in crate::ua::leg) fn hang_up(&mut self, common: &mut Common, hop: &mut Hop) {
        self.abandon_changes(common);
        match (&self.bye, &self.answer) {
            (Bye::None, Some(_)) => self.bye = Bye::AfterAck,
            (Bye::None, None) if self.referred.as_ref().is_some_and(Referred::is_telling) => {
                self.bye = Bye::AfterNotify;
            }
            (Bye::None | Bye::AfterAck, _) => self.send_bye(common, hop),
            (Bye::AfterNotify | Bye::Sent { .. }, _) => {}
        }
    }

    /// Lets nothing wait for a change of a session that is over.
    pub(super) fn abandon_changes(&mut self, common: &mut Common) {
        if let Some((id, request)) = self.offered.take() {
            common.respond(id, &request, StatusCode::REQUEST_TERMINATED);
        }
        self.waiting = None;
        self.cancel_reoffer(common);
    }

    pub(super) fn send_bye(&mut self, common: &mut Common, hop: &mut Hop) {
        match bye(&mut self.dialog, self.reason.as_ref(), common, hop) {
            Some((request, next_hop)) => {
                common.send(Some(self.dialog.id()), Sending::Bye, request, next_hop);
                self.bye = Bye::Sent { id: None };
            }
            // Nothing can be sent to such a peer; the core has been told.
            None => common.outputs.push(LegOutput::Forget),
        }
    }

    pub(super) fn bye_response(mut self: Box<Self>, response: &Response, common: &mut Common, hop: &mut Hop) -> State {
        if response.status().is_provisional() {
            return State::Session(self);
        }
        let challenged =
            matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED);
        if !challenged || common.challenged_in(&self.dialog, response).is_err() {
            return State::Over;
        }
        self.send_bye(common, hop);
        State::Session(self)
    }
}

/// The BYE of a dialog, and where it goes. `None` when nothing can be sent to such a peer.
pub(super) fn bye(
    dialog: &mut Dialog,
    reason: Option<&Reason>,
    common: &mut Common,
    hop: &mut Hop,
) -> Option<(Request, NextHop)> {
    let next_hop = NextHop::of_uri(dialog.next_hop(), common.protocol)?;
    let via = hop.via(next_hop.protocol).ok()?;
    let mut request = dialog.request(Method::Bye, &via).header(HeaderName::UserAgent, &common.user_agent);
    if let Some(reason) = reason {
        request = request.header(HeaderName::Reason, reason);
    }
    let request = request.build();
    let mut request = request.inspect_err(|error| tracing::warn!(%error, "a BYE was not sent")).ok()?;
    // Without credentials it goes out all the same; a challenge is answered then.
    drop(common.authorize(&mut request, &next_hop, hop));
    Some((request, next_hop))
}
