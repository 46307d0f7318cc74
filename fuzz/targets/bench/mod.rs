//! Two telephones joined, one of which knows codecs that the other does not, and a browser that has not connected, on simulated time.
#![allow(dead_code, reason = "each target uses its own part of it")]

use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::{Duration, Instant, UNIX_EPOCH};

use offhook_media::{
    Bridge, Codec, Command, Door, Event, Format, IceCredentials, Identity, LegId, LegKey, MediaConfig, MediumKind,
    NewLeg, NtpClock, Outlet, Path, PayloadFormat, RtpRemote, Seed, SoundWishes, Timing,
};

pub const PHONE: usize = 0;
pub const OTHER: usize = 1;
/// The payload types of keys.
pub const KEYS_NARROW: u8 = 101;
pub const KEYS_WIDE: u8 = 110;

/// Sockets are read into so much room, and what fills it is dropped as cut off.
const ROOM: usize = 2048;

/// Making one takes longer than all else.
static IDENTITY: LazyLock<Identity> = LazyLock::new(|| Identity::generate().expect("randomness is there"));

pub struct Bench {
    bridge: Bridge,
    now: Instant,
    phones: [(LegKey, SocketAddr); 2],
    /// Datagrams sent so far.
    pub sent: usize,
    /// What was told.
    pub events: Vec<Event>,
}

/// Counts what leaves.
#[derive(Default)]
struct Out {
    sent: usize,
    events: Vec<Event>,
}

impl Outlet for Out {
    fn send(&mut self, _: Door, to: SocketAddr, datagram: &[u8]) {
        assert!(!datagram.is_empty() && datagram.len() < ROOM && to.port() != 0);
        self.sent += 1;
    }

    fn event(&mut self, event: Event) {
        self.events.push(event);
    }

    fn video_closed(&mut self, _: LegKey) {}

    fn closed(&mut self, _: LegKey) {}
}

fn new_leg(id: u64) -> NewLeg {
    let seed = Seed { ssrc: 7, sequence: 0, timestamp: 0 };
    NewLeg { id: LegId(id), seed, video: Seed { ssrc: 70, ..seed }, cname: "fuzz".into() }
}

fn formats() -> Vec<PayloadFormat> {
    let both = |format, payload_type| PayloadFormat { format, receive_pt: payload_type, send_pt: payload_type };
    vec![
        both(Format::Audio(Codec::Pcma), 8),
        both(Format::Audio(Codec::Opus), 111),
        both(Format::TelephoneEvent { clock: 8000 }, KEYS_NARROW),
        both(Format::TelephoneEvent { clock: 48_000 }, KEYS_WIDE),
    ]
}

/// What only the first of them knows, and has to be decoded for the other.
fn more_formats() -> Vec<PayloadFormat> {
    let both = |format, payload_type| PayloadFormat { format, receive_pt: payload_type, send_pt: payload_type };
    let codecs = [(Codec::Pcmu, 0), (Codec::G722, 9), (Codec::G729, 18), (Codec::Speex8, 97), (Codec::Speex16, 98)];
    let audio = codecs.map(|(codec, payload_type)| both(Format::Audio(codec), payload_type));
    audio.into_iter().chain([both(Format::ComfortNoise { clock: 8000 }, 13)]).collect()
}

impl Bench {
    pub fn new() -> Self {
        let now = Instant::now();
        let config = MediaConfig::default();
        let mut bridge = Bridge::new(IDENTITY.clone(), NtpClock::new(now, UNIX_EPOCH), Timing::from(&config));
        let mut phone = |id: u64| bridge.open_rtp(new_leg(id)).expect("the id is free");
        let phones = [(phone(1), ([192, 0, 2, 1], 4000).into()), (phone(2), ([192, 0, 2, 2], 4000).into())];
        bridge.open_webrtc(new_leg(3), IceCredentials::from_random([7; 32])).expect("the id is free");
        let mut bench = Self { bridge, now, phones, sent: 0, events: Vec::new() };
        for (leg, rtp, more) in [(1, phones[0].1, more_formats()), (2, phones[1].1, Vec::new())] {
            let formats = [formats(), more].concat();
            let sound = SoundWishes::default();
            let remote = RtpRemote { rtp, rtcp: None, rtcp_mux: false, srtp: None, formats, sound };
            bench.command(Command::RtpRemote { leg: LegId(leg), remote });
            bench.command(Command::Supervise { leg: LegId(leg) });
        }
        bench.command(Command::Join { a: LegId(1), b: LegId(2) });
        bench
    }

    /// A datagram on a telephone's RTP port; whether it may be a report.
    pub fn rtp(&mut self, phone: usize, datagram: &[u8]) -> bool {
        let (key, from) = self.phones[phone];
        let mut datagram = datagram[..datagram.len().min(ROOM - 1)].to_vec();
        let is_report = datagram.get(1).is_some_and(|kind| (192..=223).contains(kind));
        self.with(|bridge, now, out| bridge.receive_rtp(now, (key, MediumKind::Audio), from, &mut datagram, out));
        is_report
    }

    /// A datagram on its RTCP port.
    pub fn rtcp(&mut self, phone: usize, datagram: &[u8]) -> bool {
        let (key, from) = self.phones[phone];
        let from = SocketAddr::new(from.ip(), from.port() + 1);
        self.with(|bridge, now, out| bridge.receive_rtcp(now, (key, MediumKind::Audio), from, &mut datagram.to_vec(), out));
        true
    }

    /// A datagram on the socket of the browsers.
    pub fn shared(&mut self, datagram: &[u8]) -> bool {
        let path = Path { door: Door::Shared(0), remote: ([192, 0, 2, 3], 5000).into() };
        self.with(|bridge, now, out| bridge.receive_shared(now, path, &mut datagram.to_vec(), out));
        false
    }

    /// Lets so many milliseconds pass.
    pub fn pass(&mut self, ms: u64) {
        let until = self.now + Duration::from_millis(ms);
        // A deadline that comes again without time passing would be a loop.
        for _ in 0..10_000 {
            let Some(due) = self.bridge.deadline().filter(|due| *due <= until) else {
                self.now = until;
                return;
            };
            self.now = self.now.max(due);
            self.with(|bridge, now, out| bridge.timeout(now, out));
        }
        panic!("the timers do not come to rest");
    }

    /// Closes everything, after which nothing is due.
    pub fn end(mut self) {
        self.with(|bridge, now, out| bridge.close_all(now, out));
        assert_eq!((self.bridge.legs(), self.bridge.deadline()), (0, None));
    }

    fn command(&mut self, command: Command) {
        self.with(|bridge, now, out| bridge.command(now, command, out));
    }

    fn with(&mut self, act: impl FnOnce(&mut Bridge, Instant, &mut Out)) {
        let mut out = Out::default();
        act(&mut self.bridge, self.now, &mut out);
        self.sent += out.sent;
        self.events.append(&mut out.events);
    }
}
