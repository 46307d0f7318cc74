//! What travels beside the call itself: SIP headers, lines for session descriptions, and the apps' own data.

use std::fmt;

use offhook_protocol::{Diversion, ErrorCode, Failure, Header, Secret};

use super::leg::Identity;

/// Headers one message may bring or be given.
pub const MAX_HEADERS: usize = 32;

/// The longest header name, in bytes.
const MAX_NAME: usize = 64;

/// The longest header value, in bytes.
pub const MAX_VALUE: usize = 1024;

/// Lines an app may add to a session description.
const MAX_LINES: usize = 32;

/// The longest of them, in bytes.
const MAX_LINE: usize = 512;

/// The longest data of an app, in bytes.
const MAX_CUSTOM: usize = 4096;

/// Headers that the SIP stack writes itself, in lower case, with their compact forms (RFC 3261 section 7.3.3). An app
/// that could set them could speak for somebody else, or break the dialog.
const STRUCTURAL: [&str; 57] = [
    "via",
    "v",
    "from",
    "f",
    "to",
    "t",
    "call-id",
    "i",
    "cseq",
    "contact",
    "m",
    "max-forwards",
    "route",
    "record-route",
    "authorization",
    "www-authenticate",
    "authentication-info",
    "allow",
    "allow-events",
    "u",
    "supported",
    "k",
    "unsupported",
    "require",
    "expires",
    "min-expires",
    "user-agent",
    "server",
    "mime-version",
    "date",
    "timestamp",
    "event",
    "o",
    "rseq",
    "rack",
    "refer-to",
    "r",
    "referred-by",
    "b",
    "refer-sub",
    "replaces",
    "join",
    "session-expires",
    "x",
    "min-se",
    "path",
    "service-route",
    "p-asserted-identity",
    "identity",
    "y",
    "identity-info",
    "n",
    "privacy",
    "e",
    "l",
    "c",
    "a",
];

/// The beginnings of more of them.
const STRUCTURAL_FAMILIES: [&str; 5] = ["content-", "proxy-", "accept", "security-", "sip-if-match"];

/// Headers of a peer's that an app may see though it may not set them: who calls, why, and with what.
const READABLE: [&str; 9] = [
    "p-asserted-identity",
    "remote-party-id",
    "diversion",
    "history-info",
    "reason",
    "subject",
    "call-info",
    "alert-info",
    "user-agent",
];

/// Attributes of a session description that the relay writes itself (RFC 8866, 8839, 8842, 4568): where media goes, how it
/// is protected and what its payload types mean.
const OWN_ATTRIBUTES: [&str; 44] = [
    // Capabilities stand for other attributes, keys among them (RFC 5939, RFC 3407), and preconditions hold a call up
    // until they are met (RFC 3312).
    "acap",
    "acfg",
    "cdsc",
    "conf",
    "cpar",
    "csup",
    "creq",
    "curr",
    "des",
    "pcfg",
    "source-filter",
    "tcap",
    "candidate",
    "connection",
    "crypto",
    "end-of-candidates",
    "extmap",
    "extmap-allow-mixed",
    "fingerprint",
    "fmtp",
    "group",
    "inactive",
    "key-mgmt",
    "mid",
    "msid",
    "msid-semantic",
    "ptime",
    "recvonly",
    "remote-candidates",
    "rid",
    "rtcp",
    "rtcp-fb",
    "rtcp-mux",
    "rtcp-mux-only",
    "rtcp-rsize",
    "rtpmap",
    "sctp-port",
    "sendonly",
    "sendrecv",
    "setup",
    "simulcast",
    "ssrc",
    "ssrc-group",
    "tls-id",
];

/// What comes with a message of a leg beside its meaning.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Extras {
    /// The SIP status code of the message.
    pub sip_status: Option<u16>,
    /// Its reason phrase, or what its Reason header says (RFC 3326).
    pub sip_reason: Option<String>,
    /// The SIP headers that an app may set or see.
    pub headers: Vec<Header>,
    /// Lines to be added to the session description on the SIP side.
    pub sdp_lines: Vec<String>,
    /// Hops an invitation that came over SIP had left (Max-Forwards); it has one less where it goes on over SIP.
    pub hops: Option<u8>,
    /// What the apps at both ends say to each other, as JSON text.
    pub custom: Option<Secret>,
    /// Who was called before and had the call sent on, the latest first.
    pub diversions: Vec<Diversion>,
    /// Who really calls where that is hidden from the callee: for a network that is trusted to keep it so.
    pub hidden: Option<Identity>,
}

impl Extras {
    /// Checks what an app wants to send with a call or an answer.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidField`] naming `sipHeaders`, `sipSDP` or `custom`, for whatever is too long, could begin a
    /// header or line of its own, or belongs to the relay.
    pub fn of_app(headers: Vec<Header>, sdp_lines: Vec<String>, custom: Option<Secret>) -> Result<Self, Failure> {
        check_headers(&headers)?;
        check_lines(&sdp_lines)?;
        if custom.as_ref().is_some_and(|custom| custom.reveal().len() > MAX_CUSTOM) {
            return Err(invalid("custom", format!("custom is longer than {MAX_CUSTOM} bytes.")));
        }
        Ok(Self { headers, sdp_lines, custom, ..Self::default() })
    }

    /// What a leg that rang is told when somebody else has taken the call, which is then no missed one (RFC 3326
    /// section 2).
    #[must_use]
    pub fn completed_elsewhere() -> Self {
        Self { sip_status: Some(200), sip_reason: Some("Call completed elsewhere".to_owned()), ..Self::default() }
    }
}

/// What apps say is theirs: a log shows how much it is.
impl fmt::Debug for Extras {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extras")
            .field("sip_status", &self.sip_status)
            .field("headers", &self.headers)
            .field("sdp_lines", &self.sdp_lines.len())
            .finish_non_exhaustive()
    }
}

/// Whether a header is the app's to set: its name is a token, it does not belong to the SIP stack, and its value cannot end
/// the line it stands on.
#[must_use]
pub fn may_be_set(header: &Header) -> bool {
    fault_of(header).is_none()
}

/// Whether an app may see a header of this name that a peer sent.
#[must_use]
pub fn may_be_seen(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    READABLE.contains(&name.as_str()) || !is_structural(&name)
}

/// Whether a line may be added to a session description.
#[must_use]
pub fn may_be_added(line: &str) -> bool {
    let Some((letter, value)) = line.split_once('=') else { return false };
    let sound = line.len() <= MAX_LINE && !value.is_empty() && !line.chars().any(is_line_end);
    let name = value.split(':').next().unwrap_or(value).trim().to_ascii_lowercase();
    let own = name.starts_with("ice-") || OWN_ATTRIBUTES.contains(&name.as_str());
    sound && (matches!(letter, "b" | "i") || (letter == "a" && !own))
}

fn check_headers(headers: &[Header]) -> Result<(), Failure> {
    if headers.len() > MAX_HEADERS {
        return Err(invalid("sipHeaders", format!("There are more than {MAX_HEADERS} SIP headers.")));
    }
    match headers.iter().find_map(|header| Some((header, fault_of(header)?))) {
        Some((header, fault)) => {
            // A name that is no name may be anything, and of any length.
            let shown: String = header.name.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
            Err(invalid("sipHeaders", format!("The SIP header \"{shown}\" {fault}.")))
        }
        None => Ok(()),
    }
}

fn fault_of(header: &Header) -> Option<&'static str> {
    let name = header.name.as_str();
    if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(is_token) {
        return Some("has a name that SIP does not allow");
    }
    if is_structural(&name.to_ascii_lowercase()) {
        return Some("is written by the relay itself");
    }
    if header.value.len() > MAX_VALUE {
        return Some("is too long");
    }
    let ends_line = header.value.chars().any(|c| c != '\t' && (c.is_control() || is_line_end(c)));
    ends_line.then_some("has a line break or control character in its value")
}

fn check_lines(lines: &[String]) -> Result<(), Failure> {
    if lines.len() > MAX_LINES {
        return Err(invalid("sipSDP", format!("There are more than {MAX_LINES} lines of sipSDP.")));
    }
    if lines.iter().all(|line| may_be_added(line)) {
        return Ok(());
    }
    let sentence =
        "sipSDP takes single lines that begin with a=, b= or i=, and no attribute that the relay writes itself.";
    Err(invalid("sipSDP", sentence.to_owned()))
}

fn is_structural(lower: &str) -> bool {
    STRUCTURAL.contains(&lower) || STRUCTURAL_FAMILIES.iter().any(|family| lower.starts_with(family))
}

/// RFC 3261 section 25.1.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte)
}

/// What some reader might take for the end of a line: the controls, and Unicode's own separators.
fn is_line_end(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

fn invalid(field: &str, message: String) -> Failure {
    Failure { field: Some(field.to_owned()), ..Failure::new(ErrorCode::InvalidField, message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &str, value: &str) -> Header {
        Header { name: name.into(), value: value.into() }
    }

    fn field(result: Result<Extras, Failure>) -> Option<String> {
        result.err().and_then(|failure| failure.field)
    }

    fn of_headers(headers: Vec<Header>) -> Result<Extras, Failure> {
        Extras::of_app(headers, Vec::new(), None)
    }

    #[test]
    fn an_apps_own_headers_are_taken() {
        for (name, value) in [("X-Customer", "42"), ("P-Early", "a: b; c"), ("x-unicode", "Grüße 😀"), ("X-Empty", "")]
        {
            assert!(of_headers(vec![header(name, value)]).is_ok(), "{name}");
        }
        assert!(may_be_set(&header("Subject", "hello\tworld")), "a tab is white space");
    }

    #[test]
    fn a_header_that_belongs_to_the_relay_is_refused_by_name() {
        let owned = [
            "Via",
            "v",
            "FROM",
            "f",
            "To",
            "Call-ID",
            "i",
            "CSeq",
            "Contact",
            "m",
            "Max-Forwards",
            "Route",
            "Record-Route",
            "Content-Type",
            "Content-Length",
            "l",
            "c",
            "Authorization",
            "Proxy-Authorization",
            "Proxy-Require",
            "WWW-Authenticate",
            "Allow",
            "Supported",
            "k",
            "Require",
            "Expires",
            "Min-Expires",
            "Accept",
            "Accept-Encoding",
            "User-Agent",
            "Server",
            "MIME-Version",
            "Date",
            "Timestamp",
            "Event",
            "o",
            "RSeq",
            "RAck",
            "Refer-To",
            "r",
            "Referred-By",
            "b",
            "Replaces",
            "Session-Expires",
            "x",
            "Min-SE",
            "Path",
            "Service-Route",
            "Security-Client",
            "P-Asserted-Identity",
            "Identity",
            "y",
            "Privacy",
        ];
        for name in owned {
            let failure = of_headers(vec![header(name, "x")]).unwrap_err();
            assert_eq!(failure.field.as_deref(), Some("sipHeaders"), "{name}");
            assert!(failure.message.contains(name), "{name}: {}", failure.message);
        }
    }

    #[test]
    fn a_value_cannot_begin_a_header_of_its_own() {
        for value in
            ["a\r\nVia: x", "a\nb", "a\rb", "a\r\n folded", "a\0b", "a\u{85}b", "a\u{2028}b", "a\u{b}b", "\u{7f}"]
        {
            assert_eq!(field(of_headers(vec![header("X-A", value)])).as_deref(), Some("sipHeaders"), "{value:?}");
        }
    }

    #[test]
    fn a_name_is_a_token() {
        for name in ["", "X A", "X:A", "X-A:", "X-Ä", "X-A\r\nVia", "\"X\"", "X-A\0", &"x".repeat(65)] {
            assert_eq!(field(of_headers(vec![header(name, "x")])).as_deref(), Some("sipHeaders"), "{name:?}");
        }
    }

    #[test]
    fn there_is_a_limit_to_everything() {
        assert!(of_headers(vec![header("X-A", "x"); MAX_HEADERS]).is_ok());
        assert!(of_headers(vec![header("X-A", "x"); MAX_HEADERS + 1]).is_err());
        assert!(of_headers(vec![header("X-A", &"x".repeat(MAX_VALUE + 1))]).is_err());
        let lines = |count| Extras::of_app(Vec::new(), vec!["a=x".to_owned(); count], None);
        assert!(lines(MAX_LINES).is_ok());
        assert_eq!(field(lines(MAX_LINES + 1)).as_deref(), Some("sipSDP"));
        let custom = |length| Extras::of_app(Vec::new(), Vec::new(), Some(Secret::new("x".repeat(length))));
        assert!(custom(MAX_CUSTOM).is_ok());
        assert_eq!(field(custom(MAX_CUSTOM + 1)).as_deref(), Some("custom"));
    }

    #[test]
    fn what_describes_the_session_may_be_added_to_it() {
        for line in ["a=X-vendor:1", "b=AS:64", "i=A speech", "a=maxptime:40", "a=quality:10", "a=label:7"] {
            assert!(may_be_added(line), "{line}");
        }
    }

    #[test]
    fn what_the_relay_negotiates_is_not_the_apps_to_say() {
        let refused = [
            "",
            "a",
            "a=",
            "m=audio 1 RTP/AVP 0",
            "c=IN IP4 192.0.2.1",
            "o=x",
            "v=0",
            "k=clear:x",
            "s=x",
            "t=0 0",
            "a=sendonly",
            "a=SendOnly",
            "a=candidate:1 1 udp 1 192.0.2.1 1 typ host",
            "a=ice-ufrag:x",
            "a=ice-lite",
            "a=crypto:1 x",
            "a=fingerprint:sha-256 x",
            "a=setup:active",
            "a=rtpmap:0 PCMU/8000",
            "a=fmtp:0 x",
            "a=rtcp:1",
            "a=acap:1 crypto:1 x",
            "a=pcfg:1 t=1",
            "a=des:qos mandatory e2e sendrecv",
            "a=x\r\na=sendonly",
            "a=x\nm=audio 1 RTP/AVP 0",
            "a=x\u{2028}",
            "A=x",
            " a=x",
            "a=sendonly :x",
        ];
        for line in refused {
            assert!(!may_be_added(line), "{line:?}");
        }
    }

    #[test]
    fn an_app_sees_who_calls_but_not_the_bookkeeping() {
        for name in ["X-Any", "P-Asserted-Identity", "Diversion", "history-info", "Reason", "Subject", "User-Agent"] {
            assert!(may_be_seen(name), "{name}");
        }
        for name in ["Via", "Contact", "Authorization", "Proxy-Authenticate", "Content-Length", "Call-ID", "Server"] {
            assert!(!may_be_seen(name), "{name}");
        }
    }

    #[test]
    fn what_apps_say_stays_out_of_debug_output() {
        let extras =
            Extras::of_app(vec![header("X-A", "hunter2")], vec!["a=hunter2".to_owned()], Some(Secret::new("hunter2")));
        assert!(!format!("{:?}", extras.unwrap()).contains("hunter2"));
    }
}
