//! The trunks as the user agent knows them: whose requests are theirs, and calls that go out over them.

use std::sync::Arc;
use std::time::Instant;

use offhook_media::{LegId, RtpLocal};
use offhook_protocol::{ErrorCode, Failure};
use offhook_sip::digest::Client;
use offhook_sip::message::{Request, SipUri, Transport, Uri};
use offhook_sip::transaction::Destination;

use super::account::{Protocol, SipAccount};
use super::accounts::credentials;
use super::attachment::MediaLocal;
use super::leg::{Caller, Identity, SipLeg};
use super::media_policy::OwnMediaPolicy;
use super::qualify::Qualifying;
use super::{AccountId, UserAgent};
use crate::config::{Trunk, TrunkId};

/// Set in the names of trunks' accounts, so that they never meet one of a session's.
const TRUNK_ACCOUNT: u64 = 1 << 63;

/// The trunks, in the order of the configuration.
#[derive(Debug, Default)]
pub(super) struct Trunks {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    trunk: Trunk,
    account: Arc<SipAccount>,
    /// The user part of its Contact, where it does not register one.
    contact: String,
}

impl Trunks {
    /// The trunk that sends from there. Behind a proxy's address any page may be, so nothing over WebSocket is a trunk's;
    /// and whoever can write a source address into a datagram is not the trunk that speaks TCP or TLS.
    pub(super) fn at(&self, from: &Destination) -> Option<TrunkId> {
        if matches!(from.transport, Transport::Ws | Transport::Wss) {
            return None;
        }
        let could_come = |trunk: &Trunk| {
            from.transport != Transport::Udp || !trunk.names_transport || trunk.transport == Protocol::Udp
        };
        let sends = |entry: &Entry| entry.trunk.sends_from(from.address) && could_come(&entry.trunk);
        self.entries.iter().position(sends).map(TrunkId)
    }

    /// Whether its calls may leave the media to their ends.
    pub(super) fn is_direct(&self, id: TrunkId) -> bool {
        self.entries.get(id.0).is_some_and(|entry| entry.trunk.direct_media)
    }

    /// How many of the accounts are trunks'.
    pub(super) fn registering(&self) -> usize {
        self.entries.iter().filter(|entry| entry.trunk.register).count()
    }

    /// A trunk's account, and its name.
    pub(super) fn account(&self, id: TrunkId) -> Option<(AccountId, &Arc<SipAccount>)> {
        self.entries.get(id.0).map(|entry| (Self::account_of(id), &entry.account))
    }

    fn account_of(id: TrunkId) -> AccountId {
        AccountId(TRUNK_ACCOUNT | u64::try_from(id.0).unwrap_or_default())
    }
}

impl AccountId {
    /// The trunk whose account this is, if it is a trunk's.
    #[must_use]
    pub fn trunk(self) -> Option<TrunkId> {
        let number = self.0.checked_sub(TRUNK_ACCOUNT)?;
        usize::try_from(number).ok().map(TrunkId)
    }
}

impl UserAgent {
    /// The same user agent with these trunks.
    #[must_use]
    pub fn with_trunks(mut self, trunks: &[Trunk]) -> Self {
        let entries = trunks.iter().map(|trunk| Entry {
            account: Arc::new(SipAccount::of_trunk(trunk)),
            contact: self.hop.token(),
            trunk: trunk.clone(),
        });
        self.trunks = Trunks { entries: entries.collect() };
        self.qualifying = Qualifying::new(trunks);
        self
    }

    /// Registers at the trunks that want it, and asks others whether they are there.
    pub fn start(&mut self, now: Instant) {
        self.qualifying.start(now);
        let registering: Vec<_> = self.registering_trunks().collect();
        for (id, account) in registering {
            self.register(Trunks::account_of(id), (*account).clone(), now);
        }
    }

    /// Withdraws the registrations at trunks.
    pub fn stop(&mut self, now: Instant) {
        self.qualifying.stop();
        let registering: Vec<_> = self.registering_trunks().collect();
        for (id, _) in registering {
            self.unregister(Trunks::account_of(id), now);
        }
    }

    /// Opens an outgoing leg over a trunk; [`LegCommand::Invite`](crate::call::LegCommand::Invite) comes next. Without an
    /// RTP port the descriptions of the far end pass through it untouched.
    ///
    /// # Errors
    /// When there is no such trunk.
    pub fn open_trunk_leg(
        &mut self,
        leg: LegId,
        trunk: TrunkId,
        local: Option<RtpLocal>,
        number: &str,
    ) -> Result<(), Failure> {
        let entry = self.trunks.entries.get(trunk.0).ok_or_else(no_such_trunk)?;
        let registered = self.accounts.find(Trunks::account_of(trunk));
        let account = Arc::clone(registered.unwrap_or(&entry.account));
        let registered = self.accounts.address(Trunks::account_of(trunk), &self.hop);
        let contact = registered.unwrap_or_else(|| self.hop.contact(&entry.contact, account.protocol));
        let target = SipUri::new(account.next_hop.clone()).with_user(number);
        let target = match account.protocol.uri_parameter() {
            None => target,
            transport => target.with_param("transport", transport),
        };
        let digest = entry.trunk.username.is_some().then(|| Client::new(credentials(&account)));
        let caller = Caller { account: Arc::clone(&account), contact, digest };
        let identity = self.identity_at(trunk);
        let opened = SipLeg::outgoing(leg, caller, local.map(MediaLocal::Rtp), target, &identity, &mut self.hop);
        self.legs.insert(leg, opened.of_account(Trunks::account_of(trunk), &account));
        Ok(())
    }

    /// What does not change from leg to leg, as it is at a trunk.
    pub(super) fn identity_at(&self, trunk: TrunkId) -> Identity {
        let mut identity = self.identity.clone();
        if let Some(Entry { trunk, .. }) = self.trunks.entries.get(trunk.0) {
            let own = OwnMediaPolicy {
                srtp: trunk.srtp,
                codecs: trunk.codecs.as_ref(),
                transcoding: trunk.transcoding,
                ice: trunk.ice,
                video: trunk.video,
            };
            identity.media = Arc::new(identity.media.overridden(own));
        }
        identity
    }

    fn registering_trunks(&self) -> impl Iterator<Item = (TrunkId, Arc<SipAccount>)> + '_ {
        let entries = self.trunks.entries.iter().enumerate().filter(|(_, entry)| entry.trunk.register);
        entries.map(|(at, entry)| (TrunkId(at), Arc::clone(&entry.account)))
    }
}

/// The number a trunk calls at a Contact the relay registered there: it stands in To.
pub(super) fn number_called(request: &Request) -> Option<String> {
    let to = request.headers().to().ok()?;
    let Uri::Sip(uri) = &to.uri else { return None };
    String::from_utf8(uri.user_decoded()?.into_owned()).ok().filter(|user| !user.is_empty())
}

fn no_such_trunk() -> Failure {
    Failure::new(ErrorCode::Internal, "There is no such trunk. This is a fault of the relay.")
}
