//! A browser: a peer connection on a socket of loopback.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use offhook_media::{Command, Event, LegId, PayloadFormat, WebRtcLocal, WebRtcRemote};
use rtc::rtp::packet::Packet;

use super::{Connection, Relay, now, until};

pub(crate) struct Browser {
    pub(crate) leg: LegId,
    connection: Connection,
    socket: UdpSocket,
    heard_from: Option<SocketAddr>,
    /// The next RTP packet that comes is to be lost.
    losing: bool,
}

impl Browser {
    /// A browser that has made its offer and been answered, and has not begun to connect. Its
    /// description may be changed on the way to the relay.
    pub(crate) fn tampered(relay: &Relay, formats: &[PayloadFormat], tamper: impl Fn(&mut WebRtcRemote)) -> Self {
        let (browser, mut remote) = Self::undescribed(relay, formats);
        tamper(&mut remote);
        relay.command(Command::WebRtcRemote { leg: browser.leg, remote });
        browser
    }

    /// A browser whose description the relay has not been given.
    pub(crate) fn undescribed(relay: &Relay, formats: &[PayloadFormat]) -> (Self, WebRtcRemote) {
        let socket = bind();
        let (mut connection, remote) = Connection::offer(now(), socket.local_addr().unwrap(), formats);
        let (leg, answer) = relay.webrtc_leg();
        connection.answered(now(), &answer);
        (Self { leg, connection, socket, heard_from: None, losing: false }, remote)
    }

    /// A browser that can reach only this one of the relay's addresses.
    pub(crate) fn reaching(relay: &Relay, formats: &[PayloadFormat], address: IpAddr) -> Self {
        let socket = bind();
        let (mut connection, remote) = Connection::offer(now(), socket.local_addr().unwrap(), formats);
        let (leg, mut answer) = relay.webrtc_leg();
        answer.candidates.retain(|candidate| candidate.ip() == address);
        connection.answered(now(), &answer);
        relay.command(Command::WebRtcRemote { leg, remote });
        Self { leg, connection, socket, heard_from: None, losing: false }
    }

    /// Where the last datagram came from.
    pub(crate) fn heard_from(&self) -> Option<SocketAddr> {
        self.heard_from
    }

    /// A browser that is connected.
    pub(crate) fn connect(relay: &mut Relay, formats: &[PayloadFormat]) -> Self {
        let mut browser = Self::tampered(relay, formats, |_| ());
        browser.wait_for(relay, &Event::Connected { leg: browser.leg });
        browser.finish();
        browser
    }

    /// Runs the browser until its side is connected.
    pub(crate) fn finish(&mut self) {
        until("the browser's side of the connection", || {
            self.step();
            self.connection.is_connected().then_some(())
        });
    }

    /// Runs the browser until the relay says something.
    pub(crate) fn wait_for(&mut self, relay: &mut Relay, expected: &Event) {
        until(&format!("{expected:?}"), || {
            self.step();
            relay.take(|event| (event == expected).then_some(()))
        });
    }

    /// Runs the browser until it hears a packet.
    pub(crate) fn expect(&mut self) -> Packet {
        until("a packet at the browser", || self.try_expect())
    }

    /// Runs the browser for a moment, and takes a packet if it has heard one.
    pub(crate) fn try_expect(&mut self) -> Option<Packet> {
        self.step();
        self.connection.hear()
    }

    /// Sends 20 ms of something.
    pub(crate) fn send(&mut self, payload_type: u8, payload: &[u8]) {
        self.connection.send(now(), payload_type, payload);
        self.flush();
    }

    /// Shows a picture of one packet.
    pub(crate) fn show(&mut self, payload_type: u8, payload: &[u8]) {
        self.connection.show(now(), payload_type, payload);
        self.flush();
    }

    /// Shows a picture under a sequence number of its own.
    pub(crate) fn show_again(&mut self, payload_type: u8, sequence: u16, payload: &[u8]) {
        self.connection.show_again(now(), payload_type, sequence, payload);
        self.flush();
    }

    /// Asks something of the relay.
    pub(crate) fn ask(&mut self, request: impl rtc::rtcp::Packet + 'static) {
        self.connection.ask(now(), Box::new(request));
        self.flush();
    }

    /// How often the relay has asked for a whole picture.
    pub(crate) fn wanted_pictures(&mut self) -> usize {
        self.step();
        self.connection.wanted_pictures()
    }

    /// The packets the relay has asked for again.
    pub(crate) fn wanted_packets(&mut self) -> Vec<u16> {
        self.step();
        self.connection.wanted_packets()
    }

    /// How many bits a second the relay last allowed.
    pub(crate) fn allowed(&mut self) -> Option<f32> {
        self.step();
        self.connection.allowed()
    }

    /// The network loses the next packet that comes.
    pub(crate) fn lose_one(&mut self) {
        self.losing = true;
    }

    /// Whether it has.
    pub(crate) fn has_lost(&self) -> bool {
        !self.losing
    }

    /// Ends the connection as a page that calls `close()`.
    pub(crate) fn close(&mut self) {
        self.connection.close();
        self.flush();
    }

    /// Offers to restart ICE from another port; what is sent to the old one is lost.
    pub(crate) fn restart(&mut self) -> WebRtcRemote {
        self.socket = bind();
        self.connection.restart(now(), self.socket.local_addr().unwrap())
    }

    /// The relay's answer to an offer.
    pub(crate) fn answered(&mut self, answer: &WebRtcLocal) {
        self.connection.answered(now(), answer);
    }

    /// The page is loaded again: another connection, of which the relay knows the description.
    pub(crate) fn reload(&mut self, relay: &Relay, formats: &[PayloadFormat]) {
        self.socket = bind();
        let (connection, remote) = Connection::offer(now(), self.socket.local_addr().unwrap(), formats);
        self.connection = connection;
        let answer = relay.media.webrtc_replace(relay.worker, self.leg).unwrap();
        relay.command(Command::WebRtcRemote { leg: self.leg, remote });
        self.answered(&answer);
    }

    /// Moves to another port, as behind a NAT that forgot the binding.
    pub(crate) fn rebind(&mut self) {
        // What arrives at the new port is handed in as if at the old: the browser does not know.
        self.socket = bind();
    }

    /// One turn of the browser's loop.
    pub(crate) fn step(&mut self) {
        self.connection.timeout(now());
        self.flush();
        let mut buffer = [0; 2048];
        if let Ok((length, from)) = self.socket.recv_from(&mut buffer) {
            self.heard_from = Some(from);
            // RTP, and neither RTCP nor anything else (RFC 7983, RFC 5761).
            let is_rtp = (128..192).contains(&buffer[0]) && !(192..224).contains(&buffer[1]);
            if !(is_rtp && std::mem::take(&mut self.losing)) {
                self.connection.receive(now(), from, &buffer[..length]);
            }
        }
        self.flush();
    }

    fn flush(&mut self) {
        while let Some((to, datagram)) = self.connection.transmit() {
            self.socket.send_to(&datagram, to).unwrap();
        }
    }
}

fn bind() -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(2))).unwrap();
    socket
}
