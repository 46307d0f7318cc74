//! One task per WebSocket: frames in, frames out, both through bounded queues.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use offhook_protocol::{ErrorCode, Failure, Request};
use tokio::sync::mpsc;

use crate::relay::{CloseReason, Input, Received};
use crate::run::LoopInput;
use crate::session::ConnectionId;

/// Frames that may wait for a slow browser before its connection is closed.
const OUTGOING_QUEUE: usize = 512;

/// How long one frame may take to be written.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// How often an idle browser is pinged, so that a dead connection is noticed.
const PING_INTERVAL: Duration = Duration::from_secs(20);

/// What the signalling loop sends to a WebSocket.
pub enum Outgoing {
    /// A text frame.
    Frame(String),
    /// The end, with status code and reason.
    Close(u16, &'static str),
}

/// Frames hold session descriptions and tokens: a log shows how long they are.
impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame(frame) => f.debug_tuple("Frame").field(&frame.len()).finish(),
            Self::Close(code, reason) => f.debug_tuple("Close").field(code).field(reason).finish(),
        }
    }
}

/// The loop's end of a WebSocket.
pub type Socket = mpsc::Sender<Outgoing>;

/// Serves one WebSocket until it is closed.
pub(super) async fn serve(mut socket: WebSocket, id: ConnectionId, source: IpAddr, to_loop: mpsc::Sender<LoopInput>) {
    let (sender, mut outgoing) = mpsc::channel(OUTGOING_QUEUE);
    if to_loop.send(LoopInput::Opened(id, source, sender)).await.is_err() {
        return;
    }
    let reason = converse(&mut socket, id, &to_loop, &mut outgoing).await;
    let _ = to_loop.send(LoopInput::Relay(Input::Closed(id, reason))).await;
}

async fn converse(
    socket: &mut WebSocket,
    id: ConnectionId,
    to_loop: &mpsc::Sender<LoopInput>,
    outgoing: &mut mpsc::Receiver<Outgoing>,
) -> CloseReason {
    let mut ping = tokio::time::interval(PING_INTERVAL);
    let mut answered = true;
    loop {
        tokio::select! {
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => {
                    answered = true;
                    if to_loop.send(LoopInput::Relay(Input::Received(id, read(text.as_str())))).await.is_err() {
                        return CloseReason::Lost;
                    }
                }
                Some(Ok(Message::Binary(_))) => {
                    let failure = Failure::new(ErrorCode::BadRequest, "Binary frames are not part of the protocol.");
                    let received = Received::Unreadable(None, failure);
                    if to_loop.send(LoopInput::Relay(Input::Received(id, received))).await.is_err() {
                        return CloseReason::Lost;
                    }
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => answered = true,
                Some(Ok(Message::Close(frame))) => return goodbye(frame.as_ref()),
                Some(Err(error)) => {
                    tracing::debug!(connection = id.0, %error, "WebSocket broke");
                    close(socket, too_large(&error), "the frame cannot be taken").await;
                    return CloseReason::Lost;
                }
                None => return CloseReason::Lost,
            },
            order = outgoing.recv() => match order {
                Some(Outgoing::Frame(frame)) => {
                    if !write(socket, Message::Text(frame.into())).await {
                        return CloseReason::Lost;
                    }
                }
                Some(Outgoing::Close(code, reason)) => {
                    close(socket, code, reason).await;
                    return CloseReason::Lost;
                }
                None => {
                    close(socket, 1013, "the connection did not keep up").await;
                    return CloseReason::Lost;
                }
            },
            _ = ping.tick() => {
                if !std::mem::take(&mut answered) || !write(socket, Message::Ping(Vec::new().into())).await {
                    return CloseReason::Lost;
                }
            }
        }
    }
}

fn read(text: &str) -> Received {
    match Request::parse(text) {
        Ok(request) => Received::Request(Box::new(request)),
        Err(error) => Received::Unreadable(error.id, error.failure),
    }
}

/// A page that goes away says 1001 by itself, and 1000 when its script closes the socket.
fn goodbye(frame: Option<&CloseFrame>) -> CloseReason {
    match frame.map(|frame| frame.code) {
        Some(1000 | 1001) => CloseReason::Goodbye,
        _ => CloseReason::Lost,
    }
}

fn too_large(error: &axum::Error) -> u16 {
    let text = error.to_string();
    if text.contains("too long") || text.contains("too big") { 1009 } else { 1002 }
}

async fn write(socket: &mut WebSocket, message: Message) -> bool {
    matches!(tokio::time::timeout(WRITE_TIMEOUT, socket.send(message)).await, Ok(Ok(())))
}

async fn close(socket: &mut WebSocket, code: u16, reason: &'static str) {
    let frame = CloseFrame { code, reason: reason.into() };
    if write(socket, Message::Close(Some(frame))).await {
        // The peer's close frame ends the connection in good order (RFC 6455 section 7.1.2).
        let _ = tokio::time::timeout(Duration::from_secs(1), async { while let Some(Ok(_)) = socket.recv().await {} })
            .await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_does_not_show_in_debug_output() {
        assert_eq!(format!("{:?}", Outgoing::Frame("7.secret".to_owned())), "Frame(8)");
    }

    #[test]
    fn a_page_that_goes_is_told_from_a_connection_that_breaks() {
        let frame = |code| CloseFrame { code, reason: "".into() };
        assert_eq!([1000, 1001].map(|code| goodbye(Some(&frame(code)))), [CloseReason::Goodbye; 2]);
        assert_eq!([goodbye(Some(&frame(1011))), goodbye(None)], [CloseReason::Lost; 2]);
    }
}
