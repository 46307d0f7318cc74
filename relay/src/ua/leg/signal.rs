//! Keys in the bodies of INFO requests: `application/dtmf` and `application/dtmf-relay`.
//!
//! No RFC describes them; this is what gateways and phones have come to agree on. `application/dtmf` holds the key and
//! nothing else. `application/dtmf-relay` holds `Signal=5` and `Duration=160` on lines of their own.

use std::time::Duration;

use offhook_media::Digit;
use offhook_protocol::request::DtmfMethod;
use offhook_sip::message::Request;

/// The media type of a body that holds a key and nothing else.
pub(in crate::ua) const DTMF: &str = "application/dtmf";

/// The media type of a body that holds key and duration.
pub(in crate::ua) const DTMF_RELAY: &str = "application/dtmf-relay";

/// How long a key is taken to be pressed when nobody says how long.
pub(super) const USUAL: Duration = Duration::from_millis(160);

/// The longest press that is believed.
const LONGEST: Duration = Duration::from_secs(8);

/// A key as an INFO carries it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Signal {
    pub(super) digit: Digit,
    pub(super) duration: Duration,
    pub(super) method: DtmfMethod,
}

impl Signal {
    /// The key an INFO holds. `None` for a body that is no key of a telephone.
    pub(super) fn of(request: &Request) -> Option<Self> {
        let kind = request.headers().content_type().ok()??;
        let body = std::str::from_utf8(request.body()).ok()?;
        if kind.is(DTMF) {
            return Some(Self { digit: digit(body)?, duration: USUAL, method: DtmfMethod::Info });
        }
        if !kind.is(DTMF_RELAY) {
            return None;
        }
        let field = |name: &str| {
            let fields = body.lines().filter_map(|line| line.split_once('='));
            fields.into_iter().find(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
        };
        let duration = field("Duration").and_then(|value| value.parse().ok()).map_or(USUAL, Duration::from_millis);
        let digit = digit(field("Signal")?)?;
        Some(Self { digit, duration: duration.min(LONGEST), method: DtmfMethod::InfoRelay })
    }

    /// Media type and body.
    pub(super) fn body(&self) -> (&'static str, String) {
        match self.method {
            DtmfMethod::InfoRelay | DtmfMethod::Rfc2833 => {
                (DTMF_RELAY, format!("Signal={}\r\nDuration={}\r\n", self.digit, self.duration.as_millis()))
            }
            DtmfMethod::Info => (DTMF, self.digit.to_string()),
        }
    }
}

/// A key, written as itself or as its event code (RFC 4733 section 3.2).
fn digit(text: &str) -> Option<Digit> {
    let text = text.trim();
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(key), None) => Digit::from_char(key),
        _ => text.parse().ok().filter(|code| *code >= 10).and_then(Digit::from_event),
    }
}

#[cfg(test)]
mod tests {
    use offhook_sip::message::{CallId, Method, NameAddr, Uri, Via};

    use super::*;

    fn info(kind: &str, body: &str) -> Request {
        let via: Via = "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK1".parse().unwrap();
        let address = NameAddr::parse(b"<sip:a@192.0.2.9>").unwrap();
        Request::builder(Method::Info, Uri::parse(b"sip:a@192.0.2.1").unwrap())
            .via(&via)
            .from(&address)
            .to(&address)
            .call_id(&CallId::new("1").unwrap())
            .cseq(1)
            .body(kind, body.to_owned())
            .build()
            .unwrap()
    }

    fn read(kind: &str, body: &str) -> Option<(char, u128)> {
        Signal::of(&info(kind, body)).map(|signal| (signal.digit.as_char(), signal.duration.as_millis()))
    }

    #[test]
    fn a_key_alone_is_read() {
        for (body, key) in [("5", '5'), ("*\r\n", '*'), ("#", '#'), (" a ", 'A'), ("11", '#'), ("10", '*')] {
            assert_eq!(read(DTMF, body), Some((key, 160)), "{body:?}");
        }
    }

    #[test]
    fn a_key_with_its_duration_is_read() {
        for body in ["Signal=5\r\nDuration=250\r\n", "Signal= 5\nDuration= 250", "duration=250\r\nSIGNAL=5"] {
            assert_eq!(read(DTMF_RELAY, body), Some(('5', 250)), "{body:?}");
        }
        assert_eq!(read(DTMF_RELAY, "Signal=5"), Some(('5', 160)));
        assert_eq!(read(DTMF_RELAY, "Signal=5\r\nDuration=99999999"), Some(('5', 8000)));
    }

    #[test]
    fn what_is_no_key_is_nothing() {
        for body in ["", "x", "55", "-1", "16", "Signal=5", "\u{665}"] {
            assert_eq!(read(DTMF, body), None, "{body:?}");
        }
        for body in ["", "Duration=1", "Signal=", "Signal=flash", "5"] {
            assert_eq!(read(DTMF_RELAY, body), None, "{body:?}");
        }
        assert_eq!(read("text/plain", "5"), None);
    }

    #[test]
    fn what_is_written_reads_back() {
        let digit = Digit::from_char('#').unwrap();
        for method in [DtmfMethod::Info, DtmfMethod::InfoRelay] {
            let signal = Signal { digit, duration: USUAL, method };
            let (kind, body) = signal.body();
            assert!(Signal::of(&info(kind, &body)) == Some(signal));
        }
    }
}
