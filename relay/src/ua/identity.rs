//! Who is at the far end, as the app is shown: From, or what the network says of it (RFC 3325), or nobody by name where
//! that is asked for (RFC 3323).

use offhook_protocol::{Diversion, Header};
use offhook_sip::message::{Diversion as SipDiversion, Headers, Host, HostPort, NameAddr, SipUri, Uri};

use crate::call::Identity;

/// The host of whoever does not want to be known (RFC 3323 section 4.1.1.3).
const NOWHERE: &str = "anonymous.invalid";

/// Headers that would tell all the same.
const TELLING: [&str; 2] = ["p-asserted-identity", "remote-party-id"];

/// Headers that tell who had the call sent on.
const DIVERTING: [&str; 2] = ["diversion", "history-info"];

/// The longest name and number of somebody who had a call sent on, and the longest reason, in characters.
const MAX_DIVERSION: usize = 128;

/// Who calls. What the network asserts counts where the message came from a server of ours, else it stays what it is: a
/// header that the app may look at. Whoever is neither that network's nor a user of ours is shown with the host it claims
/// to be of: nobody passes for one of us.
#[must_use]
pub(super) fn of_caller(headers: &Headers, user: Option<&str>, is_trusted: bool) -> Identity {
    let from = headers.from().ok();
    if is_hidden(headers) {
        return Identity::anonymous();
    }
    let claimed = from.as_ref().map(of_address).unwrap_or_default();
    if let Some(user) = user {
        return Identity { user: user.to_owned(), ..claimed };
    }
    if !is_trusted {
        return Identity { user: from.as_ref().map(|from| in_full(&from.uri)).unwrap_or_default(), ..claimed };
    }
    match headers.asserted_identity() {
        Some(asserted) => {
            let asserted = of_address(&asserted);
            Identity { display_name: asserted.display_name.or(claimed.display_name), ..asserted }
        }
        None => claimed,
    }
}

/// Who calls without wanting to be known, for a network that keeps it so: a user of ours, or whom a trusted one asserts.
#[must_use]
pub(super) fn hidden(headers: &Headers, user: Option<&str>, is_trusted: bool) -> Option<Identity> {
    let asserted = || headers.asserted_identity().filter(|_| is_trusted).map(|asserted| of_address(&asserted));
    let known = user.map(|user| Identity { user: user.to_owned(), display_name: None }).or_else(asserted);
    is_hidden(headers).then(|| known.unwrap_or_else(Identity::anonymous))
}

/// How a call that hides its caller names it in From (RFC 3323 section 4.1.1.3).
#[must_use]
pub(super) fn anonymous() -> NameAddr {
    let host_port = HostPort { host: Host::Name(NOWHERE.to_owned()), port: None };
    NameAddr::new(SipUri::new(host_port).with_user(Identity::ANONYMOUS)).with_display_name("Anonymous")
}

/// Who had a call sent on, the latest first, without those who do not want to be known.
#[must_use]
pub(super) fn diversions(headers: &Headers) -> Vec<Diversion> {
    let short = |text: &str| text.chars().filter(|c| !c.is_control()).take(MAX_DIVERSION).collect::<String>();
    let told = |diversion: SipDiversion| {
        let by = if diversion.is_private { Identity::anonymous() } else { of_address(&diversion.by) };
        Diversion {
            user: short(&by.user),
            display_name: by.display_name.as_deref().map(short),
            reason: diversion.reason.as_deref().map(short),
            counter: diversion.counter,
        }
    };
    headers.diversions().into_iter().map(told).collect()
}

/// Who the far end's network says is there now, unless it is not to be known.
#[must_use]
pub(super) fn connected(headers: &Headers) -> Option<Identity> {
    let asserted = headers.asserted_identity().filter(|_| !headers.wants_privacy())?;
    Some(of_address(&asserted)).filter(|who| !who.user.is_empty())
}

/// Takes out what would tell the app who it is that does not want to be known.
pub(super) fn hide(headers: &Headers, seen: &mut Vec<Header>) {
    if is_hidden(headers) {
        seen.retain(|header| !is_among(&TELLING, header));
    }
    if headers.hides_diversions() {
        seen.retain(|header| !is_among(&DIVERTING, header));
    }
}

fn is_among(names: &[&str], header: &Header) -> bool {
    names.iter().any(|name| header.name.eq_ignore_ascii_case(name))
}

/// What the other end is shown of an address.
#[must_use]
pub(super) fn of_address(address: &NameAddr) -> Identity {
    let user = match &address.uri {
        Uri::Sip(uri) => match uri.user_decoded() {
            Some(user) => String::from_utf8_lossy(&user).into_owned(),
            None => uri.host_port().host.to_string(),
        },
        Uri::Other(uri) if uri.scheme().eq_ignore_ascii_case("tel") => {
            uri.opaque().split(';').next().unwrap_or_default().to_owned()
        }
        other => other.to_string(),
    };
    let display_name = address.display_name.clone().filter(|name| !name.is_empty());
    Identity { user, display_name }
}

/// An address that cannot be taken for a user or number of ours.
fn in_full(uri: &Uri) -> String {
    match uri {
        Uri::Sip(uri) => {
            let host = uri.host();
            uri.user_decoded()
                .map_or_else(|| host.to_string(), |user| format!("{}@{host}", String::from_utf8_lossy(&user)))
        }
        other => other.to_string(),
    }
}

/// Whether the caller does not want to be known.
#[must_use]
pub(super) fn is_hidden(headers: &Headers) -> bool {
    let nowhere = |host: &Host| matches!(host, Host::Name(name) if name.eq_ignore_ascii_case(NOWHERE));
    let is_nobody = |from: NameAddr| from.uri.sip().is_some_and(|uri| nowhere(uri.host()));
    headers.wants_privacy() || headers.from().is_ok_and(is_nobody)
}
