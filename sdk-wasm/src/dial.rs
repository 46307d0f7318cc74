//! What a call is made or answered with.

use crate::failure::Failure;
use crate::text;
use offhook_protocol::compact::Fields;

/// More digits at once than anybody keys.
const MAX_DIGITS: usize = 64;

/// The options of `createCall`, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dial {
    /// A number, a user name or a SIP URI.
    pub callee: String,
    /// The display name for this call.
    pub visible_name: Option<String>,
    /// The media wanted.
    pub media: Media,
}

impl Dial {
    /// Reads the options of `createCall`.
    ///
    /// # Errors
    /// [`crate::failure::Code::InvalidField`], naming the field.
    pub fn read(options: &impl Fields) -> Result<Self, Failure> {
        let visible_name = options.text("visibleName").filter(|name| !name.is_empty());
        Ok(Self {
            callee: text::one_word("callee", options.text("callee").unwrap_or_default())?,
            visible_name: visible_name.map(|name| text::visible("visibleName", name)).transpose()?,
            media: Media::read(options),
        })
    }
}

/// What the app wants to send and to see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Media {
    /// The camera is to be sent.
    pub send_video: bool,
    /// Video is asked for although none is sent.
    pub receive_video: bool,
    /// The far end's sound is not wanted: ours is sent only.
    pub audio_unwanted: bool,
    /// Names of codecs to leave out of the session description.
    pub strip_codecs: Vec<String>,
}

impl Media {
    /// Reads `constraints`, `receiveAudio`, `receiveVideo` and `stripCodecs` of `createCall` or `answer`. Without
    /// constraints a call has sound alone.
    pub fn read(options: &impl Fields) -> Self {
        let constraints = options.object("constraints");
        let asks = |wanted: &_| Fields::flag(wanted, "video").unwrap_or(Fields::object(wanted, "video").is_some());
        let names = options.text("stripCodecs").unwrap_or_default();
        Self {
            send_video: constraints.as_ref().is_some_and(asks),
            receive_video: options.flag("receiveVideo").unwrap_or(false),
            audio_unwanted: options.flag("receiveAudio") == Some(false),
            strip_codecs: names.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        }
    }

    /// Whether the session description needs a video section.
    pub fn video(&self) -> bool {
        self.send_video || self.receive_video
    }
}

/// Checks DTMF digits: `0`–`9`, `*`, `#`, `A`–`D`.
///
/// # Errors
/// [`crate::failure::Code::InvalidField`] for anything else, and for a type other than RFC 2833.
pub fn digits(digits: &str, kind: &str) -> Result<String, Failure> {
    if !matches!(kind, "" | "RFC2833") {
        return Err(Failure::field("type", "Only the DTMF type RFC2833 can be sent."));
    }
    let digits = digits.to_ascii_uppercase();
    let known = digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'*' | b'#' | b'A'..=b'D'));
    if digits.is_empty() || digits.len() > MAX_DIGITS || !known {
        return Err(Failure::field("digits", "DTMF digits are 0 to 9, *, # and A to D, at most 64 at once."));
    }
    Ok(digits)
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn media(options: Value) -> Media {
        Media::read(&options)
    }

    #[test]
    fn numbers_names_and_uris_can_be_called() {
        for callee in ["100", "+4930123456", "*98#", "alice", "sip:alice@example.com;transport=tcp", "zoë"] {
            assert_eq!(Dial::read(&json!({ "callee": callee })).unwrap().callee, callee);
        }
    }

    #[test]
    fn a_callee_that_sip_cannot_carry_is_refused_by_name() {
        for callee in [json!(""), json!(null), json!("<sip:a@b>"), json!("a b"), json!("a\r\nb"), json!("a\"b")] {
            let failure = Dial::read(&json!({ "callee": callee })).unwrap_err();
            assert_eq!(failure.field.as_deref(), Some("callee"), "{callee}");
        }
    }

    #[test]
    fn a_visible_name_is_checked_and_an_empty_one_is_none() {
        let read = |name| Dial::read(&json!({ "callee": "100", "visibleName": name }));
        assert_eq!(read("").unwrap().visible_name, None);
        assert_eq!(read("A <b>").unwrap_err().field.as_deref(), Some("visibleName"));
    }

    #[test]
    fn a_call_without_constraints_has_sound_alone() {
        assert_eq!(media(json!({})), Media::default());
    }

    #[test]
    fn video_is_asked_for_by_constraints_or_by_wanting_to_see() {
        assert!(media(json!({ "constraints": { "video": true } })).send_video);
        assert!(media(json!({ "constraints": { "video": { "width": 320 } } })).send_video);
        assert!(!media(json!({ "constraints": { "audio": true, "video": false } })).video());
        assert!(media(json!({ "receiveVideo": true })).video());
    }

    #[test]
    fn sound_is_received_unless_the_app_says_no() {
        assert!(media(json!({ "receiveAudio": false })).audio_unwanted);
        assert!(!media(json!({ "receiveAudio": true })).audio_unwanted);
    }

    #[test]
    fn codec_names_are_a_list_with_commas() {
        assert_eq!(media(json!({ "stripCodecs": "SILK, G722,," })).strip_codecs, ["SILK", "G722"]);
    }

    #[test]
    fn digits_are_those_of_a_telephone() {
        assert_eq!(digits("12ab*#", "RFC2833").unwrap(), "12AB*#");
        for bad in ["", "1 2", "E", "１", &"1".repeat(65)] {
            assert_eq!(digits(bad, "").unwrap_err().field.as_deref(), Some("digits"), "{bad}");
        }
        assert_eq!(digits("1", "INFO").unwrap_err().field.as_deref(), Some("type"));
    }
}
