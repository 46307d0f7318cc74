//! One leg: its transport, the streams it is sent, what is known of those it sends.

mod medium;
mod pictures;
mod refreshing;
mod rtp;
mod webrtc;

use std::time::{Duration, Instant};

pub(crate) use medium::Medium;
pub(crate) use pictures::{Pictures, Request};
use refreshing::Refreshing;
pub(crate) use rtp::RtpTransport;
pub(crate) use webrtc::{Change, WebRtcTransport};

use crate::codec::is_transcodable;
use crate::event::{LegStats, StreamStats};
use crate::format::{Codec, Direction, Format, MediumKind, PayloadFormat, SoundWishes};
use crate::history::{Again, Kept};
use crate::in_band;
use crate::outlet::{Door, LegKey, Outlet};
use crate::params::{LegId, VideoRepair};
use crate::quality::{Thresholds, Watch, Window};
use crate::repair::Repair;
use crate::rtcp::{Lost, SenderClock};
use crate::rtp::Header;
use crate::service::Player;
use crate::supervision::Supervision;
use crate::telephone_event::{Receiver, Sender};
use crate::transcode::{Plan, Transcoder};

/// First sequence numbers are of the lower half: a receiver that misses the very first packets could not tell otherwise
/// that the numbers have begun anew since, and would take no packet for authentic (RFC 3711 section 3.3.1).
pub(crate) const FIRST_NUMBERS: u16 = 0x7fff;
/// Formats agreed on one leg; a description with more is cut off here.
const MAX_FORMATS: usize = 64;
/// Pictures are reported about more often than sound alone: their encoder adapts to what it learns,
/// and they are shown with the sound only once both have been reported about.
const VIDEO_INTERVAL: Duration = Duration::from_secs(1);

/// How a leg's packets come and go.
pub(crate) enum Transport {
    /// A browser.
    WebRtc(Box<WebRtcTransport>),
    /// RTP on ports of its own.
    Rtp(RtpTransport),
    /// Nobody: a sound is made here.
    Service(Player),
}

/// The random numbers a leg begins with.
#[derive(Debug, Clone, Copy)]
pub struct Seed {
    /// The source it is sent from.
    pub ssrc: u32,
    /// The first sequence number, less one.
    pub sequence: u16,
    /// The first timestamp.
    pub timestamp: u32,
}

/// A leg of a call.
pub(crate) struct Leg {
    /// What signalling calls it.
    pub id: LegId,
    /// How its packets come and go.
    pub transport: Transport,
    /// Which way media flows.
    pub direction: Direction,
    /// The leg it is joined with.
    pub joined: Option<LegKey>,
    /// Its sound.
    pub audio: Medium,
    /// Its pictures, where the transport can carry any.
    pub video: Option<Box<Medium>>,
    /// What was counted of pictures that have ended.
    pub video_before: StreamStats,
    /// How they come and go, where that is not with the sound.
    pub pictures: Option<Box<Pictures>>,
    /// What makes up for losses of those of a browser.
    pub repair: Option<Box<Repair>>,
    /// Whole pictures it was asked for.
    pub refreshing: Refreshing,
    /// The wall clock its reports go by.
    pub sender_clock: SenderClock,
    /// Keys pressed at its far end.
    pub keys_in: Receiver,
    /// Keys pressed towards it.
    pub keys_out: Sender,
    /// Keys in the sound of its far end, where they have to be listened for.
    pub tones_in: Option<Box<in_band::Listener>>,
    /// Keys played towards it as sound, while there are any.
    pub tones_out: Option<Box<in_band::Sender>>,
    /// What decodes its sound for the leg it is joined with, while the two have no codec in common.
    pub transcoding: Option<Box<Transcoder>>,
    /// How its peer wants its sound.
    pub sound: SoundWishes,
    /// Until when such keys may come back in the leg's own sound.
    pub tones_echo: Option<Instant>,
    /// Notices its silence.
    pub supervision: Supervision,
    /// Says what its sound is like.
    pub watch: Watch,
    /// Counters, as far as they are kept here.
    pub counters: LegStats,
    /// The deadline the schedule holds for it.
    pub scheduled: Option<Instant>,
    formats: Vec<PayloadFormat>,
}

impl Leg {
    /// A leg that is not joined and has agreed nothing.
    #[must_use]
    pub(crate) fn new(id: LegId, transport: Transport, audio: Medium, video: Option<Medium>) -> Self {
        Self {
            id,
            transport,
            direction: Direction::SendRecv,
            joined: None,
            audio,
            video: video.map(Box::new),
            video_before: StreamStats::default(),
            pictures: None,
            repair: None,
            refreshing: Refreshing::default(),
            sender_clock: SenderClock::default(),
            keys_in: Receiver::default(),
            keys_out: Sender::default(),
            tones_in: None,
            tones_out: None,
            transcoding: None,
            sound: SoundWishes::default(),
            tones_echo: None,
            supervision: Supervision::default(),
            watch: Watch::default(),
            counters: LegStats::default(),
            scheduled: None,
            formats: Vec::new(),
        }
    }

    /// What was agreed, most preferred first.
    pub(crate) fn set_formats(&mut self, mut formats: Vec<PayloadFormat>) {
        formats.truncate(MAX_FORMATS);
        self.formats = formats;
        self.keep_time();
        if self.has_video() {
            self.audio.rtcp.hasten(VIDEO_INTERVAL);
        } else if let Some(video) = &mut self.video {
            video.rtcp.stop();
        }
    }

    /// What was agreed for one of its media, which its peer describes apart from the other.
    pub(crate) fn set_formats_of(&mut self, kind: MediumKind, formats: &[PayloadFormat]) {
        let is_of = |agreed: &&PayloadFormat, kind| agreed.format.medium() == kind;
        let of = |medium| {
            let list = if medium == kind { formats } else { &self.formats };
            list.iter().filter(move |agreed| is_of(agreed, medium)).copied()
        };
        let all = of(MediumKind::Audio).chain(of(MediumKind::Video)).collect();
        self.set_formats(all);
    }

    /// The transport of one of its media, where it speaks RTP on ports of its own.
    pub(crate) fn rtp_mut(&mut self, kind: MediumKind) -> Option<&mut RtpTransport> {
        match (&mut self.transport, kind) {
            (Transport::Rtp(peer), MediumKind::Audio) => Some(peer),
            (Transport::Rtp(_), MediumKind::Video) => self.pictures.as_mut().map(|pictures| &mut pictures.transport),
            (Transport::WebRtc(_) | Transport::Service(_), _) => None,
        }
    }

    /// The pictures end, or others take their place. What was counted of them is kept.
    pub(crate) fn replace_video(&mut self, video: Option<Box<Medium>>) {
        if let Some(former) = std::mem::replace(&mut self.video, video) {
            self.video_before = self.video_before.plus(former.stats());
        }
    }

    /// What was agreed to make up for losses of pictures.
    pub(crate) fn agree_repair(&mut self, agreed: VideoRepair) {
        let Some(video) = &mut self.video else {
            return;
        };
        if self.repair.as_ref().map_or(agreed == VideoRepair::default(), |repair| *repair.agreed() == agreed) {
            return;
        }
        // What was kept is sealed, or is not, as was agreed before.
        video.history.clear();
        match &mut self.repair {
            // Its numbers go on, even where nothing is agreed at the moment: under a key none may be used twice.
            Some(repair) => repair.agree(agreed),
            None => self.repair = Some(Box::new(Repair::new(agreed, video.stream.ssrc() as u16 & FIRST_NUMBERS))),
        }
    }

    /// Whether pictures were agreed.
    #[must_use]
    pub(crate) fn has_video(&self) -> bool {
        self.video.is_some() && self.formats.iter().any(|agreed| agreed.format.medium() == MediumKind::Video)
    }

    /// One of its media; `None` for pictures it cannot have.
    #[must_use]
    pub(crate) fn medium(&self, kind: MediumKind) -> Option<&Medium> {
        match kind {
            MediumKind::Audio => Some(&self.audio),
            MediumKind::Video => self.video.as_deref(),
        }
    }

    /// The same, to be changed.
    pub(crate) fn medium_mut(&mut self, kind: MediumKind) -> Option<&mut Medium> {
        match kind {
            MediumKind::Audio => Some(&mut self.audio),
            MediumKind::Video => self.video.as_deref_mut(),
        }
    }

    /// All its media.
    pub(crate) fn media_mut(&mut self) -> impl Iterator<Item = &mut Medium> {
        std::iter::once(&mut self.audio).chain(self.video.as_deref_mut())
    }

    /// Those of its media that packets are for which came to the socket of one; to that of both, where there is none.
    pub(crate) fn media_mut_of(&mut self, kind: Option<MediumKind>) -> impl Iterator<Item = &mut Medium> {
        let audio = Some(&mut self.audio).filter(|_| kind != Some(MediumKind::Video));
        let video = self.video.as_deref_mut().filter(|_| kind != Some(MediumKind::Audio));
        audio.into_iter().chain(video)
    }

    /// Begins to report about every medium that was agreed.
    pub(crate) fn start_reports(&mut self, now: Instant) {
        self.audio.rtcp.start(now);
        if self.has_video()
            && let Some(video) = &mut self.video
        {
            video.rtcp.start(now);
        }
    }

    /// What the peer means by a payload type: in the packets of one medium, where that has ports of its own.
    #[must_use]
    pub(crate) fn received_format(&self, medium: Option<MediumKind>, payload_type: u8) -> Option<Format> {
        let meant = |agreed: &&PayloadFormat| {
            agreed.receive_pt == payload_type && medium.is_none_or(|medium| agreed.format.medium() == medium)
        };
        self.formats.iter().find(meant).map(|agreed| agreed.format)
    }

    /// What the peer calls a format.
    #[must_use]
    pub(crate) fn payload_type(&self, format: Format) -> Option<u8> {
        self.formats.iter().find(|agreed| agreed.format == format).map(|agreed| agreed.send_pt)
    }

    /// The telephone-event format to press keys with: that on the clock of the stream if there is
    /// one (RFC 4733 §2.1).
    #[must_use]
    pub(crate) fn telephone_event(&self) -> Option<(u8, u32)> {
        let events = || {
            self.formats.iter().filter_map(|agreed| match agreed.format {
                Format::TelephoneEvent { clock } => Some((agreed.send_pt, clock)),
                Format::Audio(_) | Format::Video(_) | Format::ComfortNoise { .. } => None,
            })
        };
        let clock = self.audio.stream.clock();
        events().find(|&(_, event)| Some(event) == clock).or_else(|| events().next())
    }

    /// The codec to play keys in that the peer knows in no other way: G.711 if there is one, as it remembers nothing of
    /// the sound before.
    #[must_use]
    pub(crate) fn tone_format(&self) -> Option<(u8, Codec)> {
        let codecs = || {
            self.formats.iter().filter_map(|agreed| match agreed.format {
                Format::Audio(codec) => Some((agreed.send_pt, codec)),
                Format::TelephoneEvent { .. } | Format::Video(_) | Format::ComfortNoise { .. } => None,
            })
        };
        let is_g711 = |codec| matches!(codec, Codec::Pcmu | Codec::Pcma);
        codecs().find(|&(_, codec)| is_g711(codec)).or_else(|| codecs().find(|&(_, codec)| is_transcodable(codec)))
    }

    /// Its sound is decoded no more.
    pub(crate) fn stop_transcoding(&mut self) {
        self.transcoding = None;
        self.audio.playout.delay = None;
    }

    /// How sound is to be coded for it that it cannot be sent as it came. `None` where none of its codecs can be had.
    #[must_use]
    pub(crate) fn plan(&self) -> Option<Plan> {
        let codec = self.formats.iter().find_map(|agreed| match agreed.format {
            Format::Audio(codec) if is_transcodable(codec) => Some(codec),
            _ => None,
        })?;
        let comfort_noise = self.payload_type(Format::ComfortNoise { clock: codec.clock() }).is_some();
        Some(Plan { codec, comfort_noise, wishes: self.sound })
    }

    /// Whether keys stand in the place of its sound.
    #[must_use]
    pub(crate) fn is_pressing(&self) -> bool {
        self.keys_out.is_pressing() || self.tones_out.is_some()
    }

    /// Whether keys in the leg's sound may be those that it is played itself.
    pub(crate) fn may_echo(&self, now: Instant) -> bool {
        self.tones_out.is_some() || self.tones_echo.is_some_and(|until| now < until)
    }

    /// Has the stream's time go on by the clock of a codec that the peer knows, should that of its sound so far be
    /// none any more (RFC 7160 section 4.1).
    fn keep_time(&mut self) {
        let clocks = || {
            let audio = self.formats.iter().map(|agreed| agreed.format);
            audio.filter(|format| matches!(format, Format::Audio(_))).map(Format::clock)
        };
        let Some(clock) = self.audio.stream.clock() else { return };
        if !clocks().any(|known| known == clock)
            && let Some(clock) = clocks().next()
        {
            self.audio.stream.tick(clock);
        }
    }

    /// Media is expected from now on. A service speaks in this process and is never silent.
    pub(crate) fn supervise(&mut self, now: Instant, thresholds: &Thresholds) {
        if !matches!(self.transport, Transport::Service(_)) {
            self.supervision.begin(now);
            self.watch.begin(now, thresholds);
        }
    }

    /// Whether media can be sent to it at all.
    #[must_use]
    pub(crate) fn is_ready(&self) -> bool {
        match &self.transport {
            Transport::WebRtc(browser) => browser.is_ready(),
            Transport::Rtp(peer) => peer.destination().is_some(),
            Transport::Service(_) => false,
        }
    }

    /// Sends an RTP packet that begins with `header` and counts it.
    pub(crate) fn send(
        &mut self,
        key: LegKey,
        kind: MediumKind,
        packet: &[u8],
        header: &Header,
        outlet: &mut impl Outlet,
    ) {
        let medium = match kind {
            MediumKind::Audio => Some(&mut self.audio),
            MediumKind::Video => self.video.as_deref_mut(),
        };
        let Some(medium) = medium else {
            return;
        };
        match &mut self.transport {
            Transport::WebRtc(browser) => {
                let Some(sealed) = browser.send(packet, outlet) else {
                    return;
                };
                if kind == MediumKind::Video {
                    // In a stream of its own a packet is sealed anew.
                    let anew = self.repair.as_ref().is_some_and(|repair| repair.has_stream(header.payload_type));
                    let (kept, how) = if anew { (packet, Kept::Clear) } else { (sealed, Kept::Sealed) };
                    medium.history.keep(header.sequence, kept, how);
                }
            }
            Transport::Rtp(peer) => {
                let (peer, kept) = match (kind, &mut self.pictures) {
                    (MediumKind::Audio, _) => (peer, false),
                    (MediumKind::Video, Some(pictures)) => {
                        let kept = pictures.repeats();
                        (&mut pictures.transport, kept)
                    }
                    (MediumKind::Video, None) => return,
                };
                let Some(to) = peer.destination() else {
                    return;
                };
                let Some(packet) = peer.seal(packet) else {
                    return;
                };
                outlet.send(Door::Rtp(key, kind), to, packet);
                if kept {
                    medium.history.keep(header.sequence, packet, Kept::Sealed);
                }
            }
            Transport::Service(_) => return,
        }
        medium.stream.count(packet.len().saturating_sub(crate::rtp::HEADER_LEN));
    }

    /// Sends packets of its pictures again that it asks for; those that were not sent it remain.
    pub(crate) fn send_again(&mut self, key: LegKey, lost: &mut Vec<Lost>, outlet: &mut impl Outlet) {
        let Some(video) = &mut self.video else {
            return;
        };
        let ssrc = video.stream.ssrc();
        let mut send = |kept: &[u8], how: Kept| match (&mut self.transport, &self.pictures) {
            (Transport::WebRtc(browser), _) => match (how, &mut self.repair) {
                (Kept::Sealed, _) => browser.send_again(kept, outlet),
                (Kept::Clear, Some(repair)) => {
                    if let Some(packet) = repair.wrap(ssrc, kept) {
                        browser.send(packet, outlet);
                    }
                }
                (Kept::Clear, None) => {}
            },
            (Transport::Rtp(_), Some(pictures)) if how == Kept::Sealed => {
                if let Some(to) = pictures.transport.destination() {
                    outlet.send(Door::Rtp(key, MediumKind::Video), to, kept);
                }
            }
            (Transport::Rtp(_) | Transport::Service(_), _) => {}
        };
        for lost in &mut *lost {
            lost.retain(|sequence| match video.history.again(sequence) {
                Again::Packet(kept, how) => {
                    send(kept, how);
                    false
                }
                Again::Enough => false,
                Again::Unknown => true,
            });
        }
        lost.retain(|lost| !lost.is_empty());
    }

    /// Sends a compound RTCP packet, if it can be sent.
    pub(crate) fn send_rtcp(&mut self, key: LegKey, kind: MediumKind, compound: &[u8], outlet: &mut impl Outlet) {
        if let Transport::WebRtc(browser) = &mut self.transport {
            browser.send_rtcp(compound, outlet);
        } else if let Some(peer) = self.rtp_mut(kind) {
            let door = if peer.is_muxed() { Door::Rtp(key, kind) } else { Door::Rtcp(key, kind) };
            if let Some(to) = peer.rtcp_destination()
                && let Some(compound) = peer.seal_rtcp(compound)
            {
                outlet.send(door, to, compound);
            }
        }
    }

    /// What its sound is judged by.
    #[must_use]
    pub(crate) fn window(&self) -> Window {
        let Medium { reception, rtcp, playout, received, codec, .. } = &self.audio;
        Window {
            receives: self.direction.receives() && self.joined.is_some(),
            sends: self.direction.sends(),
            pauses: self
                .formats
                .iter()
                .any(|agreed| matches!(agreed.format, Format::ComfortNoise { .. } | Format::Audio(Codec::G729))),
            received: received.0,
            lost: reception.lost(),
            gaps: reception.gaps(),
            jitter: reception.jitter(),
            playout: *playout,
            heard: rtcp.heard(),
            round_trip: rtcp.round_trip(),
            codecs: (*codec, self.sent_codec()),
        }
    }

    /// What its sound is sent in: what came last of what it is joined with, where that passes, else its first codec.
    fn sent_codec(&self) -> Option<Codec> {
        let clock = self.audio.stream.clock()?;
        let codecs = self.formats.iter().filter_map(|agreed| match agreed.format {
            Format::Audio(codec) => Some((agreed.send_pt, codec)),
            _ => None,
        });
        let by_type = |&(payload_type, _): &(u8, Codec)| Some(payload_type) == self.audio.stream.payload_type();
        let by_clock = |&(_, codec): &(u8, Codec)| codec.clock() == clock;
        codecs.clone().find(by_type).or_else(|| codecs.clone().find(by_clock)).map(|(_, codec)| codec)
    }

    /// All counters.
    #[must_use]
    pub(crate) fn stats(&self) -> LegStats {
        let (received, sent) = self.watch.sounds(&self.window());
        LegStats {
            received,
            sent,
            audio: self.audio.stats(),
            video: self.video.as_ref().map(|video| video.stats()).unwrap_or_default().plus(self.video_before),
            jitter: self.audio.reception.jitter(),
            round_trip: self.audio.rtcp.round_trip(),
            remote_loss: self.audio.rtcp.remote_loss(),
            ..self.counters
        }
    }
}
