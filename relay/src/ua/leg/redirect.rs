//! Where a 3xx leads (RFC 3261 section 8.1.3.4), and whether the call may go there: a server that redirects calls says no
//! more than whoever dials.

use offhook_protocol::{ErrorCode, Failure};
use offhook_sip::message::{Contact, NameAddr, Response, SipUri, Uri};

use super::Common;

/// Contacts of one response that are looked at.
const MAX_TARGETS: usize = 16;

/// The addresses a response names that calls can go to, the one wanted most first.
pub(super) fn targets(response: &Response) -> Vec<SipUri> {
    let contacts = response.headers().contacts().flatten().take(MAX_TARGETS);
    let mut targets: Vec<(u32, SipUri)> = contacts
        .filter_map(|contact| match contact {
            Contact::Addr(NameAddr { uri: Uri::Sip(uri), params, .. }) if !uri.is_secure() => {
                Some((preference(params.value("q")), uri.without_headers()))
            }
            _ => None,
        })
        .collect();
    targets.sort_by_key(|(preference, _)| std::cmp::Reverse(*preference));
    targets.into_iter().map(|(_, uri)| uri).collect()
}

/// The failure of a call that was sent on to where no call may go.
pub(super) fn forbidden(response: &Response) -> Failure {
    let sentence = "The call was sent on to a server that this relay is not configured to reach.";
    Failure { sip_status: Some(response.status().code()), ..Failure::new(ErrorCode::DestinationForbidden, sentence) }
}

/// The failure of a request that was sent on, or led by the far end's Contact, to where the password is asked for.
pub(super) fn challenged(response: &Response) -> Failure {
    let sentence = "Another SIP server than the account's own asks for the password, which is given to that one only.";
    Failure { sip_status: Some(response.status().code()), ..Failure::new(ErrorCode::DestinationForbidden, sentence) }
}

/// The failure of a call whose phone would have it go elsewhere: requests to a phone go the way it registered by, and no
/// other, so it would only be asked again.
pub(super) fn forwarded(response: &Response) -> Failure {
    let sentence = "The phone sends its calls on, which this relay does not do for a phone that is registered with it.";
    Failure { sip_status: Some(response.status().code()), ..Failure::new(ErrorCode::NoAnswer, sentence) }
}

impl Common {
    /// Whether requests go through a proxy of the account's, wherever they lead.
    pub(super) fn is_proxied(&self) -> bool {
        self.account.as_ref().is_some_and(|account| !account.routes().is_empty())
    }

    /// Whether a call may be sent on to this address: to where the account's own server is, or any other that accounts may
    /// lead to. What a name resolves to is looked at when it is resolved.
    pub(super) fn may_call(&self, target: &SipUri) -> bool {
        let host = &target.host_port().host;
        let is_home = self.account.as_ref().is_some_and(|account| account.is_home(host));
        self.is_proxied() || is_home || self.destinations.allow(&host.to_string())
    }
}

/// `q` in thousandths (RFC 3261 section 20.10); 1 where nothing is said.
fn preference(q: Option<&str>) -> u32 {
    let Some((whole, part)) = q.map(|q| q.split_once('.').unwrap_or((q, ""))) else { return 1000 };
    let thousandths = format!("{part:0<3}").get(..3).and_then(|part| part.parse::<u32>().ok()).unwrap_or(0);
    whole.parse::<u32>().unwrap_or(0).min(1).saturating_mul(1000).saturating_add(thousandths).min(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preference_is_read_in_thousandths() {
        for (q, read) in [(None, 1000), (Some("1"), 1000), (Some("0.5"), 500), (Some("0.25"), 250), (Some("0"), 0)] {
            assert_eq!(preference(q), read, "{q:?}");
        }
        for q in ["", "x", "-1", "0.", "0.\u{e9}\u{e9}", "9.9999", "99999999999"] {
            assert!(preference(Some(q)) <= 1000, "{q:?}");
        }
    }
}
