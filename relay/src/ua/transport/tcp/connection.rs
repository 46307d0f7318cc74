//! One TCP connection: opened or accepted, read and written until one side has enough.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use offhook_sip::message::{Frame, Message, Response, StatusCode, StreamError, StreamReader};
use offhook_sip::transaction::{Destination, TransactionId, Transmit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{Shared, TransportEvent};

/// Serves the connection to its end, then tells every transaction whose message was not sent.
pub(super) async fn run(
    shared: Arc<Shared>,
    peer: SocketAddr,
    stream: Option<TcpStream>,
    mut queued: mpsc::Receiver<Transmit>,
) {
    let mut unsent = None;
    if let Err(error) = serve(&shared, peer, stream, &mut queued, &mut unsent).await {
        tracing::debug!(%peer, %error, "a SIP connection ended");
    }
    // Out of the table first: what comes now opens a new connection.
    shared.table().remove(&peer);
    queued.close();
    while let Some(transmit) = queued.recv().await {
        report(&shared, transmit.transaction).await;
    }
    report(&shared, unsent).await;
}

async fn serve(
    shared: &Shared,
    peer: SocketAddr,
    stream: Option<TcpStream>,
    queued: &mut mpsc::Receiver<Transmit>,
    unsent: &mut Option<TransactionId>,
) -> io::Result<()> {
    let stream = match stream {
        Some(stream) => stream,
        None => timeout(shared.connect_timeout, TcpStream::connect(peer)).await??,
    };
    // A failure here costs latency only.
    drop(stream.set_nodelay(true));
    let (mut input, mut output) = stream.into_split();
    let mut reader = StreamReader::new(shared.limits);
    let mut buffer = vec![0; 16 * 1024];
    loop {
        tokio::select! {
            read = timeout(shared.idle_timeout, input.read(&mut buffer)) => {
                let length = read??;
                if length == 0 {
                    return Ok(());
                }
                reader.push(buffer.get(..length).unwrap_or_default());
                deliver(shared, peer, &mut reader, &mut output).await?;
            }
            Some(transmit) = queued.recv() => {
                *unsent = transmit.transaction;
                timeout(shared.connect_timeout, output.write_all(&transmit.bytes)).await??;
                *unsent = None;
            }
        }
    }
}

/// Passes every whole message on.
async fn deliver(
    shared: &Shared,
    peer: SocketAddr,
    reader: &mut StreamReader,
    output: &mut OwnedWriteHalf,
) -> io::Result<()> {
    loop {
        match reader.next_frame() {
            Ok(None) => return Ok(()),
            // RFC 5626 section 4.4.1: a double CRLF is answered with a single one.
            Ok(Some(Frame::Ping)) => output.write_all(b"\r\n").await?,
            Ok(Some(Frame::Pong)) => {}
            Ok(Some(Frame::Message(message))) => {
                let from = Destination::tcp(peer, None);
                if shared.events.send(TransportEvent::Message { from, message: Box::new(message) }).await.is_err() {
                    return Err(io::ErrorKind::NotConnected.into());
                }
            }
            Err(error) => {
                if let Some(refusal) = refusal(&error) {
                    output.write_all(&refusal.to_bytes()).await?;
                }
                return Err(io::Error::new(io::ErrorKind::InvalidData, error));
            }
        }
    }
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

async fn report(shared: &Shared, transaction: Option<TransactionId>) {
    if let Some(transaction) = transaction {
        drop(shared.events.send(TransportEvent::Failed { transaction }).await);
    }
}
