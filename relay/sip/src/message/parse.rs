//! From bytes to lines.

use bytes::Bytes;

use super::{Fault, Header, Headers, Limits, Message, Method, ParseError, Request, Response, StatusCode, grammar};

/// Reads a datagram; see [`Message::parse_datagram`].
pub(super) fn datagram(datagram: Bytes, limits: &Limits) -> Result<Message, ParseError> {
    let skipped = datagram.iter().take_while(|byte| matches!(byte, b'\r' | b'\n' | 0)).count();
    if skipped == datagram.len() {
        return Err(ParseError::Empty);
    }
    let (mut message, rest) = head(datagram.slice(skipped..), limits)?;
    let (body, fault) = datagram_body(message.headers(), rest);
    set_body(&mut message, body, fault);
    Ok(message)
}

/// Puts a body in its place without touching the headers.
pub(super) fn set_body(message: &mut Message, bytes: Bytes, fault: Option<Fault>) {
    let (body, body_fault) = match message {
        Message::Request(request) => (&mut request.body, &mut request.body_fault),
        Message::Response(response) => (&mut response.body, &mut response.body_fault),
    };
    *body = bytes;
    *body_fault = fault;
}

/// RFC 3261 section 18.3: bytes beyond Content-Length are dropped; too few are an error.
fn datagram_body(headers: &Headers, rest: Bytes) -> (Bytes, Option<Fault>) {
    match headers.content_length() {
        Ok(None) => (rest, None),
        Ok(Some(length)) => match usize::try_from(length) {
            Ok(length) if length <= rest.len() => (rest.slice(..length), None),
            _ => (rest, Some(Fault("the body is shorter than Content-Length says"))),
        },
        Err(_) => (rest, Some(Fault("Content-Length cannot be read"))),
    }
}

/// Reads start line and headers; gives what follows the empty line. Headers that end with the
/// buffer, without an empty line, are taken as they are.
pub(super) fn head(buffer: Bytes, limits: &Limits) -> Result<(Message, Bytes), ParseError> {
    let mut lines = Lines::new(&buffer);
    let first = lines.next_start_line().ok_or(ParseError::StartLine)?;
    if first > limits.max_head {
        return Err(ParseError::HeadTooLarge { limit: limits.max_head });
    }
    let mut message = start_line(buffer.slice(..first))?;
    let mut headers = Vec::with_capacity(16);
    while let Some((begin, end)) = lines.next_header() {
        if end > limits.max_head {
            return Err(ParseError::HeadTooLarge { limit: limits.max_head });
        }
        if headers.len() >= limits.max_headers {
            return Err(ParseError::TooManyHeaders { limit: limits.max_headers });
        }
        headers.push(Header::from_line(buffer.slice(begin..end)));
    }
    let headers = Headers::from_vec(headers);
    match &mut message {
        Message::Request(request) => request.headers = headers,
        Message::Response(response) => response.headers = headers,
    }
    Ok((message, buffer.slice(lines.at.min(buffer.len())..)))
}

/// Walks over lines, joining folds. Positions are offsets into the buffer.
struct Lines<'a> {
    buffer: &'a [u8],
    at: usize,
}

impl<'a> Lines<'a> {
    const fn new(buffer: &'a [u8]) -> Self {
        Self { buffer, at: 0 }
    }

    /// The end of the first line, which is never folded.
    fn next_start_line(&mut self) -> Option<usize> {
        let (end, next) = self.line_end(0)?;
        self.at = next;
        Some(end)
    }

    /// Begin and end of the next header with its folds; `None` at the empty line, which is
    /// consumed, or at the end of the buffer.
    fn next_header(&mut self) -> Option<(usize, usize)> {
        let begin = self.at;
        let (mut end, mut next) = self.line_end(begin)?;
        self.at = next;
        if end == begin {
            return None;
        }
        while let Some(b' ' | b'\t') = self.buffer.get(next) {
            let Some((fold_end, after)) = self.line_end(next) else {
                break;
            };
            (end, next) = (fold_end, after);
        }
        self.at = next;
        Some((begin, end))
    }

    /// Where the line that begins at `from` ends, and where the next begins. A bare LF ends a
    /// line as CRLF does; the end of the buffer ends the last line.
    fn line_end(&self, from: usize) -> Option<(usize, usize)> {
        let rest = self.buffer.get(from..).filter(|rest| !rest.is_empty())?;
        let (length, next) = match rest.iter().position(|byte| *byte == b'\n') {
            Some(at) => (at, from.saturating_add(at).saturating_add(1)),
            None => (rest.len(), self.buffer.len()),
        };
        let line = rest.get(..length)?;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        Some((from.saturating_add(line.len()), next))
    }
}

fn start_line(line: Bytes) -> Result<Message, ParseError> {
    if line.get(..4).is_some_and(|name| name.eq_ignore_ascii_case(b"SIP/")) {
        return status_line(line).map(Message::Response);
    }
    request_line(line).map(Message::Request)
}

/// More than one space between the three parts, and space after the last, is forgiven
/// (RFC 4475 sections 3.1.1.10 and 3.1.2.10); space inside the URI is left to [`Request::uri`].
fn request_line(line: Bytes) -> Result<Request, ParseError> {
    let text = grammar::trim_end(&line);
    let (method, rest) = grammar::split_once(text, b' ').ok_or(ParseError::StartLine)?;
    let method = Method::parse(method).ok_or(ParseError::StartLine)?;
    let version_at = rest.iter().rposition(|byte| *byte == b' ').ok_or(ParseError::StartLine)?;
    let (uri, version) = rest.split_at_checked(version_at).unwrap_or_default();
    let (uri, version) = (grammar::trim(uri), grammar::trim(version));
    if uri.is_empty() || !is_version(version) {
        return Err(ParseError::StartLine);
    }
    let (uri, version) = (line.slice_ref(uri), line.slice_ref(version));
    Ok(Request {
        start_line: line,
        method,
        uri,
        version,
        headers: Headers::new(),
        body: Bytes::new(),
        body_fault: None,
    })
}

/// `SIP/` and two numbers. Which numbers is judged later, so that a 505 can be sent.
fn is_version(version: &[u8]) -> bool {
    let Some((name, numbers)) = version.split_at_checked(4) else {
        return false;
    };
    let numbers = grammar::split_once(numbers, b'.');
    name.eq_ignore_ascii_case(b"SIP/")
        && numbers.is_some_and(|(major, minor)| grammar::decimal(major).is_some() && grammar::decimal(minor).is_some())
}

fn status_line(line: Bytes) -> Result<Response, ParseError> {
    let (version, rest) = grammar::split_once(&line, b' ').ok_or(ParseError::StartLine)?;
    if !version.eq_ignore_ascii_case(b"SIP/2.0") {
        return Err(ParseError::StartLine);
    }
    let rest = grammar::trim_start(rest);
    let (code, reason) = grammar::split_once(rest, b' ').unwrap_or((rest, b""));
    let status = grammar::decimal(grammar::trim(code))
        .and_then(|code| u16::try_from(code).ok())
        .and_then(StatusCode::new)
        .ok_or(ParseError::StatusCode)?;
    let reason = line.slice_ref(grammar::trim(reason));
    Ok(Response { start_line: line, status, reason, headers: Headers::new(), body: Bytes::new(), body_fault: None })
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
