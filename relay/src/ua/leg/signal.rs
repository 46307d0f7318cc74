//! Keys in the bodies of INFO requests, as the core speaks of them.

use std::time::Duration;

use offhook_media::Digit;
use offhook_protocol::request::DtmfMethod;
use offhook_sip::info::{DTMF, DTMF_RELAY, Key};
use offhook_sip::message::Request;

/// How long a key is taken to be pressed when nobody says how long.
pub(super) const USUAL: Duration = Duration::from_millis(160);

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
        let key = Key::parse(&kind, request.body())?;
        let method = if kind.is(DTMF) { DtmfMethod::Info } else { DtmfMethod::InfoRelay };
        Some(Self { digit: Digit::from_event(key.event())?, duration: key.duration().unwrap_or(USUAL), method })
    }

    /// Media type and body.
    pub(super) fn body(&self) -> Option<(&'static str, String)> {
        let key = Key::new(self.digit.event(), self.duration)?;
        Some(match self.method {
            DtmfMethod::InfoRelay | DtmfMethod::Rfc2833 => (DTMF_RELAY, key.to_dtmf_relay()),
            DtmfMethod::Info => (DTMF, key.to_dtmf()),
        })
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

    #[test]
    fn a_key_without_a_duration_has_the_usual_one() {
        let duration = |kind, body| Signal::of(&info(kind, body)).map(|signal| signal.duration.as_millis());
        assert_eq!(duration(DTMF, "5"), Some(160));
        assert_eq!(duration(DTMF_RELAY, "Signal=5"), Some(160));
        assert_eq!(duration(DTMF_RELAY, "Signal=5\r\nDuration=250"), Some(250));
    }

    #[test]
    fn what_is_written_reads_back() {
        let digit = Digit::from_char('#').unwrap();
        for method in [DtmfMethod::Info, DtmfMethod::InfoRelay] {
            let signal = Signal { digit, duration: USUAL, method };
            let (kind, body) = signal.body().unwrap();
            assert!(Signal::of(&info(kind, &body)) == Some(signal));
        }
    }
}
