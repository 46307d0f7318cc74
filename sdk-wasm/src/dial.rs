//! What a call is made or answered with.

use crate::failure::Failure;
use crate::text::{self, Reading};
use offhook_protocol::compact::Fields;
use offhook_protocol::request::DtmfMethod;
use offhook_protocol::{Header, Secret};

/// More digits at once than anybody keys.
const MAX_DIGITS: usize = 64;

/// The options of `createCall`, checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dial {
    /// A number, a user name or a SIP URI.
    pub callee: String,
    /// The display name for this call.
    pub visible_name: Option<String>,
    /// Whether the caller's number is hidden from the callee.
    pub anonymous: bool,
    /// The media wanted.
    pub media: Media,
    /// Headers of the app's own for the SIP request.
    pub headers: Vec<Header>,
    /// Lines to be added to the session description on the SIP side.
    pub sip_sdp: Vec<String>,
    /// What the app wants to say to the app at the far end, as JSON text.
    pub custom: Option<Secret>,
}

impl Dial {
    /// Reads the options of `createCall`.
    ///
    /// # Errors
    /// [`crate::failure::Code::InvalidField`], naming the field.
    pub fn read(options: &impl Fields) -> Result<Self, Failure> {
        let mut reading = Reading::default();
        let dial = Self {
            callee: reading.text(options, "callee", text::one_word),
            visible_name: reading.given(options, "visibleName", text::visible),
            anonymous: options.flag("anonymous").unwrap_or(false),
            media: Media::read(options),
            headers: headers(&mut reading, options),
            sip_sdp: sip_sdp(&mut reading, options),
            custom: options.json("custom").map(Secret::new),
        };
        reading.end(dial)
    }
}

/// The options of `answer`, checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The media wanted.
    pub media: Media,
    /// Headers of the app's own for the SIP answer.
    pub headers: Vec<Header>,
    /// Lines to be added to the session description on the SIP side.
    pub sip_sdp: Vec<String>,
}

impl Answer {
    /// Reads the options of `answer`.
    ///
    /// # Errors
    /// [`crate::failure::Code::InvalidField`], naming the field.
    pub fn read(options: &impl Fields) -> Result<Self, Failure> {
        let mut reading = Reading::default();
        let (headers, sip_sdp) = (headers(&mut reading, options), sip_sdp(&mut reading, options));
        reading.end(Self { media: Media::read(options), headers, sip_sdp })
    }
}

/// Reads `sipHeaders`: a list of `Name: value` or `[name, value]`, or an object of names and values. The relay decides
/// which names the app may set.
fn headers(reading: &mut Reading, options: &impl Fields) -> Vec<Header> {
    let mut headers = Vec::new();
    let mut add = |name: &str, value: Option<String>| {
        let header = Header { name: trimmed(name), value: trimmed(value.as_deref().unwrap_or_default()) };
        if value.is_none() || header.name.is_empty() || !is_one_line(&header.name) || !is_one_line(&header.value) {
            let sentence = "sipHeaders are texts such as \"X-Account: 42\", without control characters.";
            reading.refuse("sipHeaders", &[sentence]);
        }
        headers.push(header);
    };
    let items = options.items("sipHeaders");
    for item in &items {
        match item.itself() {
            Some(line) => {
                let (name, value) = text::cut(&line, b':').unwrap_or_default();
                add(name, Some(value.to_owned()));
            }
            None => add(&item.text("0").unwrap_or_default(), item.text("1")),
        }
    }
    if items.is_empty()
        && let Some(object) = options.object("sipHeaders")
    {
        for name in object.names() {
            add(&name, object.text(&name));
        }
    }
    headers
}

fn sip_sdp(reading: &mut Reading, options: &impl Fields) -> Vec<String> {
    let mut lines = Vec::new();
    for item in options.items("sipSDP") {
        match item.itself().filter(|line| is_one_line(line)) {
            Some(line) => lines.push(line),
            None => reading.refuse("sipSDP", &["sipSDP is a list of lines such as \"a=label:1\"."]),
        }
    }
    lines
}

fn is_one_line(text: &str) -> bool {
    !text.contains(|c: char| c.is_control() && c != '\t')
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
        Self {
            send_video: constraints.as_ref().is_some_and(asks),
            receive_video: options.flag("receiveVideo").unwrap_or(false),
            audio_unwanted: options.flag("receiveAudio") == Some(false),
            strip_codecs: list(&options.text("stripCodecs").unwrap_or_default()),
        }
    }

    /// Whether the session description needs a video section.
    pub fn video(&self) -> bool {
        self.send_video || self.receive_video
    }
}

/// The names in a list with commas.
fn list(mut names: &str) -> Vec<String> {
    let mut list = Vec::new();
    while !names.is_empty() {
        let (name, rest) = text::cut(names, b',').unwrap_or((names, ""));
        if !name.trim_ascii().is_empty() {
            list.push(trimmed(name));
        }
        names = rest;
    }
    list
}

fn trimmed(text: &str) -> String {
    text.trim_ascii().to_owned()
}

/// Keys to press for the far end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digits {
    /// `0`–`9`, `*`, `#`, `A`–`D`.
    pub digits: Secret,
    /// How they travel on the SIP side.
    pub method: DtmfMethod,
}

/// Checks DTMF digits: `0`–`9`, `*`, `#`, `A`–`D`.
///
/// # Errors
/// [`crate::failure::Code::InvalidField`] for anything else, and for a type other than RFC2833, INFO and INFO_RELAY.
pub fn digits(digits: &str, kind: &str) -> Result<Digits, Failure> {
    let method = match kind {
        "" | "RFC2833" => DtmfMethod::Rfc2833,
        "INFO" => DtmfMethod::Info,
        "INFO_RELAY" => DtmfMethod::InfoRelay,
        _ => return Err(Failure::field("type", "The DTMF types are RFC2833, INFO and INFO_RELAY.")),
    };
    let digits = digits.to_ascii_uppercase();
    let known = digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'*' | b'#' | b'A'..=b'D'));
    if digits.is_empty() || digits.len() > MAX_DIGITS || !known {
        return Err(Failure::field("digits", "DTMF digits are 0 to 9, *, # and A to D, at most 64 at once."));
    }
    Ok(Digits { digits: Secret::new(digits), method })
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
    fn a_number_is_hidden_where_that_is_asked_for() {
        let hidden = |options| Dial::read(&options).unwrap().anonymous;
        assert!(hidden(json!({ "callee": "1", "anonymous": true })));
        assert!(!hidden(json!({ "callee": "1", "anonymous": false })) && !hidden(json!({ "callee": "1" })));
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
        assert_eq!(digits("12ab*#", "RFC2833").unwrap().digits.reveal(), "12AB*#");
        for bad in ["", "1 2", "E", "１", &"1".repeat(65)] {
            assert_eq!(digits(bad, "").unwrap_err().field.as_deref(), Some("digits"), "{bad}");
        }
        assert_eq!(digits("1", "SMOKE").unwrap_err().field.as_deref(), Some("type"));
    }

    #[test]
    fn digits_travel_as_rtp_unless_another_method_is_named() {
        for (kind, method) in [
            ("", DtmfMethod::Rfc2833),
            ("RFC2833", DtmfMethod::Rfc2833),
            ("INFO", DtmfMethod::Info),
            ("INFO_RELAY", DtmfMethod::InfoRelay),
        ] {
            assert_eq!(digits("1", kind).unwrap().method, method);
        }
    }

    #[test]
    fn headers_are_lines_pairs_or_an_object() {
        let account = Header { name: "X-Account".into(), value: "42: gold".into() };
        for headers in [
            json!(["X-Account: 42: gold"]),
            json!([" X-Account :42: gold "]),
            json!([["X-Account", "42: gold"]]),
            json!({ "X-Account": "42: gold" }),
        ] {
            let answer = Answer::read(&json!({ "sipHeaders": headers })).unwrap();
            assert_eq!(answer.headers, std::slice::from_ref(&account));
        }
        for none in [json!(null), json!([]), json!({}), json!("")] {
            assert!(Answer::read(&json!({ "sipHeaders": none })).unwrap().headers.is_empty());
        }
    }

    #[test]
    fn headers_that_would_break_a_message_are_refused() {
        for headers in
            [json!(["X"]), json!([": x"]), json!(["X: a\r\nVia: b"]), json!([7]), json!([["X"]]), json!({ "X": 7 })]
        {
            let failure = Dial::read(&json!({ "callee": "1", "sipHeaders": headers })).unwrap_err();
            assert_eq!(failure.field.as_deref(), Some("sipHeaders"), "{headers}");
        }
    }

    #[test]
    fn sdp_lines_are_single_lines() {
        let read = |lines| Answer::read(&json!({ "sipSDP": lines }));
        assert_eq!(read(json!(["a=label:1"])).unwrap().sip_sdp, ["a=label:1"]);
        for bad in [json!(["a=x\r\nm=audio"]), json!([1])] {
            assert_eq!(read(bad).unwrap_err().field.as_deref(), Some("sipSDP"));
        }
    }

    #[test]
    fn custom_data_travels_as_json_and_is_not_shown() {
        let dial = Dial::read(&json!({ "callee": "1", "custom": { "pin": 9876 } })).unwrap();
        assert_eq!(dial.custom.as_ref().map(Secret::reveal), Some(r#"{"pin":9876}"#));
        assert!(!format!("{dial:?}").contains("9876"));
    }
}
