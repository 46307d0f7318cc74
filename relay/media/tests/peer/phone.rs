//! A telephone: plain RTP and RTCP on two sockets of loopback.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use offhook_media::RtpLocal;
use rtc::rtp::packet::Packet;
use rtc::shared::marshal::{Marshal, Unmarshal};

use super::{Browser, until};

pub(crate) struct Phone {
    rtp: UdpSocket,
    rtcp: UdpSocket,
    relay: RtpLocal,
    sequence: u16,
    timestamp: u32,
}

impl Phone {
    pub(crate) fn new(relay: &RtpLocal) -> Self {
        let (rtp, rtcp) = pair();
        for socket in [&rtp, &rtcp] {
            socket.set_read_timeout(Some(Duration::from_millis(2))).unwrap();
        }
        Self { rtp, rtcp, relay: relay.clone(), sequence: 7000, timestamp: 90_000 }
    }

    /// What the relay said of its side.
    pub(crate) fn relay(&self) -> &RtpLocal {
        &self.relay
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.rtp.local_addr().unwrap()
    }

    /// Sends 20 ms of something.
    pub(crate) fn send(&mut self, payload_type: u8, payload: &[u8]) {
        self.send_from(&self.rtp.try_clone().unwrap(), payload_type, payload);
    }

    /// Sends it from another socket, as somebody else would.
    pub(crate) fn send_from(&mut self, socket: &UdpSocket, payload_type: u8, payload: &[u8]) {
        let mut packet = Packet::default();
        packet.header.version = 2;
        packet.header.payload_type = payload_type;
        packet.header.sequence_number = self.sequence;
        packet.header.timestamp = self.timestamp;
        packet.header.ssrc = 0x00c0_ffee;
        packet.payload = payload.to_vec().into();
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(160);
        socket.send_to(&packet.marshal().unwrap(), self.relay.addr).unwrap();
    }

    /// Takes an RTP packet if one comes within a moment.
    pub(crate) fn receive(&self) -> Option<Packet> {
        let mut buffer = [0; 2048];
        let length = self.rtp.recv(&mut buffer).ok()?;
        Some(Packet::unmarshal(&mut &buffer[..length]).unwrap())
    }

    /// Takes an RTCP compound if one comes within a moment.
    pub(crate) fn receive_report(&self) -> Option<Vec<u8>> {
        let mut buffer = [0; 2048];
        let length = self.rtcp.recv(&mut buffer).ok()?;
        Some(buffer[..length].to_vec())
    }

    /// Waits for an RTP packet.
    pub(crate) fn expect(&self) -> Packet {
        until("an RTP packet", || self.receive())
    }

    /// Waits for an RTP packet while a browser runs that has one on its way.
    pub(crate) fn expect_from(&self, browser: &mut Browser) -> Packet {
        until("an RTP packet from the browser", || {
            browser.step();
            self.receive()
        })
    }
}

/// An even port and the odd one above it.
fn pair() -> (UdpSocket, UdpSocket) {
    loop {
        let rtp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = rtp.local_addr().unwrap().port();
        if port.is_multiple_of(2)
            && let Ok(rtcp) = UdpSocket::bind((Ipv4Addr::LOCALHOST, port + 1))
        {
            return (rtp, rtcp);
        }
    }
}
