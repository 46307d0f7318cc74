//! Whether a message can be worked on, and with which status a request is refused: what a user
//! agent server inspects before anything else (RFC 3261 sections 8.2.1 to 8.2.3), and when a
//! client discards a response (sections 8.1.3.3 and 18.3).

use std::fmt;

use super::{
    BuildError, Contact, HeaderError, HeaderName, Headers, MediaType, Method, Request, Response, StatusCode, Uri,
    grammar,
};

/// What this end understands.
#[derive(Debug, Clone, Copy)]
pub struct Capabilities<'a> {
    /// Methods that are served. ACK and CANCEL need not be named.
    pub methods: &'a [Method],
    /// Option tags that may be required of us.
    pub extensions: &'a [&'a str],
    /// Schemes a Request-URI may have, in lower case.
    pub schemes: &'a [&'a str],
    /// Media types of bodies that are understood (`application/sdp` ...).
    pub content_types: &'a [&'a str],
    /// The longest body taken, in bytes.
    pub max_body: usize,
}

/// A request that is refused before its method is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The status to answer with.
    pub status: StatusCode,
    /// Why, as a sentence.
    pub reason: String,
    /// What the response tells besides: `Allow`, `Unsupported`, `Accept`, `Accept-Encoding`.
    pub header: Option<(HeaderName, String)>,
}

impl Rejection {
    fn new(status: StatusCode, reason: impl fmt::Display) -> Self {
        Self { status, reason: reason.to_string(), header: None }
    }

    fn bad_request(reason: impl fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, reason)
    }

    fn telling(mut self, name: HeaderName, value: String) -> Self {
        self.header = Some((name, value));
        self
    }

    /// The response to send; `None` for an ACK, which is never answered.
    ///
    /// # Errors
    /// The tag is no token.
    pub fn reply(&self, request: &Request, tag: &str) -> Result<Option<Response>, BuildError> {
        if *request.method() == Method::Ack {
            return Ok(None);
        }
        let mut reply = Response::reply(request, self.status).to_tag(tag).reason(&self.reason);
        if let Some((name, value)) = &self.header {
            reply = reply.header(name.clone(), value);
        }
        reply.build().map(Some)
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.reason)
    }
}

impl From<HeaderError> for Rejection {
    fn from(error: HeaderError) -> Self {
        Self::bad_request(error)
    }
}

impl Request {
    /// Whether the request can be worked on: well-formed, and within what we understand.
    ///
    /// After this, the mandatory headers and the Request-URI can be read as their types.
    ///
    /// # Errors
    /// The refusal to answer with.
    pub fn check(&self, capabilities: &Capabilities<'_>) -> Result<(), Rejection> {
        if !self.version().eq_ignore_ascii_case(b"SIP/2.0") {
            return Err(Rejection::new(StatusCode::VERSION_NOT_SUPPORTED, "Only SIP/2.0 is understood"));
        }
        self.check_headers()?;
        let uri = self.check_uri()?;
        self.check_method(capabilities)?;
        check_scheme(&uri, capabilities)?;
        self.check_require(capabilities)?;
        self.check_body(capabilities)?;
        self.check_accept(capabilities)
    }

    /// Every header an element must understand can be read, and what stands there once does.
    fn check_headers(&self) -> Result<(), Rejection> {
        let headers = self.headers();
        if headers.contains(&HeaderName::Malformed) {
            return Err(Rejection::bad_request("A header line has no name"));
        }
        headers.top_via()?;
        all_readable(headers.vias())?;
        headers.from()?;
        headers.to()?;
        headers.call_id()?;
        if headers.cseq()?.method != *self.method() {
            return Err(Rejection::bad_request("The CSeq method is not the request's"));
        }
        headers.max_forwards()?;
        headers.content_length()?;
        headers.content_type()?;
        all_readable(headers.routes())?;
        all_readable(headers.record_routes())?;
        let contacts = headers.contacts().collect::<Result<Vec<_>, _>>()?;
        let star = contacts.contains(&Contact::Star);
        if star && (contacts.len() > 1 || *self.method() != Method::Register) {
            return Err(Rejection::bad_request("A Contact of * must stand alone in a REGISTER"));
        }
        match self.body_fault() {
            Some(fault) => Err(Rejection::bad_request(fault)),
            None => Ok(()),
        }
    }

    fn check_uri(&self) -> Result<Uri, Rejection> {
        let uri = self.uri().map_err(|fault| Rejection::bad_request(format_args!("Request-URI: {fault}")))?;
        if uri.sip().is_some_and(|uri| uri.headers().is_some()) {
            return Err(Rejection::bad_request("Request-URI: it must not carry headers"));
        }
        Ok(uri)
    }

    fn check_method(&self, capabilities: &Capabilities<'_>) -> Result<(), Rejection> {
        let method = self.method();
        if matches!(method, Method::Ack | Method::Cancel) || capabilities.methods.contains(method) {
            return Ok(());
        }
        // Who serves INVITE takes what acknowledges and cancels it.
        let is_called = capabilities.methods.contains(&Method::Invite);
        let beside_invite = [Method::Ack, Method::Cancel];
        let allow = capabilities.methods.iter().chain(beside_invite.iter().filter(|_| is_called));
        let allow = allow.map(Method::as_str).collect::<Vec<_>>().join(", ");
        let status = match method {
            Method::Other(_) => StatusCode::NOT_IMPLEMENTED,
            _ => StatusCode::METHOD_NOT_ALLOWED,
        };
        Err(Rejection::new(status, status.reason()).telling(HeaderName::Allow, allow))
    }

    /// ACK and CANCEL are exempt: RFC 3261 section 8.2.2.3.
    fn check_require(&self, capabilities: &Capabilities<'_>) -> Result<(), Rejection> {
        if matches!(self.method(), Method::Ack | Method::Cancel) {
            return Ok(());
        }
        let unsupported: Vec<String> = self
            .headers()
            .list(&HeaderName::Require)
            .filter(|tag| !capabilities.extensions.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(tag)))
            .map(|tag| grammar::lossy(&grammar::unfold(tag)))
            .collect();
        if unsupported.is_empty() {
            return Ok(());
        }
        let status = StatusCode::BAD_EXTENSION;
        Err(Rejection::new(status, status.reason()).telling(HeaderName::Unsupported, unsupported.join(", ")))
    }

    fn check_body(&self, capabilities: &Capabilities<'_>) -> Result<(), Rejection> {
        if self.body().len() > capabilities.max_body {
            let status = StatusCode::REQUEST_ENTITY_TOO_LARGE;
            return Err(Rejection::new(status, status.reason()));
        }
        if self.body().is_empty() || body_is_optional(self.headers()) {
            return Ok(());
        }
        let encoded =
            self.headers().list(&HeaderName::ContentEncoding).any(|coding| !coding.eq_ignore_ascii_case(b"identity"));
        if encoded {
            return Err(unsupported_media(
                "The body's encoding is not understood",
                HeaderName::AcceptEncoding,
                "identity".to_owned(),
            ));
        }
        let kind = self.headers().content_type()?;
        let known = |kind: &MediaType| capabilities.content_types.iter().any(|known| kind.is(known));
        match kind {
            Some(kind) if !known(&kind) => Err(unsupported_media(
                "The body's media type is not understood",
                HeaderName::Accept,
                capabilities.content_types.join(", "),
            )),
            Some(_) => Ok(()),
            None => Err(Rejection::bad_request("A body needs a Content-Type")),
        }
    }

    /// An INVITE is answered with a session description; a caller that takes none cannot be
    /// answered (RFC 3261 section 21.4.7).
    fn check_accept(&self, capabilities: &Capabilities<'_>) -> Result<(), Rejection> {
        let accept = &HeaderName::Accept;
        if *self.method() != Method::Invite || !self.headers().contains(accept) {
            return Ok(());
        }
        let accepted = self
            .headers()
            .list(accept)
            .filter_map(|range| MediaType::parse(range).ok())
            .any(|range| capabilities.content_types.iter().any(|ours| range.accepts(ours)));
        match accepted {
            true => Ok(()),
            false => {
                Err(Rejection::new(StatusCode::NOT_ACCEPTABLE, "None of the accepted media types can be made here"))
            }
        }
    }
}

impl Response {
    /// Whether a user agent client takes the response. One that is refused is dropped without a
    /// word: there is nothing to answer a response with.
    ///
    /// # Errors
    /// Why it is dropped.
    pub fn check(&self) -> Result<(), Discard> {
        let headers = self.headers();
        if headers.contains(&HeaderName::Malformed) {
            return Err(Discard::Line);
        }
        headers.top_via()?;
        if headers.vias().nth(1).is_some() {
            return Err(Discard::NotForUs);
        }
        headers.from()?;
        headers.to()?;
        headers.call_id()?;
        headers.cseq()?;
        headers.content_length()?;
        headers.content_type()?;
        all_readable(headers.contacts())?;
        all_readable(headers.record_routes())?;
        match self.body_fault() {
            Some(_) => Err(Discard::Body),
            None => Ok(()),
        }
    }
}

/// Why a response is dropped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Discard {
    /// A header cannot be read. Drop the response.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A line is no header. Drop the response.
    #[error("a header line has no name")]
    Line,
    /// There is more than one Via: the response was meant for another hop
    /// (RFC 3261 section 8.1.3.3). Drop the response.
    #[error("more than one Via stands there: the response is meant for another hop")]
    NotForUs,
    /// The body is not as long as it claims. Drop the response.
    #[error("the body is not as long as Content-Length says")]
    Body,
}

fn check_scheme(uri: &Uri, capabilities: &Capabilities<'_>) -> Result<(), Rejection> {
    let scheme = uri.scheme();
    let known = |known: &&str| known.eq_ignore_ascii_case(scheme);
    if capabilities.schemes.iter().any(known) {
        return Ok(());
    }
    let status = StatusCode::UNSUPPORTED_URI_SCHEME;
    Err(Rejection::new(status, status.reason()))
}

fn unsupported_media(reason: &str, name: HeaderName, value: String) -> Rejection {
    Rejection::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, reason).telling(name, value)
}

/// RFC 3204: a body may be marked as one the receiver can do without.
fn body_is_optional(headers: &Headers) -> bool {
    headers
        .first(&HeaderName::ContentDisposition)
        .and_then(|header| grammar::split_once(header.value(), b';'))
        .and_then(|(_, params)| super::Params::parse(params).ok())
        .and_then(|params| params.value("handling").map(str::to_owned))
        .is_some_and(|handling| handling.eq_ignore_ascii_case("optional"))
}

fn all_readable<T>(mut values: impl Iterator<Item = Result<T, HeaderError>>) -> Result<(), HeaderError> {
    values.try_for_each(|value| value.map(drop))
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
