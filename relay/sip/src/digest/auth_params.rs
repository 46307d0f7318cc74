//! `scheme name=value, name="value"`: what challenges and credentials are made of
//! (RFC 9110 section 11.2).

use crate::message::grammar;

/// A scheme with its parameters.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct AuthParams {
    pub(super) scheme: String,
    params: Vec<(String, String)>,
}

impl AuthParams {
    /// Reads every challenge or credential of one header value. A header may hold several, and
    /// their parameters are separated by the same commas. What cannot be read is skipped.
    pub(super) fn parse_all(value: &[u8]) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for part in grammar::split_list(value, b',').filter(|part| !part.is_empty()) {
            let (scheme, param) = split_scheme(part);
            if let Some(scheme) = scheme {
                all.push(Self { scheme: grammar::lossy(scheme), params: Vec::new() });
            }
            if let (Some(last), Some(param)) = (all.last_mut(), parse_param(param)) {
                last.params.push(param);
            }
        }
        all
    }

    /// Reads parameters that stand without a scheme, as those of Authentication-Info do
    /// (RFC 7616 section 3.5).
    pub(super) fn parse_bare(value: &[u8]) -> Self {
        let params = grammar::split_list(value, b',').filter_map(parse_param).collect();
        Self { scheme: String::new(), params }
    }

    /// Whether the scheme is Digest.
    pub(super) fn is_digest(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("Digest")
    }

    /// The first parameter of this name.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// A part begins a new scheme when a word stands before its parameter, or when it has no `=`.
fn split_scheme(part: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let end = part.iter().position(|byte| !grammar::is_token_byte(*byte)).unwrap_or(part.len());
    let (word, rest) = part.split_at_checked(end).unwrap_or_default();
    let rest = grammar::trim_start(rest);
    match rest.first() {
        Some(b'=') => (None, part),
        _ => (Some(word), rest),
    }
}

fn parse_param(param: &[u8]) -> Option<(String, String)> {
    let (name, value) = grammar::split_once(param, b'=')?;
    let (name, value) = (grammar::trim(name), grammar::trim(value));
    if !grammar::is_token(name) {
        return None;
    }
    let value = match value.first() {
        Some(b'"') => grammar::take_quoted(value)?.0,
        _ => grammar::lossy(value),
    };
    Some((grammar::lossy(name), value))
}

/// Writes `name="value"`, escaped.
pub(super) fn push_quoted(out: &mut String, name: &str, value: &str) {
    push_separator(out);
    out.push_str(name);
    out.push('=');
    grammar::push_quoted(out, value);
}

/// Writes `name=value`.
pub(super) fn push_token(out: &mut String, name: &str, value: &str) {
    push_separator(out);
    out.push_str(name);
    out.push('=');
    out.push_str(value);
}

fn push_separator(out: &mut String) {
    out.push_str(if out.is_empty() { "Digest " } else { ", " });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_challenges_share_one_header() {
        let all = AuthParams::parse_all(
            br#"Digest realm="a,b", nonce = "n" ,qop="auth,auth-int", Basic realm="x", Negotiate, Digest nonce=m"#,
        );
        let schemes: Vec<&str> = all.iter().map(|one| one.scheme.as_str()).collect();
        assert_eq!(schemes, ["Digest", "Basic", "Negotiate", "Digest"]);
        assert_eq!(all[0].value("realm"), Some("a,b"));
        assert_eq!(all[0].value("NONCE"), Some("n"));
        assert_eq!(all[0].value("qop"), Some("auth,auth-int"));
        assert_eq!(all[1].value("realm"), Some("x"));
        assert_eq!(all[3].value("nonce"), Some("m"));
    }

    #[test]
    fn parameters_may_stand_without_a_scheme() {
        let info = AuthParams::parse_bare(br#"nextnonce="a,b", qop=auth, nc=00000001"#);
        assert_eq!(info.value("nextnonce"), Some("a,b"));
        assert_eq!(info.value("qop"), Some("auth"));
        assert!(!info.is_digest());
    }

    #[test]
    fn what_cannot_be_read_is_skipped() {
        let all = AuthParams::parse_all(b"Digest realm=\"open, nonce=x");
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].value("realm"), None);
        assert!(AuthParams::parse_all(b",,").is_empty());
    }
}
