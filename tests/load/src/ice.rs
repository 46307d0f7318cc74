//! ICE of one browser: always controlling (RFC 8445), and nominating what it checks.

use std::net::SocketAddr;

use rtc_crypto::RTCCrypto;
use rtc_stun::attributes::{ATTR_ICE_CONTROLLING, ATTR_PRIORITY, ATTR_USE_CANDIDATE, ATTR_USERNAME};
use rtc_stun::fingerprint::FINGERPRINT;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{BINDING_REQUEST, BINDING_SUCCESS, Message, Setter, TransactionId};
use rtc_stun::textattrs::Username;
use rtc_stun::xoraddr::XorMappedAddress;

use crate::error::Error;

/// A host candidate's priority as a peer-reflexive one (RFC 8445 section 7.1.1).
const PRIORITY: u32 = 110 << 24 | 65535 << 8 | 255;
const CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A user name fragment and a password.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Credentials {
    pub(crate) ufrag: String,
    pub(crate) password: String,
}

impl Credentials {
    pub(crate) fn random() -> Result<Self, Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|_| Error::Random)?;
        let mut chars = bytes.iter().filter_map(|byte| CHARS.get(usize::from(byte % 64))).map(|&char| char::from(char));
        Ok(Self { ufrag: chars.by_ref().take(8).collect(), password: chars.collect() })
    }
}

/// What a STUN message means to a browser.
pub(crate) enum Heard {
    /// A check of the server's, and the answer to it.
    Check(Vec<u8>),
    /// The server has answered a check.
    Answered,
    /// Nothing.
    Nothing,
}

/// A check that nominates (RFC 8445 section 7.2.2).
pub(crate) fn check(local: &Credentials, remote: &Credentials, crypto: &dyn RTCCrypto) -> Result<Vec<u8>, Error> {
    let username = format!("{}:{}", remote.ufrag, local.ufrag);
    let mut message = Message::new();
    message.build(&[
        Box::new(TransactionId::new()),
        Box::new(BINDING_REQUEST),
        Box::new(Username::new(ATTR_USERNAME, username)),
    ])?;
    message.add(ATTR_PRIORITY, &PRIORITY.to_be_bytes());
    message.add(ATTR_ICE_CONTROLLING, &u64::MAX.to_be_bytes());
    message.add(ATTR_USE_CANDIDATE, &[]);
    let key = remote.password.as_bytes().to_vec();
    MessageIntegrity::new_raw_integrity_with_provider(key, crypto).add_to(&mut message)?;
    FINGERPRINT.add_to(&mut message)?;
    Ok(message.raw)
}

/// Takes a STUN message of the server's.
pub(crate) fn hear(datagram: &[u8], from: SocketAddr, local: &Credentials, crypto: &dyn RTCCrypto) -> Heard {
    let mut message = Message::new();
    if message.unmarshal_binary(datagram).is_err() {
        return Heard::Nothing;
    }
    match message.typ {
        BINDING_SUCCESS => Heard::Answered,
        BINDING_REQUEST => answer(&message, from, local, crypto).map_or(Heard::Nothing, Heard::Check),
        _ => Heard::Nothing,
    }
}

fn answer(check: &Message, from: SocketAddr, local: &Credentials, crypto: &dyn RTCCrypto) -> Option<Vec<u8>> {
    let key = local.password.as_bytes().to_vec();
    let mut response = Message::new();
    let setters: [Box<dyn Setter>; 5] = [
        Box::new(check.transaction_id),
        Box::new(BINDING_SUCCESS),
        Box::new(XorMappedAddress { ip: from.ip(), port: from.port() }),
        Box::new(MessageIntegrity::new_raw_integrity_with_provider(key, crypto)),
        Box::new(FINGERPRINT),
    ];
    response.build(&setters).ok()?;
    Some(response.raw)
}
