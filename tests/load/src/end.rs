//! An end of a call.

use std::time::Instant;

use mio::Registry;
use rtc_rtp::Header;

use crate::browser::{Browser, Outcome};
use crate::error::Error;
use crate::socket::{Room, Socket};

/// A browser or a telephone, with its socket.
pub(crate) struct End {
    socket: Socket,
    ssrc: u32,
    kind: Kind,
}

enum Kind {
    Browser(Box<Browser>),
    Phone,
}

/// What came in.
pub(crate) enum Arrival<'a> {
    /// Nothing that concerns a stream.
    Other,
    /// A browser is connected.
    Connected,
    /// An RTP packet, and when the kernel had it.
    Rtp(&'a [u8], u64),
}

impl End {
    pub(crate) const fn phone(socket: Socket, ssrc: u32) -> Self {
        Self { socket, ssrc, kind: Kind::Phone }
    }

    pub(crate) fn browser(socket: Socket, ssrc: u32, browser: Browser) -> Self {
        Self { socket, ssrc, kind: Kind::Browser(Box::new(browser)) }
    }

    pub(crate) const fn socket(&self) -> &Socket {
        &self.socket
    }

    /// The source of what it says.
    pub(crate) const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    pub(crate) fn as_browser(&mut self) -> Option<&mut Browser> {
        match &mut self.kind {
            Kind::Browser(browser) => Some(browser),
            Kind::Phone => None,
        }
    }

    /// Says whatever is due (ICE, DTLS), and when it wants to be asked again.
    pub(crate) fn turn(&mut self, now: Instant) -> Result<Option<Instant>, Error> {
        let Self { socket, kind, .. } = self;
        let mut send = |datagram: &[u8]| {
            // What is lost here is sent again when its time comes.
            let _ = socket.send(datagram);
        };
        match kind {
            Kind::Browser(browser) => browser.turn(now, &mut send),
            Kind::Phone => Ok(None),
        }
    }

    /// Sends a packet that begins with this header. Whether it went out.
    pub(crate) fn send(&mut self, packet: &[u8], header: &Header, stamp: impl FnOnce()) -> bool {
        match &mut self.kind {
            Kind::Browser(browser) => {
                let Some(sealed) = browser.seal(packet, header) else { return false };
                stamp();
                self.socket.send(&sealed)
            }
            Kind::Phone => {
                stamp();
                self.socket.send(packet)
            }
        }
    }

    /// Takes all that has come.
    pub(crate) fn receive(
        &mut self,
        now: Instant,
        room: &mut Room,
        mut arrived: impl FnMut(Arrival<'_>),
    ) -> Result<(), Error> {
        let Self { socket, kind, .. } = self;
        while let Some((datagram, at)) = socket.receive(room) {
            match kind {
                Kind::Phone => arrived(Arrival::Rtp(datagram, at)),
                Kind::Browser(browser) => {
                    let mut send = |datagram: &[u8]| {
                        let _ = socket.send(datagram);
                    };
                    match browser.receive(now, datagram, &mut send)? {
                        Outcome::None => arrived(Arrival::Other),
                        Outcome::Connected => arrived(Arrival::Connected),
                        Outcome::Rtp(packet) => arrived(Arrival::Rtp(&packet, at)),
                    }
                }
            }
        }
        Ok(())
    }

    pub(crate) fn register(&mut self, registry: &Registry, number: usize) -> Result<(), Error> {
        self.socket.register(registry, number)
    }

    pub(crate) fn close(mut self, registry: &Registry) {
        self.socket.deregister(registry);
    }
}
