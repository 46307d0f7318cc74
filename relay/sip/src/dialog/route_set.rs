use crate::message::{HeaderError, HeaderName, Headers, Method, NameAddr, Request, RequestBuilder, SipUri, Uri};

/// Most hops kept; a longer Record-Route comes from a loop.
const MAX_HOPS: usize = 32;

/// The proxies a dialog's requests visit, the nearest first (RFC 3261 §12.2.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct RouteSet(Vec<NameAddr>);

impl RouteSet {
    /// The route set of a callee: Record-Route as it stands.
    pub(super) fn of_request(headers: &Headers) -> Result<Self, HeaderError> {
        headers.record_routes().take(MAX_HOPS).collect::<Result<_, _>>().map(Self)
    }

    /// The route set of a caller: Record-Route from the last to the first.
    pub(super) fn of_response(headers: &Headers) -> Result<Self, HeaderError> {
        let Self(mut hops) = Self::of_request(headers)?;
        hops.reverse();
        Ok(Self(hops))
    }

    /// The URI whose host gets the request.
    pub(super) fn next_hop<'a>(&'a self, target: &'a Uri) -> &'a Uri {
        self.0.first().map_or(target, |first| &first.uri)
    }

    /// Begins a request along this route: Request-URI and Route as loose or strict routing wants them.
    pub(super) fn begin(&self, method: Method, target: &Uri) -> RequestBuilder {
        let Some((first, rest)) = self.0.split_first() else {
            return Request::builder(method, target.clone());
        };
        let strict = first.uri.sip().filter(|uri| !uri.has_param("lr"));
        match strict {
            None => self.0.iter().fold(Request::builder(method, target.clone()), RequestBuilder::route),
            // The strict router takes its own address from the Request-URI, and the target from the end.
            Some(router) => {
                let request = Request::builder(method, Uri::from(router.clone().without_headers()));
                let request = rest.iter().fold(request, RequestBuilder::route);
                request.header(HeaderName::Route, NameAddr::new(target.clone()))
            }
        }
    }
}

/// A URI as a Request-URI: without the headers a Contact may carry.
pub(super) fn as_target(uri: Uri) -> Uri {
    match uri {
        Uri::Sip(uri) => Uri::Sip(SipUri::without_headers(uri)),
        other => other,
    }
}
