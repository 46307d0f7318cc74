//! Requests.

use std::fmt;

use bytes::Bytes;

use super::{BuildError, Fault, Headers, Method, RequestBuilder, Uri, grammar, serialise};

/// A request. The request line is kept as it came; the Request-URI is typed on demand.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    pub(super) start_line: Bytes,
    pub(super) method: Method,
    pub(super) uri: Bytes,
    pub(super) version: Bytes,
    pub(super) headers: Headers,
    pub(super) body: Bytes,
    pub(super) body_fault: Option<Fault>,
}

impl Request {
    /// Begins a request.
    pub fn builder(method: Method, uri: Uri) -> RequestBuilder {
        RequestBuilder::new(method, uri)
    }

    /// The method.
    #[must_use]
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// The Request-URI.
    ///
    /// # Errors
    /// It is not a URI. A request that was checked has one.
    pub fn uri(&self) -> Result<Uri, Fault> {
        Uri::parse(&self.uri)
    }

    /// The Request-URI as it stands in the request line.
    #[must_use]
    pub fn raw_uri(&self) -> &[u8] {
        &self.uri
    }

    /// Puts another Request-URI in its place.
    ///
    /// # Errors
    /// A URI with a character that cannot stand in one.
    pub fn set_uri(&mut self, uri: &Uri) -> Result<(), BuildError> {
        let (start_line, uri) = request_line(&self.method, uri)?;
        self.start_line = start_line;
        self.uri = uri;
        Ok(())
    }

    /// The protocol version as written; `SIP/2.0` is the only one understood.
    #[must_use]
    pub fn version(&self) -> &[u8] {
        &self.version
    }

    /// The headers.
    #[must_use]
    pub const fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The headers, to change them.
    pub const fn headers_mut(&mut self) -> &mut Headers {
        &mut self.headers
    }

    /// The body, empty when there is none.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// Puts another body of the same type in its place.
    ///
    /// # Errors
    /// Never in practice: a length is a number.
    pub fn set_body(&mut self, body: Bytes) -> Result<(), BuildError> {
        self.headers.set(super::HeaderName::ContentLength, body.len())?;
        self.body = body;
        Ok(())
    }

    /// Why the body is not what Content-Length says, where it is not.
    #[must_use]
    pub const fn body_fault(&self) -> Option<Fault> {
        self.body_fault
    }

    /// The bytes to send.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        serialise(&self.start_line, &self.headers, &self.body)
    }
}

/// The request line and the URI's slice of it.
pub(super) fn request_line(method: &Method, uri: &Uri) -> Result<(Bytes, Bytes), BuildError> {
    if !grammar::is_token(method.as_str().as_bytes()) {
        return Err(BuildError::Value(Fault("a method must be a token")));
    }
    let uri = uri.to_string();
    Uri::parse(uri.as_bytes()).map_err(|_| BuildError::Uri)?;
    let line = Bytes::from(format!("{method} {uri} SIP/2.0"));
    let begin = method.as_str().len().saturating_add(1);
    let uri = line.slice(begin..begin.saturating_add(uri.len()));
    Ok((line, uri))
}

impl fmt::Debug for Request {
    /// The body is shown by its length alone: SDP carries addresses and keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("uri", &self.uri())
            .field("headers", &self.headers)
            .field("body_len", &self.body.len())
            .finish()
    }
}
