//! One connection: opened or accepted, read and written until one side has enough.

use std::io;
use std::sync::Arc;

use offhook_sip::message::{Frame, Message, Response, StatusCode, StreamError, StreamReader};
use offhook_sip::transaction::{ConnectionId, Destination, TransactionId, Transmit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::connections::Connections;
use super::{SendFault, TransportEvent};

/// How a connection begins.
#[derive(Debug)]
pub(super) enum Begin {
    /// We open it.
    Connect,
    /// The peer has opened it.
    Accepted(TcpStream),
}

/// Serves the connection to its end, then tells every transaction whose message was not sent, and who relied on the flow.
pub(super) async fn run(
    shared: Arc<Connections>,
    flow: Destination,
    id: ConnectionId,
    begin: Begin,
    mut queued: mpsc::Receiver<Transmit>,
) {
    let mut unsent = None;
    let served = serve(&shared, &flow, begin, &mut queued, &mut unsent).await;
    let fault = match &served {
        Ok(()) => SendFault::Closed,
        Err(error) => {
            tracing::debug!(peer = %flow.address, %error, "a SIP connection ended");
            SendFault::of_io(error)
        }
    };
    // Out of the table first: what comes now opens a new connection.
    shared.remove(id);
    queued.close();
    while let Some(transmit) = queued.recv().await {
        report(&shared, transmit.transaction, fault).await;
    }
    report(&shared, unsent, fault).await;
    drop(shared.events.send(TransportEvent::Closed { connection: id, from: flow }).await);
}

async fn serve(
    shared: &Connections,
    flow: &Destination,
    begin: Begin,
    queued: &mut mpsc::Receiver<Transmit>,
    unsent: &mut Option<TransactionId>,
) -> io::Result<()> {
    let stream = match begin {
        Begin::Accepted(stream) => stream,
        Begin::Connect => timeout(shared.connect_timeout, TcpStream::connect(flow.address)).await??,
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
                deliver(shared, flow, &mut reader, &mut output).await?;
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
    shared: &Connections,
    flow: &Destination,
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
                let (from, message) = (flow.clone(), Box::new(message));
                if shared.events.send(TransportEvent::Message { from, message }).await.is_err() {
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

async fn report(shared: &Connections, transaction: Option<TransactionId>, fault: SendFault) {
    if let Some(transaction) = transaction {
        drop(shared.events.send(TransportEvent::Failed { transaction, fault }).await);
    }
}
