//! Why two parsers may disagree, and who is right.

use std::fmt;

use crate::reading::{FAULT, Oracle, Reading};

/// A disagreement about one field of one message.
pub(crate) struct Case<'a> {
    oracle: Oracle,
    /// The field, or `REFUSED`.
    field: &'a str,
    /// The message up to its empty line, as text.
    head: String,
    raw_head: &'a [u8],
    /// The grammar derives the field, as we read it.
    is_derived: bool,
    ours: Option<&'a Reading>,
    theirs: Option<&'a Reading>,
}

/// In place of a field: one parser takes the message, the other refuses it.
pub(crate) const REFUSED: &str = "refused";

/// One reason for disagreements.
pub(crate) struct Cause {
    pub(crate) why: &'static str,
    pub(crate) holds: fn(&Case<'_>) -> bool,
}

impl<'a> Case<'a> {
    pub(crate) fn new(
        oracle: Oracle,
        field: &'a str,
        input: &'a [u8],
        (ours, theirs): (Option<&'a Reading>, Option<&'a Reading>),
        is_derived: bool,
    ) -> Self {
        let end = input.windows(4).position(|part| part == b"\r\n\r\n");
        let raw_head = &input[..end.unwrap_or(input.len())];
        Self { oracle, field, head: String::from_utf8_lossy(raw_head).into_owned(), raw_head, is_derived, ours, theirs }
    }

    fn our_value(&self) -> Option<&str> {
        self.ours?.get(self.field).map(String::as_str)
    }

    fn their_value(&self) -> Option<&str> {
        self.theirs?.get(self.field).map(String::as_str)
    }

    /// Our reason for not reading the field.
    fn our_fault(&self) -> Option<&str> {
        self.our_value()?.strip_prefix(FAULT)
    }

    fn they_refuse(&self) -> bool {
        self.field == REFUSED && self.theirs.is_none()
    }

    fn lines(&self) -> impl Iterator<Item = &str> {
        self.head.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line))
    }
}

impl fmt::Display for Case<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "--- {:?} and {}{}",
            self.oracle,
            self.field,
            if self.is_derived { ", which the grammar derives" } else { "" }
        )?;
        writeln!(f, "ours {:?}, theirs {:?}", self.our_value(), self.their_value())?;
        f.write_str(&self.head)
    }
}

/// A CR that ends no line. Lines that ended otherwise have been healed.
fn has_lone_cr(case: &Case<'_>) -> bool {
    case.head.replace("\r\n", "").contains('\r')
}

/// Anything but a known method, one space, a plain SIP URI, one space, `SIP/2.0`; or anything but
/// `SIP/2.0` and three digits.
fn has_odd_start_line(case: &Case<'_>) -> bool {
    let line = case.lines().next().unwrap_or_default();
    let parts: Vec<&str> = line.split(' ').collect();
    match parts.as_slice() {
        ["SIP/2.0", code, ..] => code.len() != 3 || !code.starts_with(['1', '2', '3', '4', '5', '6']),
        [method, uri, "SIP/2.0"] => !METHODS.contains(method) || !is_plain_uri(uri),
        _ => true,
    }
}

const METHODS: [&str; 5] = ["INVITE", "OPTIONS", "REGISTER", "BYE", "MESSAGE"];

fn is_plain_uri(uri: &str) -> bool {
    uri.strip_prefix("sip:").is_some_and(|rest| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@.=-".contains(&byte);
        rest.bytes().all(plain) && rest.matches('@').count() <= 1
    })
}

/// A header line that is not `Name: value`.
fn has_odd_header_line(case: &Case<'_>) -> bool {
    case.lines().skip(1).any(|line| {
        let name = line.split(':').next().unwrap_or_default();
        let token = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !line.contains(": ") || name.is_empty() || !name.bytes().all(token)
    })
}

/// A header of one of these names whose value is written in a way that calls for care.
fn header_has(case: &Case<'_>, names: &[&str], oddity: fn(&str) -> bool) -> bool {
    case.lines().any(|line| {
        line.split_once(':').is_some_and(|(name, value)| {
            names.iter().any(|known| known.eq_ignore_ascii_case(name.trim())) && oddity(value)
        })
    })
}

/// From or To under its short name, with a URI that stands in no brackets.
fn is_bare(case: &Case<'_>) -> bool {
    case.lines().any(|line| line.starts_with("f: sip:") || line.starts_with("t: sip:"))
}

fn we_alone_read(case: &Case<'_>) -> bool {
    case.our_value().is_some() && case.their_value().is_none()
}

/// Our value is no token, which a tag should be.
fn is_tag_but_no_token(case: &Case<'_>) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte);
    matches!(case.field, "from-tag" | "to-tag") && case.our_value().is_some_and(|tag| !tag.bytes().all(token))
}

/// The table: every disagreement has its place here, or the test fails.
pub(crate) const CAUSES: &[Cause] = &[
    // Where we are the strict ones.
    Cause {
        why: "both: a header that stands there twice is a bad request to us (RFC 4475 section \
              3.3.8); they take the first",
        holds: |case| case.our_fault().is_some_and(|fault| fault.ends_with("more than once")),
    },
    Cause {
        why: "both: a value against the grammar of RFC 3261 is a bad request to us; they take it",
        holds: |case| case.our_fault().is_some(),
    },
    Cause {
        why: "both: Via is a list to us, so a comma ends the first hop; they read one hop a line",
        holds: |case| {
            let is_folded = case.lines().any(|line| line.starts_with([' ', '\t']) && line.contains(','));
            case.field == "branch" && (is_folded || header_has(case, &["Via", "v"], |v| v.contains(',')))
        },
    },
    Cause {
        why: "both: a start line that the grammar does not derive may refuse the message; they take some of them",
        holds: |case| case.field == REFUSED && case.ours.is_none(),
    },
    Cause {
        why: "both: a CR alone is white space to us, in a name it makes the header unreadable; they drop it, or keep it \
              in the value",
        holds: |case| has_lone_cr(case) && (!case.is_derived || case.head.contains("\r\n\r")),
    },
    // Where one of them goes another way.
    Cause {
        why: "rsip: white space around a separator or at the end, a scheme other than sip, sips and tel, a short name in \
              upper case, or a URI without brackets makes a From or To unreadable",
        holds: |case| {
            let is_tag = matches!(case.field, "from-tag" | "to-tag");
            let other_scheme = |value: &str| {
                let known = ["<sip:", "<sips:", "<tel:", " sip:"];
                !known.iter().any(|scheme| value.contains(scheme))
            };
            let is_other = header_has(case, &["From", "To", "f", "t"], other_scheme);
            case.oracle == Oracle::Rsip
                && is_tag
                && (case.is_derived || is_other || is_bare(case))
                && we_alone_read(case)
        },
    },
    Cause {
        why: "rsip: a semicolon without a parameter stays at the end of a URI",
        holds: |case| {
            let both = case.our_value().zip(case.their_value());
            case.oracle == Oracle::Rsip
                && case.field == "uri"
                && both.is_some_and(|(ours, theirs)| theirs.strip_suffix(';') == Some(ours))
        },
    },
    Cause {
        why: "rsip: a status line without a reason, or an empty line behind the empty line, is not read",
        holds: |case| {
            let start = case.lines().next().unwrap_or_default();
            case.oracle == Oracle::Rsip
                && (case.they_refuse() && start.splitn(3, ' ').count() < 3
                    || case.field == "body" && case.our_value().is_some_and(|body| body.starts_with("\r\n")))
        },
    },
    Cause {
        why: "rsip: what follows the empty line is the body, whatever Content-Length says",
        holds: |case| {
            let both = case.our_value().zip(case.their_value());
            case.oracle == Oracle::Rsip
                && case.field == "body"
                && both.is_some_and(|(ours, theirs)| theirs.starts_with(ours))
        },
    },
    Cause {
        why: "rsip: one byte that is not ASCII in the headers refuses the message",
        holds: |case| case.oracle == Oracle::Rsip && case.they_refuse() && !case.head.is_ascii(),
    },
    Cause {
        why: "rsip: an unknown method, an unknown scheme or an unusual URI refuses the message",
        holds: |case| case.oracle == Oracle::Rsip && case.they_refuse() && has_odd_start_line(case),
    },
    Cause {
        why: "rsip: one odd header line refuses the message, or takes others along",
        holds: |case| {
            let is_in_uri = case.field == "uri" && case.their_value().is_some_and(|uri| uri.contains("\r\n"));
            let is_lost = case.they_refuse() || case.field == "headers" || is_in_uri;
            case.oracle == Oracle::Rsip && is_lost && has_odd_header_line(case)
        },
    },
    Cause {
        why: "rsip: a message without headers is refused",
        holds: |case| case.oracle == Oracle::Rsip && case.they_refuse() && case.lines().count() == 1,
    },
    Cause {
        why: "rsip: a branch ends at the first character that is no token",
        holds: |case| {
            let both = case.our_value().zip(case.their_value());
            case.oracle == Oracle::Rsip
                && case.field == "branch"
                && both.is_some_and(|(ours, theirs)| ours.starts_with(theirs))
        },
    },
    Cause {
        why: "rsip: a bracketed IPv6 address, an unknown transport, another protocol or white \
              space makes a Via unreadable",
        holds: |case| case.oracle == Oracle::Rsip && case.field == "branch" && we_alone_read(case),
    },
    Cause {
        why: "rsip: white space at the end of a value stays",
        holds: |case| {
            let both = case.our_value().zip(case.their_value());
            case.oracle == Oracle::Rsip && both.is_some_and(|(ours, theirs)| theirs.trim() == ours)
        },
    },
    Cause {
        why: "rsipstack: without a Content-Length it can read, the body is lost",
        holds: |case| case.oracle == Oracle::Rsipstack && case.field == "body" && case.their_value() == Some(""),
    },
    Cause {
        why: "rsipstack: of several lengths the last is taken; we take the whole datagram and \
              answer 400 (RFC 4475 section 3.3.9)",
        holds: |case| {
            let lengths = case.lines().filter(|line| line.starts_with("Content-Length"));
            case.oracle == Oracle::Rsipstack && case.field == "body" && lengths.count() > 1
        },
    },
    Cause {
        why: "rsipstack: a line that is not UTF-8 ends the headers",
        holds: |case| case.oracle == Oracle::Rsipstack && std::str::from_utf8(case.raw_head).is_err(),
    },
    Cause {
        why: "rsipstack: a tab, a fold or a space stays in the value behind it, and space before an equals sign hides a \
              parameter",
        holds: |case| {
            let both = case.our_value().zip(case.their_value());
            let kept = both.is_some_and(|(ours, theirs)| theirs.trim() == ours);
            let hidden = ["tag =", "branch ="].iter().any(|name| case.head.contains(name));
            case.oracle == Oracle::Rsipstack && (kept || case.is_derived && hidden)
        },
    },
    Cause {
        why: "rsipstack: a user part that begins with ? or ;, or an empty host, makes a URI unreadable",
        holds: |case| {
            case.oracle == Oracle::Rsipstack
                && case.their_value().is_none()
                && [":?", ":;", "@ "].iter().any(|part| case.head.contains(part))
        },
    },
    Cause {
        why: "rsipstack: a line that continues the start line is dropped; we keep it and answer 400",
        holds: |case| {
            let second = case.lines().nth(1).unwrap_or_default();
            case.oracle == Oracle::Rsipstack && case.field == "headers" && second.starts_with([' ', '\t'])
        },
    },
    Cause {
        why: "rsipstack: a line without a colon is dropped; we keep it and answer 400",
        holds: |case| {
            case.oracle == Oracle::Rsipstack && case.field == "headers" && case.lines().any(|line| !line.contains(':'))
        },
    },
    Cause {
        why: "rsipstack: an unknown method, or spaces in the start line, refuse the message",
        holds: |case| case.oracle == Oracle::Rsipstack && case.they_refuse() && has_odd_start_line(case),
    },
    Cause {
        why: "rsipstack: an unknown transport or three colons make a Via unreadable",
        holds: |case| case.oracle == Oracle::Rsipstack && case.field == "branch" && we_alone_read(case),
    },
    Cause {
        why: "rsipstack: a URI is spelled anew: escapes are escaped once more, a header gets a value",
        holds: |case| {
            case.oracle == Oracle::Rsipstack
                && case.field == "uri"
                && case.their_value().is_some()
                && (case.is_derived
                    || case
                        .our_value()
                        .is_some_and(|uri| uri.contains(['%', '?', '\\', '[', ']']) || uri.contains("::")))
        },
    },
    Cause {
        why: "both: a fold, a tab or a space around the equals sign hides a tag or becomes part of it",
        holds: |case| {
            let names = ["From", "To", "f", "t"];
            let spaced = |value: &str| value.contains('\t') || value.contains("= ");
            let is_folded = case.lines().any(|line| line.starts_with([' ', '\t']));
            matches!(case.field, "from-tag" | "to-tag")
                && case.our_value().is_some()
                && (is_folded || header_has(case, &names, spaced))
        },
    },
    // Where they are the strict ones, for no good of the user.
    Cause {
        why: "both: a CSeq with an unknown method cannot be read by them; we leave it to the check",
        holds: |case| case.field == "cseq" && we_alone_read(case),
    },
    Cause { why: "both: a tag that is no token is compared by us as it stands", holds: is_tag_but_no_token },
];
