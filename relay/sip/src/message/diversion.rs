//! Who else was called before: Diversion (RFC 5806), and what History-Info says of it (RFC 7044, RFC 7544).

use std::borrow::Cow;

use super::uri::escape;
use super::{HeaderName, Headers, NameAddr, Params, Reason, Uri};

/// Entries that are looked at: a call that was sent on more often is lost anyway.
const LIMIT: usize = 16;

/// Somebody who was called and had the call sent on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diversion {
    /// Who.
    pub by: NameAddr,
    /// Why, in the words of RFC 5806 section 7, such as `user-busy` or `unconditional`.
    pub reason: Option<String>,
    /// How often, where that is said.
    pub counter: Option<u32>,
    /// Whether it is not for everybody to know who that is.
    pub is_private: bool,
}

impl Headers {
    /// Who had the call sent on, the latest first: by Diversion, else by History-Info. What cannot be read is left out.
    #[must_use]
    pub fn diversions(&self) -> Vec<Diversion> {
        let listed = self.addresses(&HeaderName::Diversion).take(LIMIT);
        let said: Vec<Diversion> = listed.filter_map(Result::ok).map(of_diversion).collect();
        let mut diversions = if said.is_empty() { self.history() } else { said };
        let all = self.hides_history();
        diversions.iter_mut().for_each(|diversion| diversion.is_private |= all);
        diversions
    }

    /// Whether anything that Diversion and History-Info say is not for everybody to know: all of it where Privacy has it so
    /// (RFC 7044 section 10.1), or any entry, be it one that diverted nobody.
    #[must_use]
    pub fn hides_diversions(&self) -> bool {
        // What cannot be read may still be read by people.
        let hides = |entry: &[u8]| match NameAddr::parse(entry) {
            Ok(address) => is_private(&address),
            Err(_) => entry.to_ascii_lowercase().windows(6).any(|word| word == b"rivacy"),
        };
        let told = [HeaderName::Diversion, HeaderName::HistoryInfo];
        self.hides_history() || told.iter().any(|name| self.list(name).any(hides))
    }

    fn hides_history(&self) -> bool {
        self.asks_privacy(&["history", "header", "session"])
    }

    fn history(&self) -> Vec<Diversion> {
        let entries: Vec<Entry> = self
            .addresses(&HeaderName::HistoryInfo)
            .take(LIMIT)
            .filter_map(Result::ok)
            .filter_map(Entry::new)
            .collect();
        let mut diversions: Vec<Diversion> = entries
            .iter()
            .enumerate()
            .filter_map(|(at, entry)| {
                let earlier = entries.get(..at)?;
                let from = entry.diverted_from(earlier)?;
                let cause = entry.cause.or(from.refused);
                let reason = cause.map(reason_of).map(str::to_owned);
                Some(Diversion { by: from.address.clone(), reason, counter: None, is_private: from.is_private })
            })
            .collect();
        diversions.reverse();
        diversions
    }
}

fn of_diversion(address: NameAddr) -> Diversion {
    let (params, is_private) = (&address.params, is_private(&address));
    Diversion {
        reason: params.value("reason").map(str::to_ascii_lowercase),
        counter: params.value("counter").and_then(|times| times.parse().ok()),
        is_private,
        by: NameAddr { params: Params::new(), ..address },
    }
}

/// Whether who that is is not for everybody to know: by a parameter, as Diversion has it (RFC 5806 section 7), or by a
/// header that the address carries, as History-Info has it.
fn is_private(address: &NameAddr) -> bool {
    address.params.value("privacy").is_some_and(|how| !how.eq_ignore_ascii_case("off"))
        || header_in(address, "Privacy").is_some_and(|how| !how.eq_ignore_ascii_case(b"none"))
}

/// A header that a SIP address carries (RFC 3261 section 19.1.1).
fn header_in<'a>(address: &'a NameAddr, wanted: &str) -> Option<Cow<'a, [u8]>> {
    let headers = address.uri.sip()?.headers()?.split('&').filter_map(|header| header.split_once('='));
    let mut named = headers.filter(|(name, _)| escape::decode(name).eq_ignore_ascii_case(wanted.as_bytes()));
    named.next().map(|(_, value)| escape::decode(value))
}

/// One target of a call, as History-Info lists them in their order.
struct Entry {
    address: NameAddr,
    index: String,
    /// The index of the target in whose place this one is another (RFC 7044 section 10.3).
    maps: Option<String>,
    /// Why it was called instead (RFC 4458).
    cause: Option<u16>,
    /// What the call met there.
    refused: Option<u16>,
    is_private: bool,
}

impl Entry {
    fn new(address: NameAddr) -> Option<Self> {
        let refused = header_in(&address, "Reason").and_then(|reason| Reason::parse(&reason).ok());
        let cause = address.uri.sip().and_then(|uri| uri.param("cause"));
        Some(Self {
            index: address.params.value("index")?.to_owned(),
            maps: address.params.value("mp").map(str::to_owned),
            cause: cause.and_then(|cause| cause.parse().ok()),
            refused: refused.filter(|reason| reason.is_of("SIP")).and_then(|reason| reason.cause()),
            is_private: is_private(&address),
            address: NameAddr {
                uri: match &address.uri {
                    Uri::Sip(uri) => Uri::Sip(uri.clone().without_headers().without_param("cause")),
                    other @ Uri::Other(_) => other.clone(),
                },
                params: Params::new(),
                ..address
            },
        })
    }

    /// The target that was called before this one and had the call sent here.
    fn diverted_from<'a>(&self, earlier: &'a [Self]) -> Option<&'a Self> {
        let of_index = |index: &str| earlier.iter().find(|entry| entry.index == index);
        if let Some(mapped) = &self.maps {
            return of_index(mapped);
        }
        if self.cause.is_some() {
            return self.index.rsplit_once('.').and_then(|(parent, _)| of_index(parent)).or_else(|| earlier.last());
        }
        // RFC 4244 knew no such marks: whoever answered with a redirection or a refusal was followed by another.
        let last = earlier.last()?;
        last.refused.is_some().then_some(last)
    }
}

/// The word for a cause of RFC 4458, as RFC 7544 section 6 translates it.
const fn reason_of(cause: u16) -> &'static str {
    match cause {
        302 => "unconditional",
        408 => "no-answer",
        480 | 487 => "deflection",
        486 => "user-busy",
        503 => "unavailable",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(HeaderName, &str)]) -> Headers {
        let mut headers = Headers::new();
        lines.iter().for_each(|(name, value)| headers.push(name.clone(), value).unwrap());
        headers
    }

    fn diversions(lines: &[(HeaderName, &str)]) -> Vec<(String, Option<String>, Option<u32>, bool)> {
        let headers = headers(lines);
        let told = |d: Diversion| (d.by.to_string(), d.reason, d.counter, d.is_private);
        headers.diversions().into_iter().map(told).collect()
    }

    fn of_history(value: &str) -> Vec<(String, Option<String>)> {
        diversions(&[(HeaderName::HistoryInfo, value)]).into_iter().map(|(by, reason, ..)| (by, reason)).collect()
    }

    fn some(by: &str, reason: &str) -> (String, Option<String>) {
        (by.to_owned(), Some(reason.to_owned()))
    }

    #[test]
    fn the_latest_diversion_comes_first() {
        let told = diversions(&[
            (HeaderName::Diversion, "\"Bob\" <sip:bob@b.example>;reason=user-busy;counter=2"),
            (HeaderName::Diversion, "<tel:+49301>;reason=\"No-Answer\";privacy=off, <sip:x@x>;privacy=full;counter=no"),
        ]);
        let bob = ("\"Bob\" <sip:bob@b.example>".to_owned(), Some("user-busy".to_owned()), Some(2), false);
        let number = ("<tel:+49301>".to_owned(), Some("no-answer".to_owned()), None, false);
        assert_eq!(told, [bob, number, ("<sip:x@x>".to_owned(), None, None, true)]);
    }

    #[test]
    fn history_says_who_sent_the_call_on() {
        // RFC 7044: 1.1 took the place of whom entry 1 had named; 1.1.1 is only where that one is.
        let mapped = "<sip:bob@a.example>;index=1, <sip:carol@a.example;cause=302>;index=1.1;mp=1, \
            <sip:carol@192.0.2.4>;index=1.1.1;rc=1.1";
        assert_eq!(of_history(mapped), [some("<sip:bob@a.example>", "unconditional")]);
        // RFC 4244: the reason stands with whoever had it.
        let refused = "<sip:bob@a.example?Reason=SIP%3Bcause%3D486>;index=1, <sip:carol@a.example>;index=2";
        assert_eq!(of_history(refused), [some("<sip:bob@a.example>", "user-busy")]);
        // RFC 4458 alone.
        let caused = "<sip:a@x>;index=1, <sip:b@x;cause=408>;index=1.1, <sip:c@x;cause=503>;index=1.1.1";
        assert_eq!(of_history(caused), [some("<sip:b@x>", "unavailable"), some("<sip:a@x>", "no-answer")]);
        assert_eq!(of_history("<sip:bob@a.example>;index=1"), []);
    }

    #[test]
    fn who_is_not_to_be_known_is_marked() {
        let value = "<sip:bob@a.example?Privacy=history>;index=1, <sip:carol@a.example;cause=302>;index=1.1;mp=1";
        assert!(diversions(&[(HeaderName::HistoryInfo, value)])[0].3);
    }

    #[test]
    fn privacy_of_the_message_is_that_of_every_entry() {
        let diversion = (HeaderName::Diversion, "<sip:bob@b.example>;reason=away;privacy=off");
        for (privacy, hides) in
            [("history", true), ("id;header", true), ("session", true), ("id", false), ("none", false)]
        {
            let lines = [diversion.clone(), (HeaderName::Privacy, privacy)];
            assert_eq!(diversions(&lines)[0].3, hides, "{privacy}");
            assert_eq!(headers(&lines).hides_diversions(), hides, "{privacy}");
        }
    }

    #[test]
    fn any_entry_may_hide_what_the_headers_say() {
        let entry = "<sip:a@x?Privacy=history>;index=1, <sip:b@x>;index=1.1";
        let plain = (HeaderName::Diversion, "<sip:bob@b.example>;reason=away");
        assert!(!headers(std::slice::from_ref(&plain)).hides_diversions());
        assert!(headers(&[(HeaderName::HistoryInfo, entry)]).hides_diversions(), "it diverted nobody");
        assert!(headers(&[plain, (HeaderName::HistoryInfo, entry)]).hides_diversions(), "beside a Diversion");
        let many = format!("{}<sip:z@x>;privacy=full", "<sip:a@x>,".repeat(LIMIT));
        assert!(headers(&[(HeaderName::Diversion, &many)]).hides_diversions(), "it is not looked at");
        assert!(headers(&[(HeaderName::Diversion, "nonsense <sip:a@x;Privacy=full")]).hides_diversions());
    }

    #[test]
    fn what_cannot_be_read_is_left_out_and_lists_have_an_end() {
        assert_eq!(diversions(&[(HeaderName::Diversion, "nonsense <, <sip:>;;, \"")]), []);
        assert_eq!(
            of_history("<sip:a@x;cause=302>;index=1;mp=1, <sip:b@x>;mp=9;index=2, <tel:1>;index=3, <sip:c@x>"),
            []
        );
        let many = vec!["<sip:a@x>;reason=away"; 500].join(",");
        assert_eq!(diversions(&[(HeaderName::Diversion, &many)]).len(), LIMIT);
        let many: Vec<_> = (0..500).map(|at| format!("<sip:a@x;cause=302>;index={at}")).collect();
        assert!(of_history(&many.join(",")).len() < LIMIT);
    }
}
