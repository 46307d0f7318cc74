//! ICE, lite (RFC 8445 §2.5): the relay has a public address, so it only answers checks.
//!
//! Whoever knows the password may say where media is to go. Nothing of a datagram is believed
//! before its MESSAGE-INTEGRITY has been verified, and of the attributes only those it covers.

use std::time::{Duration, Instant};

use rtc_crypto::RTCCrypto;
use rtc_stun::attributes::{
    ATTR_FINGERPRINT, ATTR_ICE_CONTROLLED, ATTR_MESSAGE_INTEGRITY, ATTR_USE_CANDIDATE, ATTR_USERNAME,
};
use rtc_stun::error_code::CODE_ROLE_CONFLICT;
use rtc_stun::fingerprint::FINGERPRINT;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{BINDING_ERROR, BINDING_REQUEST, BINDING_SUCCESS, MESSAGE_HEADER_SIZE, Message, Setter};
use rtc_stun::xoraddr::XorMappedAddress;

use crate::outlet::Path;
use crate::params::{IceCredentials, IcePassword};

/// Ways to one browser; it checks from each of its interfaces to each of the relay's addresses.
const MAX_PATHS: usize = 16;
/// Two checks and a bit: clients check every 2 to 2.5 s.
const ABANDONED: Duration = Duration::from_secs(6);
/// Longer STUN messages than this are no connectivity checks.
const MAX_CHECK: usize = 548;
/// MESSAGE-INTEGRITY is HMAC-SHA1.
const INTEGRITY_LEN: u16 = 20;
/// 64 ice-chars (RFC 8839 §5.4), so that 6 bits choose one without bias.
const ICE_CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl IceCredentials {
    /// Credentials out of random bytes: 48 bits of name and 144 of password (RFC 8445 §5.3 asks
    /// for 24 and 128).
    #[must_use]
    pub fn from_random(random: [u8; 32]) -> Self {
        let mut chars =
            random.iter().filter_map(|byte| ICE_CHARS.get(usize::from(byte & 63))).map(|&char| char::from(char));
        Self { ufrag: chars.by_ref().take(8).collect(), password: IcePassword::new(chars.collect()) }
    }
}

/// A binding request, read but not yet believed.
pub(crate) struct Check {
    message: Message,
    username: String,
}

impl Check {
    /// Reads a datagram. `None` when it is not a well-formed connectivity check.
    #[must_use]
    pub(crate) fn parse(datagram: &[u8]) -> Option<Self> {
        if datagram.len() > MAX_CHECK {
            return None;
        }
        let mut message = Message::new();
        message.unmarshal_binary(datagram).ok()?;
        let whole = MESSAGE_HEADER_SIZE + message.length as usize == datagram.len();
        if !whole || message.typ != BINDING_REQUEST {
            return None;
        }
        FINGERPRINT.check(&message).ok()?;
        let username = Self::protected(&message)?
            .find(|attribute| attribute.typ == ATTR_USERNAME)
            .and_then(|attribute| String::from_utf8(attribute.value.clone()).ok())?;
        Some(Self { message, username })
    }

    /// The user name fragment of the side that is asked: whom this is for.
    #[must_use]
    pub(crate) fn local_ufrag(&self) -> &str {
        self.username.split(':').next().unwrap_or_default()
    }

    fn remote_ufrag(&self) -> &str {
        self.username.split_once(':').map_or("", |(_, remote)| remote)
    }

    /// The attributes MESSAGE-INTEGRITY covers. `None` without a proper one.
    fn protected(message: &Message) -> Option<impl Iterator<Item = &rtc_stun::attributes::RawAttribute>> {
        let attributes = &message.attributes.0;
        let integrity = attributes.iter().position(|attribute| attribute.typ == ATTR_MESSAGE_INTEGRITY)?;
        let proper = attributes.get(integrity)?.length == INTEGRITY_LEN && attributes.last()?.typ == ATTR_FINGERPRINT;
        proper.then(|| attributes.iter().take(integrity))
    }

    fn has(&self, kind: rtc_stun::attributes::AttrType) -> bool {
        Self::protected(&self.message).is_some_and(|mut attributes| attributes.any(|attribute| attribute.typ == kind))
    }
}

/// What an authentic check brings about.
#[derive(Debug)]
pub(crate) struct Answer {
    /// To be sent to where the check came from.
    pub response: Vec<u8>,
    /// A path that no longer belongs to the browser, to make room for the new one.
    pub forgotten: Option<Path>,
    /// The user name fragment that ceased with this check: the browser uses the new credentials.
    pub retired: Option<String>,
}

/// What both sides said in one exchange of descriptions.
#[derive(Debug)]
struct Generation {
    local: IceCredentials,
    /// Once the browser's description is known, checks must name it.
    remote_ufrag: Option<String>,
}

/// The relay's ICE agent for one browser.
#[derive(Debug)]
pub(crate) struct Agent {
    current: Generation,
    /// After a restart, until the browser's first check with the new credentials: its old checks
    /// are answered so long, and media flows meanwhile (RFC 8445 §9).
    next: Option<Generation>,
    /// Every path a check came along, the most recently checked last.
    paths: Vec<Path>,
    selected: Option<Path>,
    /// When the last check came, and the last along the selected path.
    checked: Option<Instant>,
    selected_checked: Option<Instant>,
}

impl Agent {
    /// An agent with these credentials of its own.
    #[must_use]
    pub(crate) const fn new(local: IceCredentials) -> Self {
        Self {
            current: Generation { local, remote_ufrag: None },
            next: None,
            paths: Vec::new(),
            selected: None,
            checked: None,
            selected_checked: None,
        }
    }

    /// New credentials, beside the old ones until the browser uses them. Returns the user name
    /// fragment of an earlier restart that the browser never came to use.
    pub(crate) fn restart(&mut self, local: IceCredentials) -> Option<String> {
        let unused = self.next.replace(Generation { local, remote_ufrag: None });
        unused.map(|generation| generation.local.ufrag)
    }

    /// The browser's description is known: checks must name it from now on. One that still has the
    /// user name fragment in use was written before the restart.
    pub(crate) fn set_remote(&mut self, ufrag: &str) {
        let known = self.current.remote_ufrag.as_deref() == Some(ufrag);
        let generation = self.next.as_mut().filter(|_| !known).unwrap_or(&mut self.current);
        generation.remote_ufrag = Some(ufrag.to_owned());
    }

    /// The agent's own user name fragments: that in use, and after a restart the new one.
    pub(crate) fn local_ufrags(&self) -> impl Iterator<Item = &str> {
        [Some(&self.current), self.next.as_ref()]
            .into_iter()
            .flatten()
            .map(|generation| generation.local.ufrag.as_str())
    }

    /// Where media goes: the path the browser nominated last, until then the first it checked.
    /// When no checks come along it any more, the one they come along.
    #[must_use]
    pub(crate) const fn selected(&self) -> Option<Path> {
        self.selected
    }

    /// Whether an authentic check came along it.
    #[must_use]
    pub(crate) fn knows(&self, path: Path) -> bool {
        self.paths.contains(&path)
    }

    /// Every path the browser checked.
    pub(crate) fn paths(&self) -> impl Iterator<Item = Path> + '_ {
        self.paths.iter().copied()
    }

    /// When consent ends if no further check comes (RFC 7675). `None` before the first.
    #[must_use]
    pub(crate) fn consent_until(&self, timeout: Duration) -> Option<Instant> {
        self.checked.map(|checked| checked + timeout)
    }

    /// Answers a check that came along `path`. `None` when it is not authentic: no answer then, for
    /// whoever cannot know the password shall learn nothing.
    pub(crate) fn answer(
        &mut self,
        now: Instant,
        path: Path,
        mut check: Check,
        crypto: &dyn RTCCrypto,
    ) -> Option<Answer> {
        let restarted = self.next.as_ref().is_some_and(|next| next.local.ufrag == check.local_ufrag());
        let generation = self.next.as_ref().filter(|_| restarted).unwrap_or(&self.current);
        let key = generation.local.password.expose().as_bytes();
        MessageIntegrity::check(&mut check.message, key, crypto).ok()?;
        if generation.remote_ufrag.as_ref().is_some_and(|ufrag| ufrag != check.remote_ufrag()) {
            return None;
        }
        if check.has(ATTR_ICE_CONTROLLED) {
            // Both sides think they are controlled; a lite agent always is (RFC 8445 §6.1.1).
            return respond(&check, key, Outcome::RoleConflict, crypto);
        }
        let answer = respond(&check, key, Outcome::Success(path.remote), crypto)?;
        let retired = self.next.take_if(|_| restarted).map(|next| std::mem::replace(&mut self.current, next));
        let forgotten = self.note(path);
        if check.has(ATTR_USE_CANDIDATE) || self.is_abandoned(now) {
            self.selected = Some(path);
        }
        if self.selected == Some(path) {
            self.selected_checked = Some(now);
        }
        self.checked = Some(now);
        Some(Answer { forgotten, retired: retired.map(|generation| generation.local.ufrag), ..answer })
    }

    /// Whether the browser no longer checks the selected path, as when a NAT gave it another address without its knowing. Not every client nominates again then.
    fn is_abandoned(&self, now: Instant) -> bool {
        self.selected_checked.is_none_or(|checked| now.saturating_duration_since(checked) > ABANDONED)
    }

    /// A path has ended, as a connection does. Where it was the selected one, that checked last takes its place.
    pub(crate) fn ended(&mut self, path: Path) {
        self.paths.retain(|&known| known != path);
        if self.selected == Some(path) {
            self.selected = self.paths.last().copied();
            self.selected_checked = None;
        }
    }

    /// Remembers a path as the most recent and forgets the oldest beyond the limit.
    fn note(&mut self, path: Path) -> Option<Path> {
        self.paths.retain(|&known| known != path);
        self.paths.push(path);
        if self.paths.len() <= MAX_PATHS {
            return None;
        }
        let oldest = self.paths.iter().position(|&known| Some(known) != self.selected)?;
        Some(self.paths.remove(oldest))
    }
}

fn respond(check: &Check, key: &[u8], outcome: Outcome, crypto: &dyn RTCCrypto) -> Option<Answer> {
    let integrity = MessageIntegrity::new_raw_integrity_with_provider(key.to_vec(), crypto);
    let (kind, body): (_, Box<dyn Setter>) = match outcome {
        Outcome::Success(source) => {
            (BINDING_SUCCESS, Box::new(XorMappedAddress { ip: source.ip().to_canonical(), port: source.port() }))
        }
        Outcome::RoleConflict => (BINDING_ERROR, Box::new(CODE_ROLE_CONFLICT)),
    };
    let mut response = Message::new();
    response
        .build(&[
            Box::new(check.message.transaction_id),
            Box::new(kind),
            body,
            Box::new(integrity),
            Box::new(FINGERPRINT),
        ])
        .ok()?;
    Some(Answer { response: response.raw, forgotten: None, retired: None })
}

enum Outcome {
    Success(std::net::SocketAddr),
    RoleConflict,
}

#[cfg(test)]
#[path = "ice_tests.rs"]
mod tests;
