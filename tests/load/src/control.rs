//! What the generator is told, and what it says: JSON, one message a line, over a TCP connection.

use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use mio::Waker;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::ice::Credentials;
use crate::report::Report;
use crate::stream::Codec;

/// A command under a number, which its reply repeats.
#[derive(Deserialize)]
pub(crate) struct Request {
    pub(crate) id: u64,
    #[serde(flatten)]
    pub(crate) command: Command,
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "camelCase")]
pub(crate) enum Command {
    /// A browser at this address; with `keyed` one that needs no ICE and no DTLS, as it knows the keys.
    Browser {
        ip: IpAddr,
        #[serde(default)]
        keyed: bool,
    },
    /// A telephone at this address.
    Phone { ip: IpAddr },
    /// Where an end's media goes; with credentials for a browser, which then connects.
    Remote { end: usize, address: SocketAddr, ice: Option<Credentials> },
    /// Each of the two speaks, and is to hear the other. `codecs` are what they speak, in the same order.
    Call { a: usize, b: usize, codecs: [Codec; 2] },
    /// Packets count from now on.
    Begin,
    /// And no further ones.
    End,
    /// What became of those that count.
    Report,
    /// These ends say nothing any more.
    Mute { ends: Vec<usize> },
    /// They are gone; the report is of the whole life of what they said.
    Close { ends: Vec<usize> },
}

#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Reply {
    Done {},
    End {
        end: usize,
        port: u16,
        ssrc: u32,
        #[serde(skip_serializing_if = "Option::is_none")]
        ice: Option<Credentials>,
        #[serde(skip_serializing_if = "Option::is_none")]
        fingerprint: Option<String>,
    },
    Report(Box<Report>),
    Failed {
        error: String,
    },
}

/// What the generator says.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Said {
    /// The reply to the request of this number.
    Reply {
        id: u64,
        #[serde(flatten)]
        reply: Reply,
    },
    /// A browser is connected.
    Connected { connected: usize },
}

/// The connection to whoever makes the calls.
pub(crate) struct Control {
    requests: Receiver<Option<Request>>,
    stream: TcpStream,
}

/// What has been said.
pub(crate) enum Next {
    Request(Request),
    Nothing,
    /// Nobody is there any more.
    Over,
}

impl Control {
    /// Waits for the connection. `waker` says that there is something to read.
    pub(crate) fn accept(listener: &TcpListener, waker: Arc<Waker>) -> Result<Self, Error> {
        let (stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        let reader = BufReader::new(stream.try_clone()?);
        let (sender, requests) = channel();
        std::thread::spawn(move || {
            for line in reader.lines().map_while(Result::ok) {
                let Ok(request) = serde_json::from_str(&line) else { break };
                if sender.send(Some(request)).is_err() {
                    return;
                }
                let _ = waker.wake();
            }
            let _ = sender.send(None);
            let _ = waker.wake();
        });
        Ok(Self { requests, stream })
    }

    pub(crate) fn next(&self) -> Next {
        match self.requests.try_recv() {
            Ok(Some(request)) => Next::Request(request),
            Ok(None) => Next::Over,
            Err(_) => Next::Nothing,
        }
    }

    pub(crate) fn say(&mut self, said: &Said) -> Result<(), Error> {
        let mut line = serde_json::to_vec(said).map_err(std::io::Error::from)?;
        line.push(b'\n');
        Ok(self.stream.write_all(&line)?)
    }
}
