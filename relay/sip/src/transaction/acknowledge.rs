use crate::message::{BuildError, HeaderName, Method, Request, Response, Uri};

/// The ACK for a final response other than 2xx: part of the INVITE's transaction, so it carries the
/// INVITE's Via (RFC 3261 §17.1.1.3).
pub(super) fn acknowledge(invite: &Request, response: &Response) -> Result<Request, BuildError> {
    let to = response.headers().to().or_else(|_| invite.headers().to());
    let to = to.map_err(|_| BuildError::Missing(HeaderName::To))?;
    let mut ack = same_hop(invite, Method::Ack)?;
    ack.headers_mut().set(HeaderName::To, to)?;
    Ok(ack)
}

/// A request about an INVITE that every hop must recognise as such: same Request-URI, top Via, Route,
/// From, To, Call-ID and CSeq number.
pub(super) fn same_hop(invite: &Request, method: Method) -> Result<Request, BuildError> {
    let headers = invite.headers();
    let missing = |name| move |_| BuildError::Missing(name);
    let uri: Uri = invite.uri()?;
    let mut request = Request::builder(method, uri)
        .via(&headers.top_via().map_err(missing(HeaderName::Via))?)
        .from(&headers.from().map_err(missing(HeaderName::From))?)
        .to(&headers.to().map_err(missing(HeaderName::To))?)
        .call_id(&headers.call_id().map_err(missing(HeaderName::CallId))?)
        .cseq(headers.cseq().map_err(missing(HeaderName::CSeq))?.number)
        .build()?;
    for route in headers.all(&HeaderName::Route) {
        request.headers_mut().push_copy(route);
    }
    Ok(request)
}
