//! Which profile a section has, and whether its media is encrypted (RFC 4568).

use crate::sdp::{Crypto, CryptoSuite, MasterKey, MediaDescription};

use super::error::OfferAnswerError;

/// Whether media is to be encrypted with keys that the descriptions name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SrtpPolicy {
    /// Never: offers name none, and an offer that has nothing else is refused.
    #[default]
    Off,
    /// Where the peer can.
    Offered,
    /// Always: an offer in the clear is refused.
    Required,
}

/// A profile of RTP (RFC 3551, 3711, 4585, 5124) without a carrier before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Profile {
    secure: bool,
}

impl Profile {
    fn of(protocol: &str) -> Option<Self> {
        let is = |name: &str| protocol.eq_ignore_ascii_case(name);
        match () {
            () if is("RTP/AVP") || is("RTP/AVPF") => Some(Self { secure: false }),
            () if is("RTP/SAVP") || is("RTP/SAVPF") => Some(Self { secure: true }),
            () => None,
        }
    }
}

/// What seals the packets of both directions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NegotiatedSrtp {
    /// How.
    pub suite: CryptoSuite,
    /// What we seal with.
    pub send: MasterKey,
    /// What the peer seals with.
    pub receive: MasterKey,
}

/// The protocol of a section that is offered first, and the lines with our keys.
pub(super) fn offered(policy: SrtpPolicy, keys: &[(CryptoSuite, MasterKey)]) -> (&'static str, Vec<Crypto>) {
    if policy == SrtpPolicy::Off || keys.is_empty() {
        return ("RTP/AVP", Vec::new());
    }
    ("RTP/SAVP", lines(keys))
}

/// Whether media of this protocol is encrypted.
pub(super) fn is_secure(protocol: &str) -> bool {
    Profile::of(protocol).is_some_and(|profile| profile.secure)
}

/// The lines with our keys.
pub(super) fn lines(keys: &[(CryptoSuite, MasterKey)]) -> Vec<Crypto> {
    (1..).zip(keys).map(|(tag, (suite, key))| Crypto { tag, suite: *suite, key: key.clone() }).collect()
}

/// The line of a peer's offer that is taken. `None` for media in the clear.
///
/// # Errors
/// The policy does not take what the section has.
pub(super) fn taken(policy: SrtpPolicy, section: &MediaDescription) -> Result<Option<Crypto>, OfferAnswerError> {
    let profile = Profile::of(&section.protocol).ok_or(OfferAnswerError::UnsupportedTransport)?;
    // Some name keys in a profile without encryption, to be taken or left.
    let line = Crypto::usable(section.attributes.values("crypto")).next().filter(|_| policy != SrtpPolicy::Off);
    match (line, profile.secure) {
        (Some(line), _) => Ok(Some(line)),
        (None, true) => Err(OfferAnswerError::UnsupportedTransport),
        (None, false) if policy == SrtpPolicy::Required => Err(OfferAnswerError::UnsupportedTransport),
        (None, false) => Ok(None),
    }
}

/// What an answer agrees on for these lines of ours.
///
/// # Errors
/// The answer takes none of them although it has to, or has another profile.
pub(super) fn answered(
    ours: &[Crypto],
    offered: &str,
    section: &MediaDescription,
) -> Result<Option<NegotiatedSrtp>, OfferAnswerError> {
    let profile = Profile::of(&section.protocol).ok_or(OfferAnswerError::UnsupportedTransport)?;
    let line = Crypto::usable(section.attributes.values("crypto")).find_map(|theirs| {
        let ours = ours.iter().find(|ours| ours.tag == theirs.tag && ours.suite == theirs.suite)?;
        Some(NegotiatedSrtp { suite: ours.suite, send: ours.key.clone(), receive: theirs.key })
    });
    let secure = Profile::of(offered).is_some_and(|offered| offered.secure);
    match line {
        // What was offered encrypted is not to be had in the clear.
        None if secure || profile.secure => Err(OfferAnswerError::UnsupportedTransport),
        line => Ok(line),
    }
}

/// What an answer of ours to this line agrees on, and the line it has.
pub(super) fn answer(theirs: &Crypto, keys: &[(CryptoSuite, MasterKey)]) -> Option<(NegotiatedSrtp, Crypto)> {
    let (suite, send) = keys.iter().find(|(suite, _)| *suite == theirs.suite)?;
    let line = Crypto { tag: theirs.tag, suite: *suite, key: send.clone() };
    let agreed = NegotiatedSrtp { suite: *suite, send: send.clone(), receive: theirs.key.clone() };
    Some((agreed, line))
}
