//! A packet that passes as it is costs no allocation, whoever is at the two ends. Counted by an allocator that stands
//! before the system's.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a call that cannot be set up shall say so")]

mod peer;

use std::net::SocketAddr;
use std::time::{Duration, Instant, UNIX_EPOCH};

use offhook_media::{
    Bridge, Command, Door, Event, IceCredentials, Identity, LegId, LegKey, MediaConfig, MediumKind, NewLeg, NtpClock,
    Outlet, Path, RtpRemote, Seed, SoundWishes, SrtpKey, SrtpKeys, SrtpSuite, Timing, WebRtcLocal,
};
use peer::{Connection, PCMU};
use rtc_srtp::context::Context;
use rtc_srtp::protection_profile::ProtectionProfile;

/// 20 ms of G.711.
const PAYLOAD: [u8; 160] = [0x55; 160];
const FRAME: Duration = Duration::from_millis(20);
/// Packets before those that are counted: buffers grow to the size of what passes.
const WARM_UP: usize = 100;
/// Packets that are counted: ten seconds, with several reports of the relay's among them.
const COUNTED: usize = 500;
const SHARED: &str = "127.0.0.1:6000";

/// Keeps what browsers are sent while they connect, and counts all else.
#[derive(Default)]
struct Out {
    kept: Vec<(Path, Vec<u8>)>,
    keep: bool,
    sent: usize,
}

impl Outlet for Out {
    fn send(&mut self, door: Door, remote: SocketAddr, datagram: &[u8]) {
        if matches!(door, Door::Shared(_)) && self.keep {
            self.kept.push((Path { door, remote }, datagram.to_vec()));
        }
        self.sent += 1;
    }

    fn event(&mut self, _: Event) {}

    fn video_closed(&mut self, _: LegKey) {}

    fn closed(&mut self, _: LegKey) {}
}

/// One end of a call.
enum End {
    Browser(Box<Connection>, Path),
    Clear(LegKey, SocketAddr),
    Encrypted(LegKey, SocketAddr, Box<Context>),
}

/// What a leg's end is to be.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Browser,
    Clear,
    Encrypted(SrtpSuite),
}

struct World {
    bridge: Bridge,
    identity: Identity,
    out: Out,
    now: Instant,
    legs: u64,
}

impl World {
    fn new() -> Self {
        let (now, identity) = (peer::now(), Identity::generate().unwrap());
        // These browsers are too short of time to check their paths again.
        let timing = Timing { consent: Duration::from_secs(60), ..Timing::from(&MediaConfig::default()) };
        let bridge = Bridge::new(identity.clone(), NtpClock::new(now, UNIX_EPOCH), timing);
        Self { bridge, identity, out: Out::default(), now, legs: 0 }
    }

    fn open(&mut self, kind: Kind) -> (LegId, End) {
        self.legs += 1;
        let id = LegId(self.legs);
        let seed = Seed { ssrc: 70 + id.0 as u32, sequence: 0, timestamp: 0 };
        let new = NewLeg { id, seed, video: Seed { ssrc: 170 + id.0 as u32, ..seed }, cname: "name".into() };
        let address = SocketAddr::from(([127, 0, 0, 1], 7000 + 2 * id.0 as u16));
        let end = match kind {
            Kind::Browser => self.open_browser(new, address),
            Kind::Clear => End::Clear(self.open_phone(new, address, None), address),
            Kind::Encrypted(suite) => {
                let (profile, key_len, length) = at_the_library(suite);
                let key = |seed: u8| (0..length as u8).map(|at| at ^ seed).collect::<Vec<_>>();
                let keys = SrtpKeys { suite, send: SrtpKey::new(key(1)), receive: SrtpKey::new(key(2)) };
                let leg = self.open_phone(new, address, Some(keys));
                let crypto = rtc_crypto::default_provider().unwrap();
                let (theirs, salt) = (&key(2)[..key_len], &key(2)[key_len..]);
                let context = Context::new(theirs, salt, profile, None, None, crypto.crypto()).unwrap();
                End::Encrypted(leg, address, Box::new(context))
            }
        };
        (id, end)
    }

    fn open_phone(&mut self, new: NewLeg, rtp: SocketAddr, srtp: Option<SrtpKeys>) -> LegKey {
        let (leg, key) = (new.id, self.bridge.open_rtp(new).unwrap());
        let formats = vec![PCMU];
        let remote = RtpRemote { rtp, rtcp: None, rtcp_mux: false, srtp, formats, sound: SoundWishes::default() };
        self.command(Command::RtpRemote { leg, remote });
        key
    }

    fn open_browser(&mut self, new: NewLeg, address: SocketAddr) -> End {
        let (leg, ssrc, cname) = (new.id, new.seed.ssrc, new.cname.clone());
        let (shared, video_ssrc) = (SHARED.parse().unwrap(), new.video.ssrc);
        let ice = IceCredentials::from_random([leg.0 as u8; 32]);
        self.bridge.open_webrtc(new, ice.clone()).unwrap();
        let (mut browser, remote) = Connection::offer(self.now, address, &[PCMU]);
        let (fingerprint, candidates) = (self.identity.fingerprint(), vec![shared]);
        let answer = WebRtcLocal {
            ice,
            fingerprint,
            candidates,
            tcp_candidates: Vec::new(),
            generation: 0,
            ssrc,
            video_ssrc,
            cname,
        };
        browser.answered(self.now, &answer);
        self.command(Command::WebRtcRemote { leg, remote });
        let path = Path { door: Door::Shared(0), remote: address };
        self.out.keep = true;
        while !browser.is_connected() {
            self.now += Duration::from_millis(10);
            browser.timeout(self.now);
            while let Some((_, mut datagram)) = browser.transmit() {
                self.bridge.receive_shared(self.now, path, &mut datagram, &mut self.out);
            }
            self.bridge.timeout(self.now, &mut self.out);
            for (to, datagram) in std::mem::take(&mut self.out.kept) {
                if to == path {
                    browser.receive(self.now, shared, &datagram);
                }
            }
        }
        self.out.keep = false;
        End::Browser(Box::new(browser), path)
    }

    fn command(&mut self, command: Command) {
        self.bridge.command(self.now, command, &mut self.out);
    }

    /// Lets a packet arrive, and the time pass until the next.
    fn arrive(&mut self, end: &End, packet: &mut [u8]) {
        match end {
            End::Browser(_, path) => self.bridge.receive_shared(self.now, *path, packet, &mut self.out),
            End::Clear(key, from) | End::Encrypted(key, from, _) => {
                self.bridge.receive_rtp(self.now, (*key, MediumKind::Audio), *from, packet, &mut self.out);
            }
        }
        self.now += FRAME;
        self.bridge.timeout(self.now, &mut self.out);
    }
}

fn at_the_library(suite: SrtpSuite) -> (ProtectionProfile, usize, usize) {
    match suite {
        SrtpSuite::AesCm128HmacSha1_80 => (ProtectionProfile::Aes128CmHmacSha1_80, 16, 30),
        SrtpSuite::AesCm128HmacSha1_32 => (ProtectionProfile::Aes128CmHmacSha1_32, 16, 30),
        SrtpSuite::AeadAes128Gcm => (ProtectionProfile::AeadAes128Gcm, 16, 28),
        SrtpSuite::AeadAes256Gcm => (ProtectionProfile::AeadAes256Gcm, 32, 44),
    }
}

impl End {
    /// So many packets of sound as this end sends them.
    fn packets(&mut self, now: Instant, count: usize) -> Vec<Vec<u8>> {
        if let Self::Browser(browser, _) = self {
            let mut packets = Vec::new();
            while packets.len() < count {
                browser.send(now, PCMU.send_pt, &PAYLOAD);
                packets.extend(std::iter::from_fn(|| browser.transmit()).map(|(_, packet)| packet));
            }
            return packets;
        }
        let plain = (1..=count as u32).map(|number| {
            let head = [0x80, 0, (number >> 8) as u8, number as u8];
            [&head[..], &(number * 160).to_be_bytes(), &[0, 0, 0, 9], &PAYLOAD].concat()
        });
        match self {
            Self::Encrypted(_, _, context) => {
                plain.map(|packet| context.encrypt_rtp(&packet).unwrap().to_vec()).collect()
            }
            _ => plain.collect(),
        }
    }
}

#[test]
fn nothing_is_allocated_for_a_packet_that_passes() {
    use Kind::{Browser, Clear, Encrypted};
    let suites = [
        SrtpSuite::AesCm128HmacSha1_80,
        SrtpSuite::AesCm128HmacSha1_32,
        SrtpSuite::AeadAes128Gcm,
        SrtpSuite::AeadAes256Gcm,
    ];
    let pairs = [(Browser, Browser), (Browser, Clear), (Clear, Browser), (Clear, Clear)].into_iter();
    let encrypted = suites
        .map(Encrypted)
        .into_iter()
        .flat_map(|sdes| [(Browser, sdes), (sdes, Browser), (sdes, Clear), (Clear, sdes), (sdes, sdes)]);
    for (from, to) in pairs.chain(encrypted) {
        let mut world = World::new();
        let ((a, mut speaker), (b, _)) = (world.open(from), world.open(to));
        world.command(Command::Join { a, b });
        let mut packets = speaker.packets(world.now, WARM_UP + COUNTED);
        let (warm_up, counted) = packets.split_at_mut(WARM_UP);
        for packet in warm_up {
            world.arrive(&speaker, packet);
        }
        let before = world.out.sent;
        let allocations = allocation_counter::measure(|| {
            for packet in &mut *counted {
                world.arrive(&speaker, packet);
            }
        });
        assert!(world.out.sent - before >= counted.len(), "{from:?} to {to:?}: what is dropped costs nothing either");
        assert_eq!(allocations.count_total, 0, "{from:?} to {to:?}: {allocations:?}");
    }
}

#[test]
fn what_is_allocated_is_counted() {
    let allocations = allocation_counter::measure(|| drop(std::hint::black_box(Box::new(PAYLOAD))));
    assert_eq!(allocations.count_total, 1);
}
