//! What the bodies of INFO requests say: keys, in `application/dtmf` and `application/dtmf-relay`, and requests for whole
//! pictures (RFC 5168).
//!
//! No RFC describes the keys; this is what gateways and phones have come to agree on. `application/dtmf` holds the key and
//! nothing else. `application/dtmf-relay` holds `Signal=5` and `Duration=160` on lines of their own.

use std::time::Duration;

use crate::message::MediaType;

/// The media type of a body that holds a key and nothing else.
pub const DTMF: &str = "application/dtmf";

/// The media type of a body that holds key and duration.
pub const DTMF_RELAY: &str = "application/dtmf-relay";

/// The media type of a body that asks the sender of pictures for a whole one (RFC 5168).
pub const MEDIA_CONTROL: &str = "application/media_control+xml";

/// The body that asks for it (RFC 5168 section 4).
pub const PICTURE_FAST_UPDATE: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<media_control><vc_primitive>\
<to_encoder><picture_fast_update/></to_encoder></vc_primitive></media_control>\r\n";

/// Whether a body asks for a whole picture. Whatever else may stand in it says nothing (RFC 5168 section 5).
#[must_use]
pub fn asks_for_picture(kind: &MediaType, body: &[u8]) -> bool {
    let named = |word: &[u8]| word.strip_prefix(b"<").is_some_and(|name| name.starts_with(b"picture_fast_update"));
    kind.is(MEDIA_CONTROL) && body.windows(b"<picture_fast_update".len()).any(named)
}

/// The longest press that is believed and written.
const LONGEST: Duration = Duration::from_secs(8);

/// The keys of a telephone in the order of their event codes (RFC 4733 section 3.2).
const KEYS: &[u8; 16] = b"0123456789*#ABCD";

/// A key as an INFO carries it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key {
    event: u8,
    duration: Option<Duration>,
}

impl Key {
    /// The key with this event code (RFC 4733 section 3.2); `None` above 15. It is pressed for whole milliseconds, eight
    /// seconds at most.
    #[must_use]
    pub fn new(event: u8, duration: Duration) -> Option<Self> {
        let whole = Duration::from_millis(u64::try_from(duration.min(LONGEST).as_millis()).unwrap_or_default());
        (usize::from(event) < KEYS.len()).then_some(Self { event, duration: Some(whole) })
    }

    /// Reads a body of one of the two types. `None` for another type, or a body that is no key of a telephone.
    #[must_use]
    pub fn parse(kind: &MediaType, body: &[u8]) -> Option<Self> {
        let body = std::str::from_utf8(body).ok()?;
        if kind.is(DTMF) {
            return Some(Self { event: event(body)?, duration: None });
        }
        if !kind.is(DTMF_RELAY) {
            return None;
        }
        let field = |name: &str| {
            let mut fields = body.lines().filter_map(|line| line.split_once('='));
            fields.find(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
        };
        let duration = field("Duration").and_then(|value| value.parse().ok());
        let duration = duration.map(|ms| Duration::from_millis(ms).min(LONGEST));
        Some(Self { event: event(field("Signal")?)?, duration })
    }

    /// The event code, 0 to 15.
    #[must_use]
    pub const fn event(self) -> u8 {
        self.event
    }

    /// How long it was pressed, where the body says so.
    #[must_use]
    pub const fn duration(self) -> Option<Duration> {
        self.duration
    }

    /// The body of type [`DTMF`].
    #[must_use]
    pub fn to_dtmf(self) -> String {
        self.character().to_string()
    }

    /// The body of type [`DTMF_RELAY`].
    #[must_use]
    pub fn to_dtmf_relay(self) -> String {
        let mut body = format!("Signal={}\r\n", self.character());
        if let Some(duration) = self.duration {
            body.push_str(&format!("Duration={}\r\n", duration.as_millis()));
        }
        body
    }

    fn character(self) -> char {
        KEYS.get(usize::from(self.event)).copied().map_or('0', char::from)
    }
}

/// Keys may be a PIN: a log shows that there was one, not which.
impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("duration", &self.duration).finish_non_exhaustive()
    }
}

/// A key, written as itself or as its event code.
fn event(text: &str) -> Option<u8> {
    let text = text.trim();
    let code = match text.as_bytes() {
        [key] => KEYS.iter().position(|known| known.eq_ignore_ascii_case(key)),
        // A code of one digit is that digit's key, too.
        [b'1', b'0'..=b'5'] => text.parse().ok(),
        _ => None,
    };
    code.and_then(|code| u8::try_from(code).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(kind: &str, body: &str) -> Option<Key> {
        Key::parse(&MediaType::parse(kind.as_bytes()).unwrap(), body.as_bytes())
    }

    fn read(kind: &str, body: &str) -> Option<(char, Option<u128>)> {
        key(kind, body).map(|key| (key.character(), key.duration().map(|duration| duration.as_millis())))
    }

    #[test]
    fn a_key_alone_is_read() {
        for (body, key) in [("5", '5'), ("*\r\n", '*'), ("#", '#'), (" a ", 'A'), ("11", '#'), ("10", '*'), ("15", 'D')]
        {
            assert_eq!(read(DTMF, body), Some((key, None)), "{body:?}");
        }
    }

    #[test]
    fn a_key_with_its_duration_is_read() {
        for body in ["Signal=5\r\nDuration=250\r\n", "Signal= 5\nDuration= 250", "duration=250\r\nSIGNAL=5"] {
            assert_eq!(read(DTMF_RELAY, body), Some(('5', Some(250))), "{body:?}");
        }
        assert_eq!(read(DTMF_RELAY, "Signal=5"), Some(('5', None)));
        assert_eq!(read(DTMF_RELAY, "Signal=5\r\nDuration=99999999"), Some(('5', Some(8000))));
    }

    #[test]
    fn what_is_no_key_is_nothing() {
        for body in ["", "x", "55", "-1", "16", "010", "Signal=5", "\u{665}"] {
            assert_eq!(read(DTMF, body), None, "{body:?}");
        }
        for body in ["", "Duration=1", "Signal=", "Signal=flash", "5"] {
            assert_eq!(read(DTMF_RELAY, body), None, "{body:?}");
        }
        assert_eq!(read("text/plain", "5"), None);
    }

    #[test]
    fn what_is_written_reads_back() {
        for event in 0..16 {
            let pressed = Key::new(event, Duration::from_micros(160_500)).unwrap();
            assert_eq!(key(DTMF_RELAY, &pressed.to_dtmf_relay()), Some(pressed));
            assert_eq!(key(DTMF, &pressed.to_dtmf()).map(Key::event), Some(event));
        }
        assert!(Key::new(16, Duration::ZERO).is_none());
    }

    #[test]
    fn a_whole_picture_is_asked_for_in_the_words_of_the_rfc() {
        let asks =
            |kind: &str, body: &str| asks_for_picture(&MediaType::parse(kind.as_bytes()).unwrap(), body.as_bytes());
        assert!(asks(MEDIA_CONTROL, PICTURE_FAST_UPDATE));
        let spaced = "<media_control>\n <vc_primitive>\n <stream_id>1</stream_id>\n <to_encoder>\n \
            <picture_fast_update>\n </picture_fast_update>\n </to_encoder></vc_primitive></media_control>";
        assert!(asks("Application/media_control+xml; charset=utf-8", spaced));
        assert!(!asks(MEDIA_CONTROL, "<media_control><general_error>no</general_error></media_control>"));
        assert!(!asks(DTMF, PICTURE_FAST_UPDATE));
        assert!(!asks(MEDIA_CONTROL, ""));
    }

    #[test]
    fn which_key_it_is_does_not_show_in_debug_output() {
        assert!(!format!("{:?}", key(DTMF, "7")).contains('7'));
    }
}
