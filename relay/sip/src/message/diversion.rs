//! Who else was called before: Diversion (RFC 5806), and what History-Info says of it (RFC 7044, RFC 7544).

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
        if said.is_empty() { self.history() } else { said }
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
    let NameAddr { params, .. } = &address;
    let is_private = params.value("privacy").is_some_and(|how| !how.eq_ignore_ascii_case("off"));
    Diversion {
        reason: params.value("reason").map(str::to_ascii_lowercase),
        counter: params.value("counter").and_then(|times| times.parse().ok()),
        is_private,
        by: NameAddr { params: Params::new(), ..address },
    }
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
        let sip = address.uri.sip();
        let headers = || {
            sip.and_then(|uri| uri.headers()).unwrap_or_default().split('&').filter_map(|header| header.split_once('='))
        };
        let named = |wanted: &str| {
            let is_it = |name: &str| escape::decode(name).eq_ignore_ascii_case(wanted.as_bytes());
            headers().find(|(name, _)| is_it(name)).map(|(_, value)| escape::decode(value))
        };
        let refused = named("Reason").and_then(|reason| Reason::parse(&reason).ok());
        let is_private = named("Privacy").is_some_and(|how| !how.eq_ignore_ascii_case(b"none"));
        Some(Self {
            index: address.params.value("index")?.to_owned(),
            maps: address.params.value("mp").map(str::to_owned),
            cause: sip.and_then(|uri| uri.param("cause")).and_then(|cause| cause.parse().ok()),
            refused: refused.filter(|reason| reason.is_of("SIP")).and_then(|reason| reason.cause()),
            is_private,
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

    fn diversions(lines: &[(HeaderName, &str)]) -> Vec<(String, Option<String>, Option<u32>, bool)> {
        let mut headers = Headers::new();
        lines.iter().for_each(|(name, value)| headers.push(name.clone(), value).unwrap());
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
