//! Messages of our own making. No value can begin a header of its own: every one goes through
//! [`Header::new`](super::Header::new).

use std::fmt;

use bytes::Bytes;

use super::request::request_line;
use super::{
    BuildError, CSeq, CallId, Fault, HeaderName, Headers, Method, NameAddr, ReferTo, Replaces, Request, Response,
    StatusCode, Uri, Via, grammar,
};

/// Builds a request. The first error is kept and told by [`RequestBuilder::build`].
#[derive(Debug)]
#[must_use]
pub struct RequestBuilder {
    method: Method,
    uri: Uri,
    parts: Parts,
}

impl RequestBuilder {
    pub(super) fn new(method: Method, uri: Uri) -> Self {
        Self { method, uri, parts: Parts::new(Headers::new()) }
    }

    /// Adds a Via below those already there.
    pub fn via(self, via: &Via) -> Self {
        self.checked(HeaderName::Via, via, Via::parse)
    }

    /// From.
    pub fn from(self, from: &NameAddr) -> Self {
        self.checked(HeaderName::From, from, NameAddr::parse)
    }

    /// To.
    pub fn to(self, to: &NameAddr) -> Self {
        self.checked(HeaderName::To, to, NameAddr::parse)
    }

    /// Call-ID.
    pub fn call_id(self, call_id: &CallId) -> Self {
        self.header(HeaderName::CallId, call_id)
    }

    /// CSeq with the request's method.
    pub fn cseq(self, number: u32) -> Self {
        let cseq = CSeq::new(number, self.method.clone());
        self.header(HeaderName::CSeq, cseq)
    }

    /// Max-Forwards; 70 when it is not given.
    pub fn max_forwards(self, hops: u8) -> Self {
        self.header(HeaderName::MaxForwards, hops)
    }

    /// Adds a Contact.
    pub fn contact(self, contact: &NameAddr) -> Self {
        self.checked(HeaderName::Contact, contact, NameAddr::parse)
    }

    /// Adds a Route below those already there.
    pub fn route(self, route: &NameAddr) -> Self {
        self.checked(HeaderName::Route, route, NameAddr::parse)
    }

    /// Refer-To.
    pub fn refer_to(self, refer_to: &ReferTo) -> Self {
        self.checked(HeaderName::ReferTo, refer_to, ReferTo::parse)
    }

    /// Replaces.
    pub fn replaces(self, replaces: &Replaces) -> Self {
        self.checked(HeaderName::Replaces, replaces, Replaces::parse)
    }

    /// Adds a header that holds an address: Referred-By, P-Asserted-Identity and their kin.
    pub fn address(self, name: HeaderName, address: &NameAddr) -> Self {
        self.checked(name, address, NameAddr::parse)
    }

    /// Adds any header.
    pub fn header(mut self, name: HeaderName, value: impl fmt::Display) -> Self {
        self.parts.header(name, value);
        self
    }

    /// The body with its type.
    pub fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.parts.body(content_type, body.into());
        self
    }

    fn checked<T: fmt::Display + PartialEq>(
        mut self,
        name: HeaderName,
        value: &T,
        parse: impl Fn(&[u8]) -> Result<T, Fault>,
    ) -> Self {
        self.parts.checked(name, value, parse);
        self
    }

    /// The request.
    ///
    /// # Errors
    /// The first value that was refused, or a mandatory header (Via, From, To, Call-ID, CSeq) that
    /// was not given.
    pub fn build(self) -> Result<Request, BuildError> {
        let (start_line, uri) = request_line(&self.method, &self.uri)?;
        let (mut headers, body) = self.parts.finish()?;
        for name in [HeaderName::Via, HeaderName::From, HeaderName::To, HeaderName::CallId, HeaderName::CSeq] {
            if !headers.contains(&name) {
                return Err(BuildError::Missing(name));
            }
        }
        if !headers.contains(&HeaderName::MaxForwards) {
            headers.push(HeaderName::MaxForwards, 70)?;
        }
        headers.set(HeaderName::ContentLength, body.len())?;
        Ok(Request {
            version: start_line.slice(start_line.len().saturating_sub(7)..),
            start_line,
            method: self.method,
            uri,
            headers,
            body,
            body_fault: None,
        })
    }
}

/// Builds a response. The first error is kept and told by [`ResponseBuilder::build`].
#[derive(Debug)]
#[must_use]
pub struct ResponseBuilder {
    status: StatusCode,
    reason: Option<String>,
    parts: Parts,
}

impl ResponseBuilder {
    /// Copies every Via, From, To, Call-ID, CSeq, and (for 100) Timestamp; and Record-Route where
    /// the response may make a dialog (RFC 3261 sections 8.2.6 and 12.1.1).
    pub(super) fn new(request: &Request, status: StatusCode) -> Self {
        let mut headers = Headers::new();
        let makes_dialog = status != StatusCode::TRYING && status.class() <= 2;
        for header in request.headers() {
            let copied = match header.name() {
                HeaderName::Via | HeaderName::From | HeaderName::To | HeaderName::CallId | HeaderName::CSeq => true,
                HeaderName::RecordRoute => makes_dialog,
                HeaderName::Timestamp => status == StatusCode::TRYING,
                _ => false,
            };
            if copied {
                headers.push_copy(header);
            }
        }
        Self { status, reason: None, parts: Parts::new(headers) }
    }

    /// Adds our tag to To, unless it has one already.
    /// The rest of the value stays as the client wrote it.
    pub fn to_tag(mut self, tag: &str) -> Self {
        if !grammar::is_token(tag.as_bytes()) {
            self.parts.fail(Fault("a tag must be a token").into());
        } else if self.parts.headers.to().is_ok_and(|to| to.tag().is_none()) {
            self.parts.headers.append_tag(tag);
        }
        self
    }

    /// Another reason phrase than the usual one.
    pub fn reason(mut self, reason: &str) -> Self {
        self.reason = Some(reason.to_owned());
        self
    }

    /// Adds a Contact.
    pub fn contact(mut self, contact: &NameAddr) -> Self {
        self.parts.checked(HeaderName::Contact, contact, NameAddr::parse);
        self
    }

    /// Adds any header.
    pub fn header(mut self, name: HeaderName, value: impl fmt::Display) -> Self {
        self.parts.header(name, value);
        self
    }

    /// The body with its type.
    pub fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.parts.body(content_type, body.into());
        self
    }

    /// The response.
    ///
    /// # Errors
    /// The first value that was refused.
    pub fn build(self) -> Result<Response, BuildError> {
        let (mut headers, body) = self.parts.finish()?;
        let reason = self.reason.as_deref().unwrap_or(self.status.reason());
        if reason.chars().any(char::is_control) {
            return Err(BuildError::Value(Fault("the reason phrase must not hold control characters")));
        }
        headers.set(HeaderName::ContentLength, body.len())?;
        let start_line = Bytes::from(format!("SIP/2.0 {} {reason}", self.status));
        let reason_at = start_line.len().saturating_sub(reason.len());
        Ok(Response {
            reason: start_line.slice(reason_at..),
            start_line,
            status: self.status,
            headers,
            body,
            body_fault: None,
        })
    }
}

/// What requests and responses have in common while they are built.
#[derive(Debug)]
struct Parts {
    headers: Headers,
    body: Bytes,
    error: Option<BuildError>,
}

impl Parts {
    const fn new(headers: Headers) -> Self {
        Self { headers, body: Bytes::new(), error: None }
    }

    fn header(&mut self, name: HeaderName, value: impl fmt::Display) {
        if let Err(error) = self.headers.push(name, value) {
            self.fail(error);
        }
    }

    /// What is written must read back as what was meant: a host or transport made by hand could
    /// hold a separator.
    fn checked<T: fmt::Display + PartialEq>(
        &mut self,
        name: HeaderName,
        value: &T,
        parse: impl Fn(&[u8]) -> Result<T, Fault>,
    ) {
        let written = value.to_string();
        match parse(written.as_bytes()) {
            Ok(read) if read == *value => self.header(name, written),
            _ => self.fail(BuildError::Unreadable(name)),
        }
    }

    fn set(&mut self, name: HeaderName, value: impl fmt::Display) {
        if let Err(error) = self.headers.set(name, value) {
            self.fail(error);
        }
    }

    fn body(&mut self, content_type: &str, body: Bytes) {
        self.set(HeaderName::ContentType, content_type);
        self.body = body;
    }

    fn fail(&mut self, error: BuildError) {
        self.error.get_or_insert(error);
    }

    fn finish(self) -> Result<(Headers, Bytes), BuildError> {
        match self.error {
            Some(error) => Err(error),
            None => Ok((self.headers, self.body)),
        }
    }
}

#[cfg(test)]
#[path = "build_tests.rs"]
mod tests;
