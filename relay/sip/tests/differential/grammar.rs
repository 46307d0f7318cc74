//! The grammar of RFC 3261 section 25.1, written down a second time: as regular expressions, and without forgiveness.
//!
//! It reads single values only. Where lines end and which header is which it takes from our parser, which the oracles
//! check.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::sync::LazyLock;

use bytes::Bytes;
use offhook_sip::message::{HeaderName, Limits, Message};
use regex::bytes::{Captures, Regex};

/// What the grammar derives: the value of each field, or that there is none. A field it cannot derive is not there.
pub(crate) type Derived = BTreeMap<&'static str, Option<String>>;

const TOKEN: &str = r"[A-Za-z0-9\-.!%*_+`'~]+";
const LWS: &str = r"(?:(?:[ \t]*\r?\n)?[ \t]+)";
const SWS: &str = r"(?:(?:[ \t]*\r?\n)?[ \t]+)?";
const QUOTED: &str = r#""(?:[^"\\\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\\[\x00-\x09\x0b\x0c\x0e-\x7f])*""#;
const WORD: &str = r#"[A-Za-z0-9\-.!%*_+`'~()<>:\\"/\[\]?{}]+"#;
const NAME: &str = r"(?:[A-Za-z0-9](?:[A-Za-z0-9\-]*[A-Za-z0-9])?\.)*[A-Za-z](?:[A-Za-z0-9\-]*[A-Za-z0-9])?\.?";
const V4: &str = r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}";
const V6: &str = r"\[[0-9A-Fa-f:.]+\]";
const ESCAPED: &str = "%[0-9A-Fa-f]{2}";
const UNRESERVED: &str = r"A-Za-z0-9\-_.!~*'()";

/// The expressions, made once.
struct Grammar {
    request_line: Regex,
    status_line: Regex,
    sip_uri: Regex,
    absolute_uri: Regex,
    bracketed: Regex,
    bare: Regex,
    param: Regex,
    call_id: Regex,
    cseq: Regex,
    via: Regex,
}

static GRAMMAR: LazyLock<Grammar> = LazyLock::new(|| {
    let anchored = |text: &str| Regex::new(&format!("(?s-u)^(?:{text})$")).unwrap();
    let host = format!("(?P<v6>{V6})|{NAME}|{V4}");
    let param = format!("{SWS};{SWS}(?P<name>{TOKEN})(?:{SWS}={SWS}(?P<value>{QUOTED}|{V6}|{TOKEN}))?");
    let params = format!("(?P<params>(?:{SWS};{SWS}{TOKEN}(?:{SWS}={SWS}(?:{QUOTED}|{V6}|{TOKEN}))?)*)");
    let pchar = format!(r"(?:[{UNRESERVED}\[\]/:&+$]|{ESCAPED})");
    let hchar = format!(r"(?:[{UNRESERVED}\[\]/?:+$]|{ESCAPED})");
    let user = format!(r"(?:[{UNRESERVED}&=+$,;?/]|{ESCAPED})+(?::(?:[{UNRESERVED}&=+$,]|{ESCAPED})*)?@");
    let uri_params = format!("(?:;{pchar}+(?:={pchar}+)?)*");
    let headers = format!(r"(?:\?{hchar}+={hchar}*(?:&{hchar}+={hchar}*)*)?");
    let version = format!("(?P<protocol>{TOKEN}){SWS}/{SWS}{TOKEN}{SWS}/{SWS}{TOKEN}");
    Grammar {
        request_line: anchored(&format!(r"(?P<method>{TOKEN}) (?P<uri>[^ ]+) [Ss][Ii][Pp]/[0-9]+\.[0-9]+")),
        status_line: anchored(r"[Ss][Ii][Pp]/2\.0 (?P<status>[1-6][0-9]{2}) [^\x00-\x08\x0a-\x1f\x7f]*"),
        sip_uri: anchored(&format!(
            "[Ss][Ii][Pp][Ss]?:(?:{user})?(?:{host})(?::(?P<port>[0-9]+))?{uri_params}{headers}"
        )),
        absolute_uri: anchored(&format!(r"[A-Za-z][A-Za-z0-9+\-.]*:(?:[{UNRESERVED};/?:@&=+$,]|{ESCAPED})+")),
        bracketed: anchored(&format!("(?:{QUOTED}|(?:{TOKEN}{LWS})*(?:{TOKEN})?)?{SWS}<(?P<uri>[^>]*)>{params}{SWS}")),
        bare: anchored(&format!("(?P<uri>[^;?,<>]+?){params}{SWS}")),
        param: Regex::new(&format!("(?s-u){param}")).unwrap(),
        call_id: anchored(&format!("(?P<id>{WORD}(?:@{WORD})?)")),
        cseq: anchored(&format!("(?P<number>[0-9]+){LWS}(?P<method>{TOKEN})")),
        via: Regex::new(&format!(
            "(?s-u)^{version}{LWS}(?:{host})(?:{SWS}:{SWS}(?P<port>[0-9]+))?{params}{SWS}(?:,|$)"
        ))
        .unwrap(),
    }
});

/// What the grammar derives of a message. Of a start line that it derives there is a method or a status.
pub(crate) fn derive(input: &[u8]) -> Derived {
    let mut derived = Derived::new();
    let start = input.iter().position(|byte| !matches!(byte, b'\r' | b'\n' | 0)).unwrap_or(input.len());
    let line = input[start..].split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if let Some(found) = GRAMMAR.request_line.captures(line) {
        derived.insert("method", text(&found, "method"));
        if let Some(uri) = uri(&found["uri"]) {
            derived.insert("uri", Some(uri));
        }
    } else if let Some(found) = GRAMMAR.status_line.captures(line) {
        derived.insert("status", text(&found, "status"));
    }
    let message = Message::parse_datagram(Bytes::copy_from_slice(input), &Limits::default());
    let Ok(message) = message else { return derived };
    let value = |name: HeaderName| {
        let mut values = message.headers().all(&name).map(|header| header.value().to_vec());
        let first = values.next();
        // What may stand there once and does not is against the prose of section 7.3.1, if not the grammar.
        first.filter(|_| name == HeaderName::Via || values.next().is_none())
    };
    let mut put = |field, value: Option<Vec<u8>>, derive: fn(&[u8]) -> Option<Option<String>>| {
        if let Some(value) = value.and_then(|value| derive(&value)) {
            derived.insert(field, value);
        }
    };
    put("from-tag", value(HeaderName::From), tag);
    put("to-tag", value(HeaderName::To), tag);
    put("call-id", value(HeaderName::CallId), |value| Some(text(&GRAMMAR.call_id.captures(value)?, "id")));
    put("cseq", value(HeaderName::CSeq), cseq);
    put("branch", value(HeaderName::Via), branch);
    derived
}

fn cseq(value: &[u8]) -> Option<Option<String>> {
    let found = GRAMMAR.cseq.captures(value)?;
    // Section 8.1.1.5 sets the bound.
    let number: u32 = text(&found, "number")?.parse().ok().filter(|number| *number < 1 << 31)?;
    Some(Some(format!("{number} {}", text(&found, "method")?)))
}

fn tag(value: &[u8]) -> Option<Option<String>> {
    let found = GRAMMAR.bracketed.captures(value).or_else(|| GRAMMAR.bare.captures(value))?;
    uri(&found["uri"])?;
    param(&found["params"], "tag")
}

fn branch(value: &[u8]) -> Option<Option<String>> {
    let found = GRAMMAR.via.captures(value)?;
    (is_port(&found) && is_v6(&found)).then(|| param(&found["params"], "branch"))?
}

/// The value of a parameter that stands there once and is a token; nothing derived otherwise.
fn param(params: &[u8], name: &str) -> Option<Option<String>> {
    let mut values =
        GRAMMAR.param.captures_iter(params).filter(|found| found["name"].eq_ignore_ascii_case(name.as_bytes()));
    let Some(found) = values.next() else { return Some(None) };
    let value = text(&found, "value")?;
    (values.next().is_none() && !value.starts_with(['"', '['])).then_some(Some(value))
}

/// A URI as we write it, if it is one.
fn uri(uri: &[u8]) -> Option<String> {
    let written = String::from_utf8_lossy(uri).into_owned();
    let scheme = uri.split(|byte| *byte == b':').next().unwrap_or_default();
    if !scheme.eq_ignore_ascii_case(b"sip") && !scheme.eq_ignore_ascii_case(b"sips") {
        return GRAMMAR.absolute_uri.is_match(uri).then_some(written);
    }
    let found = GRAMMAR.sip_uri.captures(uri).filter(|found| is_port(found) && is_v6(found))?;
    Some(canonical(&found, &written))
}

/// The URI with its IPv6 address and its port as we write them: as RFC 5952 wants it, and without leading zeros.
fn canonical(found: &Captures<'_>, uri: &str) -> String {
    let mut uri = uri.to_owned();
    if let Some(v6) = text(found, "v6") {
        let address = v6.trim_matches(['[', ']']).parse::<Ipv6Addr>();
        uri = uri.replace(&v6, &address.map_or(v6.clone(), |address| format!("[{address}]")));
    }
    if let Some(port) = text(found, "port") {
        uri = uri.replacen(&format!(":{port}"), &format!(":{}", port.trim_start_matches('0')), 1);
    }
    uri
}

/// A port is a number of 16 bits, and not zero.
fn is_port(found: &Captures<'_>) -> bool {
    text(found, "port").is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

/// The grammar of an IPv6 address is longer than the code that reads one.
fn is_v6(found: &Captures<'_>) -> bool {
    text(found, "v6").is_none_or(|v6| v6.trim_matches(['[', ']']).parse::<Ipv6Addr>().is_ok())
}

fn text(found: &Captures<'_>, name: &str) -> Option<String> {
    found.name(name).map(|part| String::from_utf8_lossy(part.as_bytes()).into_owned())
}
