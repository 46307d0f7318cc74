//! What it costs to carry one packet from one leg to the other, without system calls.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark that cannot be set up shall say so")]

#[path = "../tests/peer/mod.rs"]
mod peer;

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::{Instant, UNIX_EPOCH};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use offhook_media::{
    Bridge, Command, Door, Event, IceCredentials, Identity, LegId, LegKey, MediaConfig, MediumKind, NewLeg, NtpClock,
    Outlet, Path, RtpRemote, Seed, SoundWishes, Timing, WebRtcLocal,
};
use peer::{Connection, PCMU};

/// 20 ms of G.711.
const PAYLOAD: [u8; 160] = [0x55; 160];
const BATCH: usize = 500;
const BROWSER: LegId = LegId(1);
const PHONE: LegId = LegId(2);
const OTHER_PHONE: LegId = LegId(3);

/// Keeps what the browser is sent while it connects, and counts all else.
#[derive(Default)]
struct Out {
    to_browser: Vec<Vec<u8>>,
    keep: bool,
    sent: u64,
}

impl Outlet for Out {
    fn send(&mut self, door: Door, _: SocketAddr, datagram: &[u8]) {
        if self.keep && matches!(door, Door::Shared(_)) {
            self.to_browser.push(datagram.to_vec());
        }
        self.sent += 1;
        black_box(datagram);
    }

    fn event(&mut self, _: Event) {}

    fn video_closed(&mut self, _: LegKey) {}

    fn closed(&mut self, _: LegKey) {}
}

struct Call {
    bridge: Bridge,
    out: Out,
    browser: Connection,
    browser_path: Path,
    phone: LegKey,
    phone_address: SocketAddr,
    now: Instant,
    sequence: u16,
}

fn new_leg(id: LegId) -> NewLeg {
    let seed = Seed { ssrc: 7 + id.0 as u32, sequence: 0, timestamp: 0 };
    NewLeg { id, seed, video: Seed { ssrc: 70 + id.0 as u32, ..seed }, cname: "bench".into() }
}

impl Call {
    /// A browser and two telephones, connected and not joined.
    fn connected() -> Self {
        let now = peer::now();
        let identity = Identity::generate().unwrap();
        let fingerprint = identity.fingerprint();
        let timing = Timing::from(&MediaConfig::default());
        let mut bridge = Bridge::new(identity, NtpClock::new(now, UNIX_EPOCH), timing);
        let browser_address = "127.0.0.1:5000".parse().unwrap();
        let shared: SocketAddr = "127.0.0.1:6000".parse().unwrap();
        let phone_address = "127.0.0.1:7000".parse().unwrap();

        let ice = IceCredentials::from_random([7; 32]);
        bridge.open_webrtc(new_leg(BROWSER), ice.clone()).unwrap();
        let phone = bridge.open_rtp(new_leg(PHONE)).unwrap();
        bridge.open_rtp(new_leg(OTHER_PHONE)).unwrap();
        let (mut browser, remote) = Connection::offer(now, browser_address, &[PCMU]);
        let candidates = vec![shared];
        let answer = WebRtcLocal {
            ice,
            fingerprint,
            candidates,
            tcp_candidates: Vec::new(),
            generation: 0,
            ssrc: 8,
            video_ssrc: 71,
            cname: "bench".into(),
        };
        browser.answered(now, &answer);
        let mut call = Self {
            bridge,
            out: Out { keep: true, ..Out::default() },
            browser,
            browser_path: Path { door: Door::Shared(0), remote: browser_address },
            phone,
            phone_address,
            now,
            sequence: 0,
        };
        call.command(Command::WebRtcRemote { leg: BROWSER, remote });
        for leg in [PHONE, OTHER_PHONE] {
            let remote = RtpRemote {
                rtp: phone_address,
                rtcp: None,
                rtcp_mux: false,
                srtp: None,
                formats: vec![PCMU],
                sound: SoundWishes::default(),
            };
            call.command(Command::RtpRemote { leg, remote });
        }
        call.handshake(shared);
        call.out.keep = false;
        call
    }

    fn handshake(&mut self, shared: SocketAddr) {
        while !self.browser.is_connected() {
            self.now += std::time::Duration::from_millis(10);
            self.browser.timeout(self.now);
            while let Some((_, mut datagram)) = self.browser.transmit() {
                self.bridge.receive_shared(self.now, self.browser_path, &mut datagram, &mut self.out);
            }
            self.bridge.timeout(self.now, &mut self.out);
            for datagram in std::mem::take(&mut self.out.to_browser) {
                self.browser.receive(self.now, shared, &datagram);
            }
        }
    }

    fn command(&mut self, command: Command) {
        self.bridge.command(self.now, command, &mut self.out);
    }

    /// Packets the browser has sealed.
    fn sealed(&mut self) -> Vec<Vec<u8>> {
        let mut sealed = Vec::with_capacity(BATCH);
        while sealed.len() < BATCH {
            self.browser.send(self.now, PCMU.send_pt, &PAYLOAD);
            while let Some((_, datagram)) = self.browser.transmit() {
                sealed.push(datagram);
            }
        }
        sealed
    }

    /// Packets a telephone sends.
    fn plain(&mut self) -> Vec<Vec<u8>> {
        (0..BATCH)
            .map(|_| {
                self.sequence = self.sequence.wrapping_add(1);
                let [high, low] = self.sequence.to_be_bytes();
                let head = [0x80, 0, high, low, 0, 0, 0, 0, 0, 0, 0, 9];
                [&head[..], &PAYLOAD].concat()
            })
            .collect()
    }

    fn carry_from_browser(&mut self, packets: Vec<Vec<u8>>) {
        let before = self.out.sent;
        for mut packet in packets {
            self.bridge.receive_shared(self.now, self.browser_path, &mut packet, &mut self.out);
        }
        assert_eq!(self.out.sent - before, BATCH as u64, "dropping is cheaper than carrying");
    }

    fn carry_from_phone(&mut self, packets: Vec<Vec<u8>>) {
        let before = self.out.sent;
        for mut packet in packets {
            self.bridge.receive_rtp(
                self.now,
                (self.phone, MediumKind::Audio),
                self.phone_address,
                &mut packet,
                &mut self.out,
            );
        }
        assert_eq!(self.out.sent - before, BATCH as u64, "dropping is cheaper than carrying");
    }
}

fn forward(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("forward");
    group.throughput(Throughput::Elements(BATCH as u64));
    let call = std::cell::RefCell::new(Call::connected());

    call.borrow_mut().command(Command::Join { a: BROWSER, b: PHONE });
    group.bench_function("browser to telephone", |bench| {
        let sealed = || call.borrow_mut().sealed();
        bench.iter_batched(sealed, |packets| call.borrow_mut().carry_from_browser(packets), BatchSize::SmallInput);
    });
    group.bench_function("telephone to browser", |bench| {
        let plain = || call.borrow_mut().plain();
        bench.iter_batched(plain, |packets| call.borrow_mut().carry_from_phone(packets), BatchSize::SmallInput);
    });
    call.borrow_mut().command(Command::Join { a: PHONE, b: OTHER_PHONE });
    group.bench_function("telephone to telephone", |bench| {
        let plain = || call.borrow_mut().plain();
        bench.iter_batched(plain, |packets| call.borrow_mut().carry_from_phone(packets), BatchSize::SmallInput);
    });
    group.finish();
}

criterion_group!(benches, forward);
criterion_main!(benches);
