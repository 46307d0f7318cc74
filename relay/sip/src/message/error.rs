//! What can be wrong with a message, seen from three sides: the whole ([`ParseError`]), one header
//! ([`HeaderError`]), and a message under construction ([`BuildError`]).

use super::HeaderName;

/// Bytes that are no SIP message one could answer. The transport drops them (and closes a stream).
///
/// Everything that can still be answered parses, and is judged by
/// [`Request::check`](super::Request::check).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// Nothing but line ends or NULs: a keep-alive. Ignore it.
    #[error("the datagram is empty: a keep-alive")]
    Empty,
    /// The first line is neither a request line nor a status line. Drop the bytes.
    #[error("the first line is neither a SIP request line nor a SIP status line")]
    StartLine,
    /// A status code outside 100 to 699. Drop the response.
    #[error("the status code is not a number from 100 to 699")]
    StatusCode,
    /// The start line and headers exceed [`Limits::max_head`](super::Limits::max_head). Drop; close a stream.
    #[error("the headers are longer than {limit} bytes")]
    HeadTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// More header lines than [`Limits::max_headers`](super::Limits::max_headers). Drop; close a stream.
    #[error("there are more than {limit} header lines")]
    TooManyHeaders {
        /// The limit in lines.
        limit: usize,
    },
}

/// A header that is missing or cannot be read as its type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// The message has no such header. A request without a mandatory header is answered 400.
    #[error("the {0} header is missing")]
    Missing(HeaderName),
    /// The header stands there more often than RFC 3261 allows. A request is answered 400.
    #[error("the {0} header stands there more than once")]
    Duplicate(HeaderName),
    /// The value cannot be read as its type. A request is answered 400.
    #[error("the {name} header cannot be read: {fault}")]
    Malformed {
        /// Which header.
        name: HeaderName,
        /// What is wrong, as a sentence without the value itself.
        fault: Fault,
    },
}

/// What is wrong with a single value (a URI, a Via, a name-addr ...).
///
/// It never repeats the value, which may hold secrets or terminal escapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Fault(pub(crate) &'static str);

/// A message that must not be built, because a peer would read something else than was meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A header name that is no token. Pass a name made of letters, digits and hyphens.
    #[error("a header name must be a token")]
    HeaderName,
    /// A line break or NUL in a value: it would begin a header of its own. Refuse the input it came from.
    #[error("the {0} header must not contain line breaks or NUL")]
    HeaderValue(HeaderName),
    /// A URI with a character that cannot stand in one. Refuse the input it came from.
    #[error("the URI contains a character that cannot stand in a URI")]
    Uri,
    /// A value of its type that cannot be written: an empty token, say. Refuse the input it came from.
    #[error("{0}")]
    Value(#[from] Fault),
    /// A value that a peer would read as another one: a separator inside a host name, say. Refuse
    /// the input it came from.
    #[error("the {0} header would be read as something else than was meant")]
    Unreadable(HeaderName),
    /// A mandatory header was not given to the builder.
    #[error("the {0} header was not given")]
    Missing(HeaderName),
}
