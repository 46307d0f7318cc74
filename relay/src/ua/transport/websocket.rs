//! SIP over WebSocket (RFC 7118), as a server: one message a frame, kept alive with pings and line ends.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use offhook_sip::message::Message as SipMessage;
use tokio::time::{sleep_until, timeout};
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::StatusCode as HttpStatus;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};

use super::connection::{Conversation, Io};
use crate::door::{forwarded_source, is_allowed_origin};

/// The subprotocol (RFC 7118 section 4).
const SUBPROTOCOL: &str = "sip";

type Socket = WebSocketStream<Pin<Box<dyn Io>>>;

/// Whose pages may connect, and which addresses stand for many peers.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    /// Origins besides the relay's own; `*` for all.
    pub allowed: Vec<String>,
    /// Pages of this machine, and only they, may connect: the relay is a demo.
    pub this_machine_only: bool,
    /// Proxies that end TLS for browsers: not bounded as one source, and believed about who is behind them.
    pub proxies: Vec<IpAddr>,
}

/// Bytes that are read at once. The library fills its buffer with zeros before each reading and keeps it as long as the
/// connection; its own is 128 kB.
const READ_BUFFER: usize = 8 << 10;

/// Answers the handshake (RFC 7118 section 4): only for the subprotocol, and only pages that may. Who has connected comes
/// back: the peer, or whom a trusted proxy names.
pub(super) async fn accept(
    io: Pin<Box<dyn Io>>,
    origins: &Origins,
    peer: IpAddr,
    largest: usize,
) -> io::Result<(Socket, IpAddr)> {
    let limits = WebSocketConfig::default().max_message_size(Some(largest)).max_frame_size(Some(largest));
    let config = limits.read_buffer_size(READ_BUFFER);
    let mut source = peer;
    #[expect(clippy::result_large_err, reason = "the shape that the library asks for")]
    let check = |request: &Request, response: Response| {
        source = forwarded_source(peer, request.headers(), &origins.proxies);
        answer(request, response, origins)
    };
    let socket = accept_hdr_async_with_config(io, check, Some(config)).await.map_err(of_websocket)?;
    Ok((socket, source))
}

#[expect(clippy::result_large_err, reason = "the shape that the library asks for")]
fn answer(request: &Request, mut response: Response, origins: &Origins) -> Result<Response, ErrorResponse> {
    if !is_allowed_origin(request.headers(), &origins.allowed, origins.this_machine_only) {
        return Err(refusal(HttpStatus::FORBIDDEN, "pages of this origin may not connect"));
    }
    let offered = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL).into_iter().filter_map(|value| value.to_str().ok());
    if !offered.flat_map(|value| value.split(',')).any(|name| name.trim() == SUBPROTOCOL) {
        return Err(refusal(HttpStatus::BAD_REQUEST, "the WebSocket subprotocol must be sip"));
    }
    response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    Ok(response)
}

fn refusal(status: HttpStatus, why: &str) -> ErrorResponse {
    let mut response = ErrorResponse::new(Some(why.to_owned()));
    *response.status_mut() = status;
    response
}

/// Reads and writes until one side has enough.
pub(super) async fn converse(conversation: &mut Conversation, mut socket: Socket) -> io::Result<()> {
    loop {
        tokio::select! {
            message = socket.next() => {
                let Some(message) = message else { return Ok(()) };
                match message.map_err(of_websocket)? {
                    Message::Text(text) => receive(conversation, &mut socket, text.into()).await?,
                    Message::Binary(bytes) => receive(conversation, &mut socket, bytes).await?,
                    Message::Pong(_) => conversation.pace.pong(),
                    // The library has answered.
                    Message::Ping(_) | Message::Frame(_) => {}
                    Message::Close(_) => return Ok(()),
                }
            }
            Some(transmit) = conversation.queued.recv() => {
                conversation.writing(&transmit);
                write(conversation, &mut socket, frame(transmit.bytes)).await?;
                conversation.written();
            }
            () = sleep_until(conversation.pace.next().into()) => {
                if conversation.ping_is_due()? {
                    write(conversation, &mut socket, Message::Ping(Bytes::new())).await?;
                }
            }
        }
    }
}

/// A frame is one message, or a keep-alive (RFC 7118 section 5 and 6). What is neither is dropped, as over UDP.
async fn receive(conversation: &mut Conversation, socket: &mut Socket, bytes: Bytes) -> io::Result<()> {
    conversation.hear();
    match bytes.as_ref() {
        b"\r\n\r\n" if conversation.may_answer() => {
            return write(conversation, socket, Message::Text("\r\n".into())).await;
        }
        b"\r\n\r\n" => return Ok(()),
        b"\r\n" | b"" => {
            conversation.pace.pong();
            return Ok(());
        }
        _ => {}
    }
    match SipMessage::parse_datagram(bytes, &conversation.shared.limits) {
        Ok(message) => conversation.deliver(message).await,
        Err(error) => {
            tracing::debug!(peer = %conversation.flow.address, %error, "a WebSocket frame that is no SIP message");
            Ok(())
        }
    }
}

/// Text where it is UTF-8, as browsers' clients expect; RFC 7118 section 5 lets both be.
fn frame(bytes: Bytes) -> Message {
    match Utf8Bytes::try_from(bytes.clone()) {
        Ok(text) => Message::Text(text),
        Err(_) => Message::Binary(bytes),
    }
}

async fn write(conversation: &Conversation, socket: &mut Socket, message: Message) -> io::Result<()> {
    timeout(conversation.shared.connect_timeout, socket.send(message)).await?.map_err(of_websocket)
}

fn of_websocket(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        Error::ConnectionClosed | Error::AlreadyClosed => io::ErrorKind::NotConnected.into(),
        other => io::Error::new(io::ErrorKind::InvalidData, other),
    }
}
