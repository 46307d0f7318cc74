//! Messages out of a byte stream: TCP and TLS (RFC 3261 section 18.3), with the keep-alives of
//! RFC 5626 section 3.5.1.

use bytes::{Buf as _, Bytes, BytesMut};

use super::{Fault, Limits, Message, ParseError, parse};

/// Cuts a stream into messages.
///
/// Push what was read, then take frames until there is none. Between two such rounds it holds at
/// most one message within its limits.
#[derive(Debug)]
pub struct StreamReader {
    limits: Limits,
    buffer: BytesMut,
    /// How far the buffer was searched for the end of the headers.
    searched: usize,
    /// A message whose body is not all there, and the body's length.
    waiting: Option<(Message, usize)>,
    /// Line ends since the last message.
    line_ends: usize,
    broken: bool,
}

/// What stands in a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A message.
    Message(Message),
    /// Two line ends: the peer wants one line end back.
    Ping,
    /// One line end: the answer to our ping, or the first half of theirs. Nothing is to be sent.
    Pong,
}

/// The stream cannot be cut further: close it. Nothing more is read from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// What stands there is no message. Close the connection.
    #[error("the stream holds no SIP message: {0}")]
    NoMessage(#[from] ParseError),
    /// The length of the body is unknown. Answer the request 400, then close the connection.
    #[error("Content-Length cannot be read, so the end of the message is unknown")]
    Length {
        /// The message without its body.
        message: Box<Message>,
    },
    /// The body exceeds [`Limits::max_body`]. Answer the request 413, then close the connection.
    #[error("the body of {length} bytes is larger than is taken")]
    BodyTooLarge {
        /// The message without its body.
        message: Box<Message>,
        /// The length of the body in bytes.
        length: u64,
    },
}

impl StreamReader {
    /// A reader at the beginning of a stream.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, buffer: BytesMut::new(), searched: 0, waiting: None, line_ends: 0, broken: false }
    }

    /// Takes bytes that were read. After an error they are dropped.
    pub fn push(&mut self, bytes: &[u8]) {
        if !self.broken {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next frame; `None` when more bytes are needed.
    ///
    /// # Errors
    /// The stream cannot be cut further. From then on there are no frames.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, StreamError> {
        let frame = self.advance();
        if frame.is_err() {
            self.broken = true;
            self.buffer = BytesMut::new();
            self.waiting = None;
        }
        frame
    }

    /// Whether nothing is held of a message that is not whole yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty() && self.waiting.is_none()
    }

    fn advance(&mut self) -> Result<Option<Frame>, StreamError> {
        if self.waiting.is_none() {
            if let Some(keep_alive) = self.line_end() {
                return Ok(Some(keep_alive));
            }
            let Some(head_end) = self.head_end()? else {
                return Ok(None);
            };
            let head = self.buffer.split_to(head_end).freeze();
            self.searched = 0;
            self.waiting = Some(self.read_head(head)?);
        }
        Ok(self.complete())
    }

    /// Takes a line end off the front. RFC 3261 section 7.5 wants them ignored before a start
    /// line; RFC 5626 gives them a meaning.
    fn line_end(&mut self) -> Option<Frame> {
        loop {
            match self.buffer.as_ref() {
                [b'\r', b'\n', ..] => {
                    self.buffer.advance(2);
                    self.line_ends = self.line_ends.wrapping_add(1);
                    return Some(match self.line_ends % 2 {
                        0 => Frame::Ping,
                        _ => Frame::Pong,
                    });
                }
                [b'\n', ..] => {
                    self.buffer.advance(1);
                }
                _ => return None,
            }
        }
    }

    /// Where the headers end, the empty line included.
    fn head_end(&mut self) -> Result<Option<usize>, ParseError> {
        let too_large = ParseError::HeadTooLarge { limit: self.limits.max_head };
        let unsearched = self.buffer.get(self.searched..).unwrap_or_default();
        for (offset, _) in unsearched.iter().enumerate().filter(|(_, b)| **b == b'\n') {
            let after = self.searched.saturating_add(offset).saturating_add(1);
            let end = match self.buffer.get(after..).unwrap_or_default() {
                [b'\n', ..] => after.saturating_add(1),
                [b'\r', b'\n', ..] => after.saturating_add(2),
                // Too little to tell: begin with this line end again.
                [] | [b'\r'] => {
                    self.searched = after.saturating_sub(1);
                    break;
                }
                _ => continue,
            };
            return match end <= self.limits.max_head {
                true => Ok(Some(end)),
                false => Err(too_large),
            };
        }
        if self.buffer.len() > self.limits.max_head {
            return Err(too_large);
        }
        if self.buffer.last() != Some(&b'\n') && !self.buffer.ends_with(b"\n\r") {
            self.searched = self.buffer.len();
        }
        Ok(None)
    }

    /// A stream has no end of message but Content-Length. Where it is missing there is no body:
    /// senders that leave it out have none.
    fn read_head(&self, head: Bytes) -> Result<(Message, usize), StreamError> {
        let (message, _) = parse::head(head, &self.limits)?;
        match message.headers().content_length() {
            Ok(None) => Ok((message, 0)),
            Ok(Some(length)) => match usize::try_from(length) {
                Ok(body) if body <= self.limits.max_body => Ok((message, body)),
                _ => Err(StreamError::BodyTooLarge { message: Box::new(message), length }),
            },
            Err(_) => {
                let mut message = message;
                let fault = Some(Fault("Content-Length cannot be read"));
                parse::set_body(&mut message, Bytes::new(), fault);
                Err(StreamError::Length { message: Box::new(message) })
            }
        }
    }

    fn complete(&mut self) -> Option<Frame> {
        let (mut message, length) = self.waiting.take()?;
        if self.buffer.len() < length {
            self.waiting = Some((message, length));
            return None;
        }
        let body = self.buffer.split_to(length).freeze();
        parse::set_body(&mut message, body, None);
        self.line_ends = 0;
        Some(Frame::Message(message))
    }
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
