//! A trace of every SIP message, as it was on the wire but for its secrets: for Wireshark, or to be read.
//!
//! A thread of its own writes the file. Signalling never waits for it: what the thread has no room for is counted, and
//! the count is told.

mod capture;
mod redact;
mod text;

use std::fs::{OpenOptions, Permissions};
use std::io::{self, BufWriter, Write};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use offhook_sip::message::Transport;

/// Messages that may wait for the file.
const QUEUE: usize = 4096;

/// Who may read the file.
const OWNER: u32 = 0o600;

/// How long the end of the program waits for the file.
const FLUSH: Duration = Duration::from_secs(2);

/// A message that passed.
#[derive(Clone)]
pub(super) struct Passed {
    at: SystemTime,
    way: Way,
    transport: Transport,
    local: SocketAddr,
    peer: SocketAddr,
    bytes: Bytes,
}

/// In which direction a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// To the peer.
    Sent,
    /// From the peer.
    Received,
}

enum Entry {
    Message(Passed),
    Flush(SyncSender<()>),
}

/// Where sockets tell what passes. Every copy writes to the same file.
#[derive(Clone)]
pub struct Trace {
    queue: SyncSender<Entry>,
    dropped: Arc<AtomicU64>,
    advertised: Arc<[IpAddr]>,
}

/// A file's format.
trait Format: Send {
    fn message(&mut self, file: &mut dyn Write, message: &Passed) -> io::Result<()>;
    fn dropped(&mut self, file: &mut dyn Write, count: u64) -> io::Result<()>;
}

impl Trace {
    /// Begins the file anew: a capture where its name ends in `.pcap`, text otherwise. Only its owner may read it: numbers
    /// and texts of calls are in it. `advertised` stands for unspecified addresses that are listened on.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn open(file: &Path, advertised: &[IpAddr]) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let opened = options.write(true).create(true).truncate(true).mode(OWNER).open(file)?;
        // A file that was there may be everybody's. What is no file, such as a pipe, is left as whoever made it wants it.
        if opened.metadata()?.is_file() {
            opened.set_permissions(Permissions::from_mode(OWNER))?;
        }
        let mut output = BufWriter::new(opened);
        let format: Box<dyn Format> = if file.extension().is_some_and(|extension| extension == "pcap") {
            Box::new(capture::Capture::begin(&mut output)?)
        } else {
            Box::new(text::Text)
        };
        output.flush()?;
        let (queue, entries) = sync_channel(QUEUE);
        let dropped = Arc::new(AtomicU64::new(0));
        let lost = Arc::clone(&dropped);
        std::thread::Builder::new().name("sip-trace".to_owned()).spawn(move || {
            if let Err(error) = write(&entries, format, output, &lost) {
                tracing::error!(%error, "the SIP trace cannot be written, and ends here");
            }
        })?;
        Ok(Self { queue, dropped, advertised: advertised.into() })
    }

    /// Writes a message down.
    pub(super) fn record(&self, way: Way, transport: &Transport, ends: (SocketAddr, SocketAddr), bytes: &Bytes) {
        let (mut local, peer) = ends;
        if local.ip().is_unspecified()
            && let Some(told) = self.advertised.iter().find(|told| told.is_ipv4() == local.is_ipv4())
        {
            local.set_ip(*told);
        }
        let passed = Passed { at: now(), way, transport: transport.clone(), local, peer, bytes: bytes.clone() };
        if self.queue.try_send(Entry::Message(passed)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until all that was written down before is in the file, or two seconds have passed.
    pub fn flush(&self) {
        let (sender, done) = sync_channel(1);
        if self.queue.try_send(Entry::Flush(sender)).is_ok() {
            let _ = done.recv_timeout(FLUSH);
        }
    }
}

impl std::fmt::Debug for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trace").finish_non_exhaustive()
    }
}

fn write(
    entries: &Receiver<Entry>,
    mut format: Box<dyn Format>,
    mut file: impl Write,
    dropped: &AtomicU64,
) -> io::Result<()> {
    loop {
        let entry = match entries.try_recv() {
            Ok(entry) => entry,
            Err(TryRecvError::Disconnected) => return file.flush(),
            Err(TryRecvError::Empty) => {
                let lost = dropped.swap(0, Ordering::Relaxed);
                if lost > 0 {
                    tracing::warn!(lost, "the SIP trace did not keep up: messages are missing in it");
                    format.dropped(&mut file, lost)?;
                }
                file.flush()?;
                match entries.recv() {
                    Ok(entry) => entry,
                    Err(_) => return Ok(()),
                }
            }
        };
        match entry {
            Entry::Message(mut message) => {
                message.bytes = redact::redacted(&message.bytes);
                format.message(&mut file, &message)?;
            }
            Entry::Flush(done) => {
                file.flush()?;
                // Who asked may have had enough of waiting.
                let _ = done.try_send(());
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "when a message passed its socket")]
fn now() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_file_has_no_room_for_is_counted_and_told() {
        let (queue, entries) = sync_channel(1);
        let dropped = Arc::new(AtomicU64::new(0));
        let trace = Trace { queue, dropped: Arc::clone(&dropped), advertised: Arc::new([]) };
        let ends = ("127.0.0.1:5060".parse().unwrap(), "127.0.0.1:5070".parse().unwrap());
        for _ in 0..3 {
            trace.record(Way::Sent, &Transport::Udp, ends, &Bytes::from_static(b"SIP/2.0 200 OK\r\n\r\n"));
        }
        drop(trace);
        let mut file = Vec::new();
        write(&entries, Box::new(text::Text), &mut file, &dropped).unwrap();
        let text = String::from_utf8(file).unwrap();
        assert_eq!(text.matches("SIP/2.0 200 OK").count(), 1);
        assert_eq!(dropped.load(Ordering::Relaxed), 2);
        let mut file = Vec::new();
        text::Text.dropped(&mut file, 2).unwrap();
        assert!(String::from_utf8(file).unwrap().contains("2 messages are missing"));
    }

    #[test]
    fn a_file_that_everybody_could_read_is_its_owners_before_anything_is_in_it() {
        let file = std::env::temp_dir().join(format!("offhook-trace-mode-{}.txt", std::process::id()));
        std::fs::write(&file, "of the run before").unwrap();
        std::fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        drop(Trace::open(&file, &[]).unwrap());
        let metadata = std::fs::metadata(&file).unwrap();
        assert_eq!((metadata.permissions().mode() & 0o777, metadata.len()), (0o600, 0));
        std::fs::remove_file(&file).unwrap();
    }

    #[test]
    fn a_trace_is_in_its_file_once_it_is_flushed_with_the_address_that_peers_know() {
        let file = std::env::temp_dir().join(format!("offhook-trace-{}.txt", std::process::id()));
        let trace = Trace::open(&file, &["192.0.2.7".parse().unwrap()]).unwrap();
        let ends = ("0.0.0.0:5060".parse().unwrap(), "[2001:db8::1]:5070".parse().unwrap());
        trace.record(Way::Received, &Transport::Udp, ends, &Bytes::from_static(b"OPTIONS sip:a:pw@b SIP/2.0\r\n\r\n"));
        trace.flush();
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains("received UDP 192.0.2.7:5060 < [2001:db8::1]:5070, 30 bytes"), "{text}");
        assert!(text.contains("OPTIONS sip:a:xx@b SIP/2.0"), "{text}");
        std::fs::remove_file(&file).unwrap();
    }
}
