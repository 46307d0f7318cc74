//! SIP messages: parsing, building, and typed access (RFC 3261 sections 7, 19, 20, 25).
//!
//! A message is read once into lines that stay slices of one shared buffer. Headers are typed on
//! demand, so an unknown or broken header costs nothing and is never lost. What can be answered
//! parses; [`Request::check`] then says with which status.

mod build;
mod check;
mod cseq;
mod diversion;
mod error;
pub(crate) mod grammar;
mod header_name;
mod headers;
mod host;
mod identity;
mod limits;
mod media_type;
mod method;
mod name_addr;
mod params;
mod parse;
mod rack;
mod reason;
mod refer;
mod replaces;
mod request;
mod response;
mod session_expires;
mod status;
mod stream;
mod typed;
mod uri;
mod via;

use bytes::Bytes;

pub use build::{RequestBuilder, ResponseBuilder};
pub use check::{Capabilities, Discard, Rejection};
pub use cseq::{CSeq, CallId};
pub use diversion::Diversion;
pub use error::{BuildError, Fault, HeaderError, ParseError};
pub use header_name::HeaderName;
pub use headers::{Header, Headers};
pub use host::{Host, HostPort};
pub use limits::Limits;
pub use media_type::MediaType;
pub use method::Method;
pub use name_addr::{Contact, NameAddr};
pub use params::Params;
pub use rack::RAck;
pub use reason::Reason;
pub use refer::{Event, REFER_EVENT, ReferTo, SIPFRAG, SubscriptionState, fragment_status, status_fragment};
pub use replaces::Replaces;
pub use request::Request;
pub use response::Response;
pub use session_expires::{Refresher, SessionExpires};
pub use status::StatusCode;
pub use stream::{Frame, StreamError, StreamReader};
pub use uri::{OtherUri, SipUri, Uri};
pub use via::{BRANCH_COOKIE, Transport, Via};

/// A request or a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A request.
    Request(Request),
    /// A response.
    Response(Response),
}

impl Message {
    /// Reads the message of one datagram: the body is as long as Content-Length says, or the rest
    /// of the datagram where the header is missing (RFC 3261 section 18.3).
    ///
    /// # Errors
    /// The bytes are no message that could be answered.
    pub fn parse_datagram(datagram: Bytes, limits: &Limits) -> Result<Self, ParseError> {
        parse::datagram(datagram, limits)
    }

    /// The headers.
    #[must_use]
    pub const fn headers(&self) -> &Headers {
        match self {
            Self::Request(request) => request.headers(),
            Self::Response(response) => response.headers(),
        }
    }

    /// The body, empty when there is none.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        match self {
            Self::Request(request) => request.body(),
            Self::Response(response) => response.body(),
        }
    }

    /// The bytes to send.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        match self {
            Self::Request(request) => request.to_bytes(),
            Self::Response(response) => response.to_bytes(),
        }
    }
}

impl From<Request> for Message {
    fn from(request: Request) -> Self {
        Self::Request(request)
    }
}

impl From<Response> for Message {
    fn from(response: Response) -> Self {
        Self::Response(response)
    }
}

/// Writes start line, headers and body.
fn serialise(start_line: &[u8], headers: &Headers, body: &[u8]) -> Bytes {
    let lines: usize = headers.iter().map(|header| header.line().len() + 2).sum();
    let mut out = Vec::with_capacity(start_line.len() + lines + body.len() + 4);
    out.extend_from_slice(start_line);
    out.extend_from_slice(b"\r\n");
    for header in headers {
        out.extend_from_slice(header.line());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
    out.into()
}
