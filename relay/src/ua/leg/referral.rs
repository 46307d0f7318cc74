//! A leg as transfers see it: whom it belongs to, what its peer can do, and how others name it.

use std::sync::Arc;

use offhook_sip::message::{HeaderName, Headers, Host, HostPort, NameAddr, RequestBuilder, StatusCode, Uri};

use super::peer::REPLACES;
use super::{Common, LegOutput, SipLeg, State};
use crate::call::{LegEvent, Referral};
use crate::ua::account::SipAccount;
use crate::ua::hop::Hop;
use crate::ua::refer::Carried;
use crate::ua::{AccountId, identity};

impl SipLeg {
    /// The leg of an account: of a call it makes, or one that came to its Contact.
    pub(in crate::ua) fn of_account(mut self, id: AccountId, account: &Arc<SipAccount>) -> Self {
        self.common.account_id = Some(id);
        self.common.account = Some(Arc::clone(account));
        self
    }

    /// The leg of a user's phone.
    pub(in crate::ua) fn of_user(mut self, user: &str) -> Self {
        self.common.user = Some(user.into());
        self
    }

    /// The user whose phone is at the far end.
    pub(in crate::ua) fn user(&self) -> Option<&str> {
        self.common.user.as_deref()
    }

    pub(in crate::ua) fn account_id(&self) -> Option<AccountId> {
        self.common.account_id
    }

    /// Whether the peer can be asked to call somebody else.
    pub(in crate::ua) fn may_refer(&self) -> bool {
        matches!(self.state, State::Session(_)) && self.common.peer.refers
    }

    /// Where the peer's requests come from, as far as its dialog says.
    pub(in crate::ua) fn server(&self) -> Option<&HostPort> {
        let State::Session(session) = &self.state else { return None };
        session.dialog_state().next_hop().sip().map(|uri| uri.host_port())
    }

    /// Whether the peer called us by this host.
    pub(in crate::ua) fn is_called_by(&self, host: &Host) -> bool {
        let State::Session(session) = &self.state else { return false };
        session.dialog_state().local().uri.sip().is_some_and(|uri| uri.host().matches(host))
    }

    /// How somebody else is asked to take the place of this leg's call. Whom we have called is reached as we reached it;
    /// who has called us, where it says it is.
    pub(in crate::ua) fn as_target(&self) -> Option<Referral> {
        let State::Session(session) = &self.state else { return None };
        let dialog = session.dialog_state();
        let Uri::Sip(contact) = dialog.remote_target() else { return None };
        let is_global = contact.has_param("gr");
        let to = match dialog.remote().uri.sip() {
            Some(remote) if session.is_ours() && !is_global => remote,
            _ => contact,
        };
        let replaces = Some(dialog.id().replaces().to_string());
        self.common.peer.replaces.then(|| Referral { to: to.to_string(), replaces })
    }

    /// Whether a caller may take the place of this leg's peer.
    ///
    /// # Errors
    /// The status to refuse it with (RFC 3891 section 3): a call that is answered while only one that is not is asked
    /// for (486), one that ends (603), or one that rings here and is not for others to answer (481).
    pub(in crate::ua) fn may_be_replaced(&self, early_only: bool) -> Result<(), StatusCode> {
        match &self.state {
            State::Session(session) if !session.goes_on() => Err(StatusCode::DECLINE),
            State::Session(_) if early_only => Err(StatusCode::BUSY_HERE),
            State::Session(_) | State::Calling(_) => Ok(()),
            State::Opened(_) | State::Ringing(_) | State::Over => Err(StatusCode::CALL_DOES_NOT_EXIST),
        }
    }

    /// Has the INVITE say what a REFER wants it to.
    pub(in crate::ua) fn carry(&mut self, carried: Carried) {
        self.common.carried = carried;
    }

    /// Says whether the transfer is made that the peer has asked for.
    pub(in crate::ua) fn answer_refer(&mut self, answer: Result<(), StatusCode>, hop: &mut Hop) -> Vec<LegOutput> {
        self.step(|state, common| match state {
            State::Session(mut session) => {
                session.answer_refer(answer, common, hop);
                State::Session(session)
            }
            other => other,
        })
    }
}

impl Common {
    /// Tells who the account's network says is there now (RFC 3325).
    pub(super) fn connected_identity(&mut self, headers: &Headers) {
        if let Some(who) = identity::connected(headers).filter(|_| self.account.is_some()) {
            self.event(LegEvent::Party(who));
        }
    }

    /// Puts what a REFER has asked for into our INVITE (RFC 3891 section 4, RFC 3892 section 2.1).
    pub(super) fn carried(&self, mut request: RequestBuilder) -> RequestBuilder {
        let Carried { replaces, referred_by } = &self.carried;
        if let Some(replaces) = replaces {
            request = request.replaces(replaces).header(HeaderName::Require, REPLACES);
        }
        match referred_by {
            Some(by) => request.address(HeaderName::ReferredBy, &NameAddr::new(by.uri.clone())),
            None => request,
        }
    }
}
