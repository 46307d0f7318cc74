//! What a registrar grants with its 200: for how long, and how calls of the account go from then on.

use offhook_sip::message::{Contact, HeaderName, NameAddr, Response, Uri};

use super::binding::Binding;

/// Routes of a Service-Route that are followed; more is no telephone network.
const MAX_ROUTES: usize = 8;

/// What a 200 to REGISTER says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Grant {
    /// How long the registrar keeps the binding, in seconds (RFC 3261 section 10.2.4).
    pub(super) expires: Option<u32>,
    /// The address that reaches this very binding from anywhere (RFC 5627): the public one, else the temporary one.
    pub(super) gruu: Option<NameAddr>,
    /// The way that later requests of the account take (RFC 3608).
    pub(super) service_route: Vec<NameAddr>,
    /// Proxies that stay on the way of calls to us (RFC 3327). They are the registrar's business; traces tell of them.
    pub(super) path: usize,
    /// Whether the registrar uses our connection (RFC 5626 section 4.2.1).
    pub(super) outbound: bool,
}

impl Grant {
    /// Reads a 2xx to a REGISTER with this Contact.
    pub(super) fn read(response: &Response, binding: &Binding) -> Self {
        let headers = response.headers();
        let ours = headers.contacts().flatten().find(|contact| binding.is(contact));
        let ours = match ours {
            Some(Contact::Addr(addr)) => Some(addr),
            Some(Contact::Star) | None => None,
        };
        let param = |name: &str| ours.as_ref().and_then(|addr| addr.params.value(name));
        let service_route: Vec<NameAddr> = headers.addresses(&HeaderName::ServiceRoute).flatten().collect();
        let supports_outbound = |tag: &[u8]| tag.eq_ignore_ascii_case(b"outbound");
        Self {
            expires: param("expires").and_then(|text| text.parse().ok()).or_else(|| headers.expires()),
            gruu: param("pub-gruu").or(param("temp-gruu")).and_then(gruu),
            service_route: if service_route.len() > MAX_ROUTES { Vec::new() } else { service_route },
            path: headers.list(&HeaderName::Path).count(),
            outbound: binding.is_outbound() && headers.list(&HeaderName::Require).any(supports_outbound),
        }
    }
}

fn gruu(text: &str) -> Option<NameAddr> {
    match Uri::parse(text.as_bytes()).ok()? {
        Uri::Sip(uri) if uri.has_param("gr") => Some(NameAddr::new(uri.without_headers())),
        _ => None,
    }
}
