//! Every SIP leg: found by its name, its dialog or the INVITE it is to answer, and woken in the order of the timers.

use std::collections::HashMap;
use std::time::Instant;

use offhook_media::LegId;
use offhook_sip::dialog::DialogId;
use offhook_sip::message::{CallId, Request};
use offhook_sip::transaction::ServerId;

use super::alarms::Alarms;
use super::leg::SipLeg;
use super::outbox::NextHop;

/// The legs and what they are found by.
#[derive(Debug, Default)]
pub(super) struct Legs {
    entries: HashMap<LegId, Entry>,
    dialogs: HashMap<DialogId, LegId>,
    invites: HashMap<ServerId, LegId>,
    origins: HashMap<Origin, LegId>,
    /// Where all requests of a leg go, whatever its peer's Contact says.
    pins: HashMap<LegId, NextHop>,
    alarms: Alarms<LegId>,
}

/// What an INVITE that begins a call is known by, whichever way it comes: Call-ID, tag of From and CSeq number
/// (RFC 3261 section 8.2.2.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Origin(CallId, String, u32);

impl Origin {
    /// `None` for a request that lacks one of them.
    pub(super) fn of(invite: &Request) -> Option<Self> {
        let headers = invite.headers();
        let tag = headers.from().ok()?.tag()?.to_owned();
        Some(Self(headers.call_id().ok()?, tag, headers.cseq().ok()?.number))
    }
}

#[derive(Debug)]
struct Entry {
    leg: SipLeg,
    /// As it stands in the index.
    dialogs: Vec<DialogId>,
    /// As it stands in the index.
    invite: Option<ServerId>,
    origin: Option<Origin>,
}

impl Legs {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// A leg as it is.
    pub(super) fn get(&self, id: LegId) -> Option<&SipLeg> {
        self.entries.get(&id).map(|entry| &entry.leg)
    }

    pub(super) fn contains(&self, id: LegId) -> bool {
        self.entries.contains_key(&id)
    }

    /// The leg whose dialog this is.
    pub(super) fn of_dialog(&self, dialog: &DialogId) -> Option<LegId> {
        self.dialogs.get(dialog).copied()
    }

    /// The leg that is to answer this INVITE.
    pub(super) fn of_invite(&self, invite: ServerId) -> Option<LegId> {
        self.invites.get(&invite).copied()
    }

    /// When the first leg wants to be woken.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.alarms.next()
    }

    /// The legs to wake.
    pub(super) fn due(&self, now: Instant) -> Vec<LegId> {
        self.alarms.due(now)
    }

    /// From now on all requests of the leg go here.
    pub(super) fn pin(&mut self, id: LegId, hop: NextHop) {
        self.pins.insert(id, hop);
    }

    /// Where all requests of the leg go, if it matters.
    pub(super) fn pinned(&self, id: LegId) -> Option<&NextHop> {
        self.pins.get(&id)
    }

    pub(super) fn insert(&mut self, id: LegId, leg: SipLeg) {
        self.remove(id);
        self.entries.insert(id, Entry { leg, dialogs: Vec::new(), invite: None, origin: None });
        self.settle(id);
    }

    /// Takes the leg of an INVITE of a peer's.
    pub(super) fn insert_incoming(&mut self, id: LegId, leg: SipLeg, origin: Option<Origin>) {
        self.insert(id, leg);
        if let Some(entry) = self.entries.get_mut(&id) {
            self.origins.extend(origin.clone().map(|origin| (origin, id)));
            entry.origin = origin;
        }
    }

    /// Whether the call of an INVITE is here already: it has come another way, too.
    pub(super) fn has_come(&self, origin: &Origin) -> bool {
        self.origins.contains_key(origin)
    }

    /// Lets a leg act. `None` if there is no such leg.
    pub(super) fn drive<R>(&mut self, id: LegId, act: impl FnOnce(&mut SipLeg) -> R) -> Option<R> {
        let result = act(&mut self.entries.get_mut(&id)?.leg);
        self.settle(id);
        Some(result)
    }

    pub(super) fn remove(&mut self, id: LegId) {
        self.pins.remove(&id);
        let Some(entry) = self.entries.remove(&id) else { return };
        for dialog in entry.dialogs {
            self.dialogs.remove(&dialog);
        }
        if let Some(invite) = entry.invite {
            self.invites.remove(&invite);
        }
        if let Some(origin) = entry.origin {
            self.origins.remove(&origin);
        }
        self.alarms.set(id, None);
    }

    /// Brings the indexes up to date with what the leg has become.
    fn settle(&mut self, id: LegId) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        if !entry.leg.dialogs().eq(&entry.dialogs) {
            for former in entry.dialogs.drain(..) {
                self.dialogs.remove(&former);
            }
            entry.dialogs.extend(entry.leg.dialogs().cloned());
            self.dialogs.extend(entry.dialogs.iter().map(|dialog| (dialog.clone(), id)));
        }
        if entry.leg.invite() != entry.invite {
            let invite = entry.leg.invite();
            self.invites.extend(invite.map(|invite| (invite, id)));
            if let Some(former) = std::mem::replace(&mut entry.invite, invite) {
                self.invites.remove(&former);
            }
        }
        self.alarms.set(id, entry.leg.poll_timeout());
    }
}
