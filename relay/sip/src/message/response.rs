//! Responses.

use std::fmt;

use bytes::Bytes;

use super::{Fault, Headers, Request, ResponseBuilder, StatusCode, grammar, serialise};

/// A response. The status line is kept as it came.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    pub(super) start_line: Bytes,
    pub(super) status: StatusCode,
    pub(super) reason: Bytes,
    pub(super) headers: Headers,
    pub(super) body: Bytes,
    pub(super) body_fault: Option<Fault>,
}

impl Response {
    /// Begins the response to a request with the headers RFC 3261 section 8.2.6 wants copied.
    pub fn reply(request: &Request, status: StatusCode) -> ResponseBuilder {
        ResponseBuilder::new(request, status)
    }

    /// The status code.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The reason phrase for people; may be empty.
    #[must_use]
    pub fn reason(&self) -> String {
        grammar::lossy(&self.reason)
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

impl fmt::Debug for Response {
    /// The body is shown by its length alone: SDP carries addresses and keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status.code())
            .field("reason", &self.reason())
            .field("headers", &self.headers)
            .field("body_len", &self.body.len())
            .finish()
    }
}
