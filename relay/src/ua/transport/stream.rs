//! SIP in a stream of bytes: TCP and TLS (RFC 3261 section 18.3), kept alive with line ends (RFC 5626 section 3.5.1).

use std::io;

use offhook_sip::message::{Frame, Message, Response, StatusCode, StreamError, StreamReader};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep_until, timeout};

use super::connection::{Conversation, Io, now};

/// What is read at once. Each connection has as much, however little it says.
const BUFFER: usize = 4096;

/// Reads and writes until one side has enough.
pub(super) async fn converse(conversation: &mut Conversation, io: &mut dyn Io) -> io::Result<()> {
    let mut reader = StreamReader::new(conversation.shared.limits);
    let mut buffer = vec![0; BUFFER];
    loop {
        tokio::select! {
            read = io.read(&mut buffer) => {
                let length = read?;
                if length == 0 {
                    return Ok(());
                }
                conversation.hear();
                reader.push(buffer.get(..length).unwrap_or_default());
                deliver(conversation, &mut reader, io).await?;
            }
            Some(transmit) = conversation.queued.recv() => {
                conversation.writing(&transmit);
                write(conversation, io, &transmit.bytes).await?;
                conversation.written();
            }
            () = sleep_until(conversation.pace.next().into()) => {
                if conversation.ping_is_due()? {
                    write(conversation, io, b"\r\n\r\n").await?;
                }
            }
        }
    }
}

/// Passes every whole message on.
async fn deliver(conversation: &mut Conversation, reader: &mut StreamReader, io: &mut dyn Io) -> io::Result<()> {
    let mut answer_to_ours = false;
    loop {
        match reader.next_frame() {
            Ok(None) => break,
            Ok(Some(Frame::Pong)) => answer_to_ours = true,
            // RFC 5626 section 4.4.1: a double line end is answered with a single one.
            Ok(Some(Frame::Ping)) => {
                answer_to_ours = false;
                if conversation.may_answer() {
                    write(conversation, io, b"\r\n").await?;
                }
            }
            Ok(Some(Frame::Message(message))) => conversation.deliver(message).await?,
            Err(error) => {
                if let Some(refusal) = refusal(&error).filter(|_| conversation.may_answer()) {
                    write(conversation, io, &refusal.to_bytes()).await?;
                }
                return Err(io::Error::new(io::ErrorKind::InvalidData, error));
            }
        }
    }
    if answer_to_ours {
        conversation.pace.pong();
    }
    if !reader.is_empty() {
        conversation.pace.begun(now());
    }
    Ok(())
}

async fn write(conversation: &Conversation, io: &mut dyn Io, bytes: &[u8]) -> io::Result<()> {
    let written = async {
        io.write_all(bytes).await?;
        io.flush().await
    };
    timeout(conversation.shared.connect_timeout, written).await?
}

/// The answer to a request whose end cannot be found in the stream; the connection closes after it.
fn refusal(error: &StreamError) -> Option<Response> {
    let (message, status) = match error {
        StreamError::Length { message } => (message, StatusCode::BAD_REQUEST),
        StreamError::BodyTooLarge { message, .. } => (message, StatusCode::REQUEST_ENTITY_TOO_LARGE),
        _ => return None,
    };
    match message.as_ref() {
        Message::Request(request) => Response::reply(request, status).build().ok(),
        Message::Response(_) => None,
    }
}
