//! Which flows registrations rely on (RFC 5626 section 5.3): a 200 to a REGISTER says so on its way through.

use std::time::Duration;

use bytes::Bytes;
use offhook_sip::message::{Contact, Limits, Message, Method};

/// What a flow is kept for at most on a registrar's word: a day.
const MOST: u64 = 86_400;

/// How much longer than the binding lasts, for the answer to a refresh that comes late.
const MARGIN: u64 = 60;

/// How long the flow that this message came over is relied on.
pub(super) fn by(message: &Message) -> Option<Duration> {
    let Message::Response(response) = message else { return None };
    let headers = response.headers();
    if !response.status().is_success() || headers.cseq().ok()?.method != Method::Register {
        return None;
    }
    let of_contact = |contact| match contact {
        Contact::Addr(addr) => addr.params.value("expires")?.parse::<u64>().ok(),
        Contact::Star => None,
    };
    let of_contacts = headers.contacts().flatten().filter_map(of_contact).max();
    let seconds = of_contacts.or_else(|| headers.expires().map(u64::from)).filter(|seconds| *seconds > 0)?;
    Some(Duration::from_secs(seconds.min(MOST).saturating_add(MARGIN)))
}

/// The same for a message of ours, which is looked into only where it may be such an answer.
pub(super) fn by_ours(bytes: &Bytes) -> Option<Duration> {
    if !bytes.starts_with(b"SIP/2.0 200") {
        return None;
    }
    by(&Message::parse_datagram(bytes.clone(), &Limits::default()).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(text: &str) -> Option<u64> {
        by_ours(&Bytes::from(format!("{text}\r\n\r\n"))).map(|duration| duration.as_secs())
    }

    #[test]
    fn a_binding_keeps_its_flow() {
        let ok = "SIP/2.0 200 OK\r\nCSeq: 1 REGISTER\r\nContact: <sip:a@b>;expires=600, <sip:c@d>;expires=60";
        assert_eq!(kept(ok), Some(660));
        assert_eq!(kept("SIP/2.0 200 OK\r\nCSeq: 1 REGISTER\r\nExpires: 3600\r\nContact: <sip:a@b>"), Some(3660));
        assert_eq!(kept("SIP/2.0 200 OK\r\nCSeq: 1 REGISTER\r\nExpires: 4294967295"), Some(86_460));
    }

    #[test]
    fn nothing_else_does() {
        for text in [
            "SIP/2.0 200 OK\r\nCSeq: 1 REGISTER\r\nExpires: 0",
            "SIP/2.0 200 OK\r\nCSeq: 1 OPTIONS\r\nExpires: 600",
            "SIP/2.0 401 Unauthorized\r\nCSeq: 1 REGISTER\r\nExpires: 600",
            "REGISTER sip:a SIP/2.0\r\nCSeq: 1 REGISTER\r\nExpires: 600",
        ] {
            assert_eq!(kept(text), None, "{text}");
        }
    }
}
