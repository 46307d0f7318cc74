//! The `rtc` crate's peer connection, without a socket.

use std::fmt::Write;
use std::net::SocketAddr;
use std::time::Instant;

use offhook_media::{
    Fingerprint, Format, IceCredentials, IcePassword, PayloadFormat, SoundWishes, VideoCodec, WebRtcLocal, WebRtcRemote,
};
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::RTCOfferOptions;
use rtc::peer_connection::configuration::media_engine::MediaEngine;
use rtc::peer_connection::event::RTCPeerConnectionEvent;
use rtc::peer_connection::message::{RTCMessage, TaggedRTCMessage};
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::state::RTCPeerConnectionState;
use rtc::peer_connection::transport::{CandidateConfig, CandidateHostConfig, RTCIceCandidate};
use rtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::payload_feedbacks::receiver_estimated_maximum_bitrate::ReceiverEstimatedMaximumBitrate;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::TransportLayerNack;
use rtc::rtp::packet::Packet;
use rtc::rtp_transceiver::RTCRtpSenderId;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
};
use rtc::sansio::Protocol;
use rtc::shared::{TaggedBytesMut, TransportContext, TransportProtocol};

use super::reports;

const SSRC: u32 = 0x0b0e_0b0e;
pub(crate) const VIDEO_SSRC: u32 = 0x0ca0_0ca0;

pub(crate) struct Connection {
    connection: RTCPeerConnection,
    sender: RTCRtpSenderId,
    camera: Option<RTCRtpSenderId>,
    local: SocketAddr,
    formats: Vec<PayloadFormat>,
    state: RTCPeerConnectionState,
    heard: Vec<Packet>,
    told: Vec<Box<dyn rtc::rtcp::Packet>>,
    sequence: u16,
    timestamp: u32,
    frame: u16,
}

impl Connection {
    /// A connection at this address, and what the relay reads in its offer.
    pub(crate) fn offer(now: Instant, local: SocketAddr, formats: &[PayloadFormat]) -> (Self, WebRtcRemote) {
        let mut connection = RTCPeerConnectionBuilder::new()
            .with_media_engine(engine(formats))
            .with_interceptor_registry(reports::delivered())
            .build(now)
            .unwrap();
        let sender = connection.add_track(track(formats)).unwrap();
        let pictures = formats.iter().find(|format| is_video(format));
        let camera = pictures.map(|format| connection.add_track(camera_track(format)).unwrap());
        connection.add_local_candidate(candidate(local)).unwrap();
        let offer = connection.create_offer(None).unwrap();
        connection.set_local_description(now, offer.clone()).unwrap();
        let connection = Self {
            connection,
            sender,
            camera,
            local,
            formats: formats.to_vec(),
            state: RTCPeerConnectionState::New,
            heard: Vec::new(),
            told: Vec::new(),
            sequence: 100,
            timestamp: 1,
            frame: 500,
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

    /// Sends a picture of one packet, the next in sequence.
    pub(crate) fn show(&mut self, now: Instant, payload_type: u8, payload: &[u8]) {
        self.frame = self.frame.wrapping_add(1);
        self.show_again(now, payload_type, self.frame, payload);
    }

    /// Sends a picture under a sequence number of its own.
    pub(crate) fn show_again(&mut self, now: Instant, payload_type: u8, sequence: u16, payload: &[u8]) {
        let mut packet = Packet::default();
        packet.header.version = 2;
        packet.header.marker = true;
        packet.header.payload_type = payload_type;
        packet.header.sequence_number = sequence;
        packet.header.timestamp = u32::from(sequence) * 3000;
        packet.header.ssrc = VIDEO_SSRC;
        packet.payload = payload.to_vec().into();
        self.connection.rtp_sender(self.camera.unwrap()).unwrap().write_rtp(now, packet).unwrap();
    }

    /// Asks something of the relay.
    pub(crate) fn ask(&mut self, now: Instant, request: Box<dyn rtc::rtcp::Packet>) {
        self.connection.rtp_sender(self.camera.unwrap()).unwrap().write_rtcp(now, vec![request]).unwrap();
    }

    /// How often the relay has asked for a whole picture.
    pub(crate) fn wanted_pictures(&self) -> usize {
        self.told.iter().filter(|packet| packet.as_any().is::<PictureLossIndication>()).count()
    }

    /// The packets the relay has asked for again.
    pub(crate) fn wanted_packets(&self) -> Vec<u16> {
        let nacks = self.told.iter().filter_map(|packet| packet.as_any().downcast_ref::<TransportLayerNack>());
        nacks.flat_map(|nack| nack.nacks.iter().flat_map(|pair| pair.packet_list())).collect()
    }

    /// How many bits a second the relay last allowed.
    pub(crate) fn allowed(&self) -> Option<f32> {
        let estimates = self.told.iter().rev().filter_map(|packet| packet.as_any().downcast_ref());
        estimates
            .filter(|estimate: &&ReceiverEstimatedMaximumBitrate| estimate.ssrcs == [VIDEO_SSRC])
            .map(|estimate| estimate.bitrate)
            .next()
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
            match message {
                RTCMessage::RtpPacket(_, packet) => self.heard.push(packet),
                RTCMessage::RtcpPacket(_, packets) => self.told.extend(packets),
                _ => {}
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
        let kind = if is_video(format) { RtpCodecKind::Video } else { RtpCodecKind::Audio };
        engine.register_codec(codec, kind).unwrap();
    }
    engine
}

fn codec(format: &PayloadFormat) -> RTCRtpCodec {
    let (name, clock_rate, channels) = rtpmap(format);
    let kind = if is_video(format) { "video" } else { "audio" };
    RTCRtpCodec { mime_type: format!("{kind}/{name}"), clock_rate, channels, ..RTCRtpCodec::default() }
}

fn is_video(format: &PayloadFormat) -> bool {
    matches!(format.format, Format::Video(_))
}

fn rtpmap(format: &PayloadFormat) -> (&'static str, u32, u16) {
    match format.format {
        Format::Audio(codec) => (codec.name(), codec.clock(), u16::from(codec.channels())),
        Format::Video(codec) => (codec.name(), VideoCodec::CLOCK, 0),
        Format::TelephoneEvent { clock } => ("telephone-event", clock, 1),
        Format::ComfortNoise { clock } => ("CN", clock, 1),
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

fn camera_track(format: &PayloadFormat) -> MediaStreamTrack {
    let encodings = vec![RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(VIDEO_SSRC), ..RTCRtpCodingParameters::default() },
        codec: codec(format),
        ..RTCRtpEncodingParameters::default()
    }];
    MediaStreamTrack::new("stream".into(), "picture".into(), "camera".into(), RtpCodecKind::Video, encodings)
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
        sound: SoundWishes::default(),
        repair: offhook_media::VideoRepair::default(),
    }
}

/// The answer the relay's signalling writes.
fn describe(local: &WebRtcLocal, formats: &[PayloadFormat]) -> String {
    let (pictures, sound): (Vec<_>, Vec<_>) = formats.iter().partition(|format| is_video(format));
    let mut sdp = String::from("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-lite\r\n");
    sdp.push_str(if pictures.is_empty() { "a=group:BUNDLE 0\r\n" } else { "a=group:BUNDLE 0 1\r\n" });
    describe_medium(&mut sdp, local, ("audio", 0, local.ssrc), &sound);
    if !pictures.is_empty() {
        describe_medium(&mut sdp, local, ("video", 1, local.video_ssrc), &pictures);
    }
    sdp
}

fn describe_medium(sdp: &mut String, local: &WebRtcLocal, named: (&str, u8, u32), formats: &[&PayloadFormat]) {
    let (kind, mid, ssrc) = named;
    let types: String = formats.iter().map(|format| format!(" {}", format.send_pt)).collect();
    write!(sdp, "m={kind} 9 UDP/TLS/RTP/SAVPF{types}\r\nc=IN IP4 0.0.0.0\r\na=mid:{mid}\r\n").unwrap();
    write!(sdp, "a=ice-ufrag:{}\r\na=ice-pwd:{}\r\n", local.ice.ufrag, local.ice.password.expose()).unwrap();
    write!(sdp, "a=fingerprint:sha-256 {}\r\na=setup:passive\r\n", local.fingerprint).unwrap();
    sdp.push_str("a=rtcp-mux\r\na=sendrecv\r\n");
    for format in formats {
        let (name, clock, channels) = rtpmap(format);
        let channels = if channels > 1 { format!("/{channels}") } else { String::new() };
        write!(sdp, "a=rtpmap:{} {name}/{clock}{channels}\r\n", format.send_pt).unwrap();
    }
    write!(sdp, "a=msid:relay {kind}\r\na=ssrc:{ssrc} cname:{}\r\n", local.cname).unwrap();
    for (index, candidate) in local.candidates.iter().enumerate() {
        let (ip, port) = (candidate.ip(), candidate.port());
        write!(sdp, "a=candidate:{index} 1 udp 2130706431 {ip} {port} typ host\r\n").unwrap();
    }
    sdp.push_str("a=end-of-candidates\r\n");
}
