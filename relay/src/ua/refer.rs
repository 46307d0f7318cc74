//! Transfers between the relay's calls and its SIP peers: what a REFER asks for (RFC 3515), and whom it may lead to.

use std::sync::Arc;
use std::time::Instant;

use offhook_media::LegId;
use offhook_sip::dialog::DialogId;
use offhook_sip::message::{Host, HostPort, NameAddr, ReferTo, Replaces, StatusCode, Uri};

use super::account::SipAccount;
use super::{AccountId, Source, UaOutput, UserAgent};
use crate::call::Referral;
use crate::config::TrunkId;

/// What a peer asks for with a REFER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Whom to call, and in whose place.
    pub(super) to: ReferTo,
    /// Who asks (RFC 3892).
    pub(super) by: Option<NameAddr>,
}

/// Whom a REFER leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReferredTo {
    /// Whoever talks to this leg of the relay's own: the REFER names its dialog.
    Call(LegId),
    /// The session whose Contact this is.
    Account(AccountId),
    /// A number or user, as it leads on for whoever asks.
    Here(String),
    /// Somebody at a server, to be called for the account that the leg belongs to.
    There {
        /// Whose account.
        account: AccountId,
        /// The address, as it could be dialled.
        uri: String,
        /// Its user part.
        user: String,
        /// Its host.
        host: String,
        /// Whether that is the account's own server.
        is_home: bool,
    },
    /// Somebody behind a trunk, in whose call the caller takes a place.
    Trunk {
        /// The trunk.
        trunk: TrunkId,
        /// The number.
        user: String,
    },
    /// Nobody that could be called from here.
    Nobody,
}

/// What an INVITE carries that a REFER asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Carried {
    /// The dialog whose place it takes.
    pub(super) replaces: Option<Replaces>,
    /// Who asked for it.
    pub(super) referred_by: Option<NameAddr>,
}

impl UserAgent {
    /// Whether the peer of this leg can be asked to call somebody else by itself.
    #[must_use]
    pub fn may_refer(&self, leg: LegId) -> bool {
        self.legs.get(leg).is_some_and(|leg| leg.may_refer())
    }

    /// How the peer of one leg is asked to take the place of another's call, where both can do that and are behind the
    /// same server, which knows both.
    #[must_use]
    pub fn referral_between(&self, leg: LegId, other: LegId) -> Option<Referral> {
        let (one, other) = (self.legs.get(leg)?, self.legs.get(other)?);
        let same = match (one.account_id(), other.account_id()) {
            (Some(ones), Some(others)) => ones == others,
            (None, None) => one.server()? == other.server()?,
            _ => false,
        };
        if same && one.may_refer() { other.as_target() } else { None }
    }

    /// Whether this could be dialled for the account that the leg belongs to.
    #[must_use]
    pub fn is_callable(&self, leg: LegId, account: AccountId, dialled: &str) -> bool {
        let is_its = self.legs.get(leg).is_some_and(|leg| leg.account_id() == Some(account));
        is_its && self.accounts.find(account).is_some_and(|account| account.target(dialled).is_ok())
    }

    /// The trunk that a leg's call goes over.
    #[must_use]
    pub fn trunk_of(&self, leg: LegId) -> Option<TrunkId> {
        self.legs.get(leg)?.account_id()?.trunk()
    }

    /// Whether a user of the relay's own is at the far end of a leg, who may call what that user may.
    #[must_use]
    pub fn is_users_leg(&self, leg: LegId) -> bool {
        self.legs.get(leg).is_some_and(|leg| leg.user().is_some())
    }

    /// Says whether a transfer is made that a peer has asked for.
    ///
    /// # Errors of the answer
    /// The status the REFER is refused with.
    pub fn answer_refer(&mut self, leg: LegId, answer: Result<(), u16>, now: Instant) {
        let answer = answer.map_err(|status| StatusCode::new(status).unwrap_or(StatusCode::SERVER_INTERNAL_ERROR));
        let hop = &mut self.hop;
        let outputs = self.legs.drive(leg, |driver| driver.answer_refer(answer, hop));
        self.leg_outputs(leg, outputs, now);
        self.settle(now);
    }

    /// Has the INVITE of a leg that was opened for it say what a REFER wants it to.
    pub fn carry(&mut self, leg: LegId, asked: Asked) {
        let carried = Carried { replaces: asked.to.replaces, referred_by: asked.by };
        self.legs.drive(leg, |driver| driver.carry(carried));
    }

    /// A peer asks for a transfer.
    pub(super) fn referred(&mut self, leg: LegId, asked: Asked) {
        let to = self.referred_to(leg, &asked.to);
        self.outputs.push_back(UaOutput::Refer { leg, to, asked });
    }

    /// The account that a call came to, or that its trunk has.
    pub(super) fn account_behind(&self, source: &Source) -> Option<(AccountId, &Arc<SipAccount>)> {
        match source {
            Source::Account(id) => Some((*id, self.accounts.find(*id)?)),
            Source::Trunk(trunk) => self.trunks.account(*trunk),
            Source::User(_) | Source::Stranger => None,
        }
    }

    fn referred_to(&self, leg: LegId, to: &ReferTo) -> ReferredTo {
        let named = to.replaces.as_ref().and_then(|replaces| self.legs.of_dialog(&DialogId::of_replaces(replaces)));
        if let Some(call) = named.filter(|named| *named != leg) {
            return ReferredTo::Call(call);
        }
        let Some(driver) = self.legs.get(leg) else { return ReferredTo::Nobody };
        let source = match driver.account_id() {
            Some(id) => id.trunk().map_or(Source::Account(id), Source::Trunk),
            None => driver.user().map_or(Source::Stranger, |user| Source::User(user.to_owned())),
        };
        let Some(Dialled { uri, user, host_port }) = dialled(&to.address.uri) else { return ReferredTo::Nobody };
        let home = self.account_behind(&source).map(|(_, account)| account);
        let is_home = home.is_some_and(|home| host_port.is_none_or(|it| home.is_home(&it.host)));
        let is_ours = |host: &Host| self.registrar.as_ref().is_some_and(|registrar| registrar.is_domain(host));
        let is_here =
            host_port.is_none_or(|it| self.hop.is_own(it) || driver.is_called_by(&it.host) || is_ours(&it.host));
        match (source, to.replaces.is_some()) {
            (_, false)
                if self.accounts.of_contact(&user).is_some_and(|account| account.trunk().is_none()) && is_here =>
            {
                self.accounts.of_contact(&user).map_or(ReferredTo::Nobody, ReferredTo::Account)
            }
            (Source::Account(account), _) if is_home || !is_here => {
                let host = host_port.map(|it| it.host.to_string()).unwrap_or_default();
                ReferredTo::There { account, uri, user, host, is_home }
            }
            (Source::Trunk(trunk), true) if is_home => ReferredTo::Trunk { trunk, user },
            (Source::Trunk(_), false) if is_home || is_here => ReferredTo::Here(user),
            (Source::Account(_) | Source::User(_) | Source::Stranger, false) if is_here => ReferredTo::Here(user),
            _ => ReferredTo::Nobody,
        }
    }
}

/// What a URI means to whoever dials it.
struct Dialled<'a> {
    /// As it could be dialled.
    uri: String,
    user: String,
    /// Where, unless it is a number and no more.
    host_port: Option<&'a HostPort>,
}

fn dialled(uri: &Uri) -> Option<Dialled<'_>> {
    match uri {
        Uri::Sip(uri) => {
            let user = String::from_utf8(uri.user_decoded()?.into_owned()).ok()?;
            Some(Dialled { uri: uri.to_string(), user, host_port: Some(uri.host_port()) })
        }
        Uri::Other(uri) if uri.scheme().eq_ignore_ascii_case("tel") => {
            let number = uri.opaque().split(';').next().unwrap_or_default().to_owned();
            Some(Dialled { uri: number.clone(), user: number, host_port: None })
        }
        _ => None,
    }
}
