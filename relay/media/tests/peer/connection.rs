//! The `rtc` crate's peer connection, without a socket.

use std::fmt::Write;
use std::net::SocketAddr;
use std::time::Instant;

use offhook_media::{Fingerprint, Format, IceCredentials, IcePassword, PayloadFormat, WebRtcLocal, WebRtcRemote};
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::RTCOfferOptions;
use rtc::peer_connection::configuration::media_engine::MediaEngine;
use rtc::peer_connection::event::RTCPeerConnectionEvent;
use rtc::peer_connection::message::{RTCMessage, TaggedRTCMessage};
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::state::RTCPeerConnectionState;
use rtc::peer_connection::transport::{CandidateConfig, CandidateHostConfig, RTCIceCandidate};
use rtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use rtc::rtp::packet::Packet;
use rtc::rtp_transceiver::RTCRtpSenderId;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
};
use rtc::sansio::Protocol;
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};

const SSRC: u32 = 0x0b0e_0b0e;

pub(crate) struct Connection {
    connection: RTCPeerConnection,
    sender: RTCRtpSenderId,
    local: SocketAddr,
    formats: Vec<PayloadFormat>,
    state: RTCPeerConnectionState,
    heard: Vec<Packet>,
    sequence: u16,
    timestamp: u32,
}

impl Connection {
    /// A connection at this address, and what the relay reads in its offer.
    pub(crate) fn offer(now: Instant, local: SocketAddr, formats: &[PayloadFormat]) -> (Self, WebRtcRemote) {
        let mut connection = RTCPeerConnectionBuilder::new().with_media_engine(engine(formats)).build(now).unwrap();
        let sender = connection.add_track(track(formats)).unwrap();
        connection.add_local_candidate(candidate(local)).unwrap();
        let offer = connection.create_offer(None).unwrap();
        connection.set_local_description(now, offer.clone()).unwrap();
        let connection = Self {
            connection,
            sender,
            local,
            formats: formats.to_vec(),
            state: RTCPeerConnectionState::New,
            heard: Vec::new(),
            sequence: 100,
            timestamp: 1,
        };
        let described = described(&offer.sdp, formats);
        (connection, described)
    }

    /// The relay's answer.
    pub(crate) fn answered(&mut self, now: Instant, answer: &WebRtcLocal) {
        let answer = RTCSessionDescription::answer(describe(answer, &self.formats)).unwrap();
        self.connection.set_remote_description(now, answer).unwrap();
    }

    /// Restarts ICE at another address: what the relay reads in the new offer.
    pub(crate) fn restart(&mut self, now: Instant, local: SocketAddr) -> WebRtcRemote {
        let offer = self.connection.create_offer(Some(RTCOfferOptions { ice_restart: true })).unwrap();
        self.connection.set_local_description(now, offer.clone()).unwrap();
        self.connection.add_local_candidate(candidate(local)).unwrap();
        self.local = local;
        described(&offer.sdp, &self.formats)
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.state == RTCPeerConnectionState::Connected
    }

    /// Sends 20 ms of something.
    pub(crate) fn send(&mut self, now: Instant, payload_type: u8, payload: &[u8]) {
        let mut packet = Packet::default();
        packet.header.version = 2;
        packet.header.payload_type = payload_type;
        packet.header.sequence_number = self.sequence;
        packet.header.timestamp = self.timestamp;
        packet.header.ssrc = SSRC;
        packet.payload = payload.to_vec().into();
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(160);
        self.connection.rtp_sender(self.sender).unwrap().write_rtp(now, packet).unwrap();
    }

    pub(crate) fn close(&mut self) {
        self.connection.close().unwrap();
    }

    /// The next datagram to send, and where to.
    pub(crate) fn transmit(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        let message = self.connection.poll_write()?;
        Some((message.transport.peer_addr, message.message.to_vec()))
    }

    pub(crate) fn timeout(&mut self, now: Instant) {
        if self.connection.poll_timeout().is_some_and(|due| due <= now) {
            self.connection.handle_timeout(now).unwrap();
        }
        while let Some(event) = self.connection.poll_event() {
            if let RTCPeerConnectionEvent::OnConnectionStateChangeEvent(state) = event {
                self.state = state;
            }
        }
    }

    pub(crate) fn receive(&mut self, now: Instant, peer_addr: SocketAddr, datagram: &[u8]) {
        let transport = TransportContext {
            local_addr: self.local,
            peer_addr,
            ecn: None,
            transport_protocol: TransportProtocol::UDP,
        };
        // What it cannot use it refuses; the test looks at what comes out.
        let _ = self.connection.handle_read(TaggedBytesMut { now, transport, message: datagram.into() });
        while let Some(TaggedRTCMessage { message, .. }) = self.connection.poll_read() {
            if let RTCMessage::RtpPacket(_, packet) = message {
                self.heard.push(packet);
            }
        }
    }

    /// The oldest packet heard and not taken yet.
    pub(crate) fn hear(&mut self) -> Option<Packet> {
        (!self.heard.is_empty()).then(|| self.heard.remove(0))
    }
}

fn engine(formats: &[PayloadFormat]) -> MediaEngine {
    let mut engine = MediaEngine::default();
    for format in formats {
        let codec = RTCRtpCodecParameters { rtp_codec: codec(format), payload_type: format.receive_pt };
        engine.register_codec(codec, RtpCodecKind::Audio).unwrap();
    }
    engine
}

fn codec(format: &PayloadFormat) -> RTCRtpCodec {
    let (name, clock_rate, channels) = rtpmap(format);
    RTCRtpCodec { mime_type: format!("audio/{name}"), clock_rate, channels, ..RTCRtpCodec::default() }
}

fn rtpmap(format: &PayloadFormat) -> (&'static str, u32, u16) {
    match format.format {
        Format::Audio(codec) => (codec.name(), codec.clock(), u16::from(codec.channels())),
        Format::TelephoneEvent { clock } => ("telephone-event", clock, 1),
    }
}

fn track(formats: &[PayloadFormat]) -> MediaStreamTrack {
    let encodings = vec![RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(SSRC), ..RTCRtpCodingParameters::default() },
        codec: codec(&formats[0]),
        ..RTCRtpEncodingParameters::default()
    }];
    MediaStreamTrack::new("stream".into(), "track".into(), "microphone".into(), RtpCodecKind::Audio, encodings)
}

fn candidate(local: SocketAddr) -> rtc::peer_connection::transport::RTCIceCandidateInit {
    let base_config = CandidateConfig {
        network: "udp".into(),
        address: local.ip().to_string(),
        port: local.port(),
        component: 1,
        ..CandidateConfig::default()
    };
    let host = CandidateHostConfig { base_config, ..CandidateHostConfig::default() };
    RTCIceCandidate::from(&host.new_candidate_host().unwrap()).to_json().unwrap()
}

/// What the relay's signalling reads in an offer.
fn described(sdp: &str, formats: &[PayloadFormat]) -> WebRtcRemote {
    let value = |name: &str| {
        let line = sdp.lines().find_map(|line| line.strip_prefix("a=")?.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_else(|| panic!("no {name} in the offer")).to_owned()
    };
    let fingerprint = value("fingerprint");
    let (algorithm, hash) = fingerprint.split_once(' ').unwrap();
    WebRtcRemote {
        ice: IceCredentials { ufrag: value("ice-ufrag"), password: IcePassword::new(value("ice-pwd")) },
        fingerprints: vec![Fingerprint::parse(algorithm, hash).unwrap()],
        formats: formats.to_vec(),
    }
}

/// The answer the relay's signalling writes.
fn describe(local: &WebRtcLocal, formats: &[PayloadFormat]) -> String {
    let mut sdp = String::from("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-lite\r\na=group:BUNDLE 0\r\n");
    let types: String = formats.iter().map(|format| format!(" {}", format.send_pt)).collect();
    write!(sdp, "m=audio 9 UDP/TLS/RTP/SAVPF{types}\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n").unwrap();
    write!(sdp, "a=ice-ufrag:{}\r\na=ice-pwd:{}\r\n", local.ice.ufrag, local.ice.password.expose()).unwrap();
    write!(sdp, "a=fingerprint:sha-256 {}\r\na=setup:passive\r\n", local.fingerprint).unwrap();
    sdp.push_str("a=rtcp-mux\r\na=sendrecv\r\n");
    for format in formats {
        let (name, clock, channels) = rtpmap(format);
        let channels = if channels > 1 { format!("/{channels}") } else { String::new() };
        write!(sdp, "a=rtpmap:{} {name}/{clock}{channels}\r\n", format.send_pt).unwrap();
    }
    write!(sdp, "a=msid:relay audio\r\na=ssrc:{} cname:{}\r\n", local.ssrc, local.cname).unwrap();
    for (index, candidate) in local.candidates.iter().enumerate() {
        let (ip, port) = (candidate.ip(), candidate.port());
        write!(sdp, "a=candidate:{index} 1 udp 2130706431 {ip} {port} typ host\r\n").unwrap();
    }
    sdp.push_str("a=end-of-candidates\r\n");
    sdp
}
