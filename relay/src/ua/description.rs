//! Between the core's offers and answers, which are about codecs, and those of SDP, which are also about payload types
//! and addresses.

use offhook_media::{Codec, Direction, Format, PayloadFormat, RtpLocal, RtpRemote, SrtpKey, SrtpKeys, SrtpSuite};
use offhook_sip::offer_answer::{
    Codec as SdpCodec, LocalMedia, Negotiated, NegotiatedCodec, NegotiatedSrtp, RemoteMedia,
};
use offhook_sip::sdp::{CryptoSuite, Direction as SdpDirection, MasterKey, TelephoneEvents};

use super::pictures;
use super::sound::{self, codec};
use crate::call::{Description, Sound};

/// The packet time asked for, in milliseconds, where the other end has no wish: that of RFC 3551 section 4.5.
const USUAL_PTIME: u32 = 20;
/// The clock on which everybody takes keys, also who should have another beside Opus.
const USUAL_CLOCK: u32 = 8000;

/// What the relay's side brings to an offer or an answer.
#[must_use]
pub(super) fn local_media(rtp: &RtpLocal, audio: &Description) -> LocalMedia {
    let mut codecs: Vec<SdpCodec> = audio.codecs.iter().map(|codec| sound::described(*codec, &audio.sound)).collect();
    if audio.comfort_noise {
        codecs.extend(sound::noise_clocks(&audio.codecs).into_iter().map(SdpCodec::comfort_noise));
    }
    if audio.telephone_event {
        codecs.extend(event_clocks(&audio.codecs).map(SdpCodec::telephone_event));
    }
    let media = LocalMedia::new(rtp.addr.ip(), rtp.addr.port(), codecs);
    LocalMedia {
        direction: sdp_direction(audio.direction),
        ptime: Some(audio.sound.ptime.map_or(USUAL_PTIME, u32::from)),
        maxptime: audio.sound.maxptime.map(u32::from),
        ..media
    }
}

/// What a peer's offer says, in the core's terms. `None` when none of its codecs is one of ours.
#[must_use]
pub(super) fn offered(remote: &RemoteMedia) -> Option<Description> {
    let codecs = distinct(remote.codecs.iter().filter_map(codec));
    if codecs.is_empty() {
        return None;
    }
    let telephone_event = remote.codecs.iter().any(SdpCodec::is_telephone_event);
    let listed = remote.codecs.iter().map(|listed| (listed, listed.fmtp.as_deref()));
    let sound = sound::said(listed, (remote.ptime, remote.maxptime));
    let direction = direction(remote.direction.reversed());
    let video = remote.video.as_deref().and_then(|video| pictures::offered(video, direction));
    let comfort_noise = remote.codecs.iter().any(SdpCodec::is_comfort_noise);
    Some(Description { sound, video, comfort_noise, ..Description::new(codecs, telephone_event, direction) })
}

/// What an exchange agreed on, in the core's terms. `None` when no codec of ours is left.
#[must_use]
pub(super) fn agreed(negotiated: &Negotiated) -> Option<Description> {
    let codecs = distinct(negotiated.codecs.iter().filter_map(|agreed| codec(&agreed.codec)));
    if codecs.is_empty() {
        return None;
    }
    let telephone_event = !negotiated.telephone_events.is_empty();
    let direction = direction(negotiated.direction);
    let video = negotiated.video.as_ref().and_then(|video| pictures::agreed(video, direction));
    let (sound, comfort_noise) = (said(negotiated), !negotiated.comfort_noise.is_empty());
    Some(Description { sound, video, comfort_noise, ..Description::new(codecs, telephone_event, direction) })
}

/// What the peer said of the sound it takes.
fn said(negotiated: &Negotiated) -> Sound {
    let listed = negotiated.codecs.iter().map(|agreed| (&agreed.codec, agreed.remote_fmtp.as_deref()));
    sound::said(listed, (negotiated.ptime, negotiated.maxptime))
}

/// The keys that the peer takes as events, at the clock of the codec that is spoken.
#[must_use]
pub(super) fn events(negotiated: &Negotiated) -> TelephoneEvents {
    let agreed = negotiated.telephone_event();
    agreed.map_or(TelephoneEvents::NONE, |agreed| TelephoneEvents::parse(agreed.remote_fmtp.as_deref()))
}

/// What an exchange agreed on, in the media worker's terms.
#[must_use]
pub(super) fn rtp_remote(negotiated: &Negotiated) -> RtpRemote {
    let audio = negotiated.codecs.iter().filter_map(|agreed| {
        let format = Format::Audio(codec(&agreed.codec)?);
        Some(payload_format(format, agreed))
    });
    let events = negotiated.telephone_events.iter().map(|agreed| {
        let format = Format::TelephoneEvent { clock: agreed.codec.clock_rate };
        payload_format(format, agreed)
    });
    let noise = negotiated.comfort_noise.iter().map(|agreed| {
        let format = Format::ComfortNoise { clock: agreed.codec.clock_rate };
        payload_format(format, agreed)
    });
    RtpRemote {
        rtp: negotiated.remote,
        rtcp: negotiated.rtcp,
        rtcp_mux: negotiated.rtcp_mux,
        srtp: negotiated.srtp.as_ref().map(srtp_keys),
        formats: audio.chain(events).chain(noise).collect(),
        sound: said(negotiated).wishes(),
    }
}

/// The keys an exchange agreed on, in the media worker's terms.
#[must_use]
pub(super) fn srtp_keys(agreed: &NegotiatedSrtp) -> SrtpKeys {
    let key = |key: &MasterKey| SrtpKey::new(key.expose().to_vec());
    let suite = match agreed.suite {
        CryptoSuite::AesCm128HmacSha1_80 => SrtpSuite::AesCm128HmacSha1_80,
        CryptoSuite::AesCm128HmacSha1_32 => SrtpSuite::AesCm128HmacSha1_32,
        CryptoSuite::AeadAes128Gcm => SrtpSuite::AeadAes128Gcm,
        CryptoSuite::AeadAes256Gcm => SrtpSuite::AeadAes256Gcm,
    };
    SrtpKeys { suite, send: key(&agreed.send), receive: key(&agreed.receive) }
}

/// The direction the media worker is told: what was agreed.
#[must_use]
pub(super) fn direction(direction: SdpDirection) -> Direction {
    match direction {
        SdpDirection::SendRecv => Direction::SendRecv,
        SdpDirection::SendOnly => Direction::SendOnly,
        SdpDirection::RecvOnly => Direction::RecvOnly,
        SdpDirection::Inactive => Direction::Inactive,
    }
}

#[must_use]
pub(super) const fn sdp_direction(direction: Direction) -> SdpDirection {
    match direction {
        Direction::SendRecv => SdpDirection::SendRecv,
        Direction::SendOnly => SdpDirection::SendOnly,
        Direction::RecvOnly => SdpDirection::RecvOnly,
        Direction::Inactive => SdpDirection::Inactive,
    }
}

fn payload_format(format: Format, agreed: &NegotiatedCodec) -> PayloadFormat {
    PayloadFormat { format, receive_pt: agreed.codec.payload_type, send_pt: agreed.send_payload_type }
}

/// One telephone-event for each clock among the codecs (RFC 4733 section 2.1), that of the first codec first,
/// and one that everybody knows.
fn event_clocks(codecs: &[Codec]) -> impl Iterator<Item = u32> {
    let mut clocks: Vec<u32> = Vec::new();
    for clock in codecs.iter().map(|codec| codec.clock()).chain([USUAL_CLOCK]) {
        if !clocks.contains(&clock) {
            clocks.push(clock);
        }
    }
    clocks.into_iter()
}

fn distinct(codecs: impl Iterator<Item = Codec>) -> Vec<Codec> {
    let mut seen = Vec::new();
    for codec in codecs {
        if !seen.contains(&codec) {
            seen.push(codec);
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use offhook_sip::offer_answer::OfferAnswer;
    use offhook_sip::sdp::SessionDescription;

    fn rtp() -> RtpLocal {
        RtpLocal {
            addr: "192.0.2.1:4000".parse().unwrap(),
            rtcp: "192.0.2.1:4001".parse().unwrap(),
            ssrc: 1,
            cname: "relay".into(),
        }
    }

    fn everything() -> Description {
        Description::everything()
    }

    fn parse(text: &str) -> SessionDescription {
        SessionDescription::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn an_offer_has_every_codec_and_an_event_for_each_clock() {
        let mut exchange = OfferAnswer::new(1, rtp().addr.ip());
        let offer = exchange.create_offer(&local_media(&rtp(), &everything())).unwrap().to_text();
        for line in ["opus/48000/2", "G722/8000", "PCMU/8000", "PCMA/8000", "telephone-event/48000", "event/8000"] {
            assert!(offer.contains(line), "{line} is missing from {offer}");
        }
        assert!(offer.contains("m=audio 4000 RTP/AVP"));
    }

    #[test]
    fn an_offer_of_all_codecs_fits_into_a_datagram_with_the_rest_of_an_invite() {
        let mut exchange = OfferAnswer::new(1, rtp().addr.ip());
        let all = Description { codecs: Codec::ALL.to_vec(), comfort_noise: true, ..everything() };
        let offer = exchange.create_offer(&local_media(&rtp(), &all)).unwrap().to_text();
        assert!(offer.len() < 750, "{} bytes: {offer}", offer.len());
        for line in ["rtpmap:18 G729/8000", "rtpmap:13 CN/8000", "speex/16000", "speex/8000", "event/16000"] {
            assert!(offer.contains(line), "{line} is missing from {offer}");
        }
    }

    #[test]
    fn an_answer_becomes_codecs_for_the_core_and_payload_types_for_the_worker() {
        let mut exchange = OfferAnswer::new(1, rtp().addr.ip());
        exchange.create_offer(&local_media(&rtp(), &everything())).unwrap();
        let answer = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n\
            m=audio 5000 RTP/AVP 8 97\r\na=rtpmap:97 telephone-event/8000\r\n";
        let negotiated = exchange.receive_answer(&parse(answer)).unwrap();
        let audio = agreed(negotiated).unwrap();
        assert_eq!((audio.codecs, audio.telephone_event), (vec![Codec::Pcma], true));
        let remote = rtp_remote(negotiated);
        assert_eq!(remote.rtp, std::net::SocketAddr::from(([192, 0, 2, 9], 5000)));
        assert_eq!(remote.formats[0], PayloadFormat { format: Format::Audio(Codec::Pcma), receive_pt: 8, send_pt: 8 });
        assert_eq!(remote.formats[1].format, Format::TelephoneEvent { clock: 8000 });
        assert_eq!(remote.formats[1].send_pt, 97);
    }

    #[test]
    fn beside_opus_keys_are_taken_on_the_clock_that_the_peer_has() {
        let mut exchange = OfferAnswer::new(1, rtp().addr.ip());
        let offer = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n\
            m=audio 5000 RTP/AVP 96 101\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n";
        exchange.receive_offer(&parse(offer)).unwrap();
        let opus = Description::new(vec![Codec::Opus], true, Direction::SendRecv);
        let answer = exchange.create_answer(&local_media(&rtp(), &opus)).unwrap().description.to_text();
        assert!(answer.contains("a=rtpmap:101 telephone-event/8000"), "{answer}");
    }

    #[test]
    fn a_peers_hold_is_seen_from_the_relay() {
        let mut exchange = OfferAnswer::new(1, rtp().addr.ip());
        let offer = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n\
            m=audio 5000 RTP/AVP 0\r\na=sendonly\r\n";
        let audio = offered(exchange.receive_offer(&parse(offer)).unwrap()).unwrap();
        assert_eq!(audio.direction, Direction::RecvOnly);
        assert!(!audio.telephone_event);
    }

    #[test]
    fn an_offer_without_a_codec_of_ours_is_nothing() {
        let mut exchange = OfferAnswer::new(1, rtp().addr.ip());
        let offer = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n\
            m=audio 5000 RTP/AVP 4\r\n";
        assert_eq!(offered(exchange.receive_offer(&parse(offer)).unwrap()), None);
    }
}
