//! What a call costs whose two ends have no codec in common, both ways, without system calls: calls a core can carry.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::{Duration, Instant, UNIX_EPOCH};

use audio_codec::Encoder as _;
use audio_codec::g722::G722Encoder;
use audio_codec_algorithms::{convert_ulaw_to_alaw, decode_ulaw};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use offhook_media::{
    Bridge, Codec, Command, Door, Event, Format, Identity, LegId, LegKey, MediaConfig, MediumKind, NewLeg, NtpClock,
    Outlet, PayloadFormat, RtpRemote, Seed, SoundWishes, Timing,
};

/// A spoken sentence, over and over: silence would cost less.
const SPEECH: &[u8] = include_bytes!("../assets/sentence.ulaw");
const FRAME: Duration = Duration::from_millis(20);
/// Packets of one end in a second.
const SECOND: usize = 50;
const ENDS: [LegId; 2] = [LegId(1), LegId(2)];

/// Counts what comes out.
#[derive(Default)]
struct Out {
    sent: u64,
}

impl Outlet for Out {
    fn send(&mut self, door: Door, _: SocketAddr, datagram: &[u8]) {
        if matches!(door, Door::Rtp(..)) {
            self.sent += 1;
        }
        black_box(datagram);
    }

    fn event(&mut self, _: Event) {}

    fn closed(&mut self, _: LegKey) {}

    fn video_closed(&mut self, _: LegKey) {}
}

/// A call between two telephones.
struct Call {
    bridge: Bridge,
    out: Out,
    ends: [End; 2],
    now: Instant,
}

/// A telephone, and what it says.
struct End {
    key: LegKey,
    address: SocketAddr,
    payload_type: u8,
    ticks: u32,
    payloads: Vec<Vec<u8>>,
    said: usize,
}

impl End {
    fn new(codec: Codec, key: LegKey, address: SocketAddr) -> Self {
        let (payload_type, ticks) = (payload_type(codec), codec.clock() / SECOND as u32);
        Self { key, address, payload_type, ticks, payloads: speech(codec), said: 0 }
    }

    fn packet(&mut self) -> Vec<u8> {
        let number = self.said;
        self.said += 1;
        let [high, low] = (number as u16).to_be_bytes();
        let timestamp = (number as u32).wrapping_mul(self.ticks).to_be_bytes();
        let head = [&[0x80, self.payload_type, high, low][..], &timestamp, &[0, 0, 0, 9]].concat();
        [&head[..], &self.payloads[number % self.payloads.len()]].concat()
    }
}

impl Call {
    fn between(codecs: [Codec; 2]) -> Self {
        let now = now();
        let timing = Timing::from(&MediaConfig::default());
        let mut bridge = Bridge::new(Identity::generate().unwrap(), NtpClock::new(now, UNIX_EPOCH), timing);
        let mut out = Out::default();
        let ends = [0, 1].map(|at| {
            let leg = ENDS[at];
            let seed = Seed { ssrc: 7 + leg.0 as u32, sequence: 0, timestamp: 0 };
            let video = Seed { ssrc: 70 + leg.0 as u32, ..seed };
            let key = bridge.open_rtp(NewLeg { id: leg, seed, video, cname: "bench".into() }).unwrap();
            let rtp = SocketAddr::from(([192, 0, 2, 1 + at as u8], 4000));
            let payload_type = payload_type(codecs[at]);
            let format = Format::Audio(codecs[at]);
            let formats = vec![PayloadFormat { format, receive_pt: payload_type, send_pt: payload_type }];
            let sound = SoundWishes { opus_fec: true, ..SoundWishes::default() };
            let remote = RtpRemote { rtp, rtcp: None, rtcp_mux: false, srtp: None, formats, sound };
            bridge.command(now, Command::RtpRemote { leg, remote }, &mut out);
            End::new(codecs[at], key, rtp)
        });
        bridge.command(now, Command::Join { a: ENDS[0], b: ENDS[1] }, &mut out);
        Self { bridge, out, ends, now }
    }

    /// Both talk for a second.
    fn talk(&mut self) {
        let before = self.out.sent;
        for _ in 0..SECOND {
            for end in &mut self.ends {
                let mut packet = end.packet();
                let socket = (end.key, MediumKind::Audio);
                self.bridge.receive_rtp(self.now, socket, end.address, &mut packet, &mut self.out);
            }
            let end = self.now + FRAME;
            while let Some(due) = self.bridge.deadline().filter(|&due| due <= end) {
                self.now = self.now.max(due);
                self.bridge.timeout(self.now, &mut self.out);
            }
            self.now = end;
        }
        let sent = self.out.sent - before;
        assert!((95..=101).contains(&sent), "{sent} packets of 100: dropping is cheaper than decoding");
    }
}

#[expect(clippy::disallowed_methods, reason = "a beginning for simulated time")]
fn now() -> Instant {
    Instant::now()
}

fn payload_type(codec: Codec) -> u8 {
    codec.static_payload_type().unwrap_or(111)
}

/// Packets of 20 ms in which the sentence is spoken.
fn speech(codec: Codec) -> Vec<Vec<u8>> {
    let frames = SPEECH.chunks_exact(160);
    let samples = |frame: &[u8]| frame.iter().map(|&code| decode_ulaw(code)).collect::<Vec<i16>>();
    match codec {
        Codec::Pcmu => frames.map(<[u8]>::to_vec).collect(),
        Codec::Pcma => frames.map(|frame| frame.iter().map(|&code| convert_ulaw_to_alaw(code)).collect()).collect(),
        Codec::G722 => {
            let mut encoder = G722Encoder::new();
            frames
                .map(|frame| {
                    let doubled: Vec<i16> = samples(frame).into_iter().flat_map(|sample| [sample; 2]).collect();
                    let mut payload = vec![0; 160];
                    encoder.encode_into(&doubled, &mut payload).unwrap();
                    payload
                })
                .collect()
        }
        Codec::Opus => {
            let mut encoder = opus::Encoder::new(48_000, opus::Channels::Mono, opus::Application::Voip).unwrap();
            encoder.set_bitrate(opus::Bitrate::Bits(40_000)).unwrap();
            frames
                .map(|frame| {
                    let sound: Vec<i16> = samples(frame).into_iter().flat_map(|sample| [sample; 6]).collect();
                    encoder.encode_vec(&sound, 1275).unwrap()
                })
                .collect()
        }
        Codec::G729 | Codec::Speex8 | Codec::Speex16 => panic!("there is no speech in {}", codec.label()),
    }
}

fn transcode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a second of a call between");
    // Calls that a core carries: a second over the time that a second of one takes.
    group.throughput(Throughput::Elements(1));
    for pair in
        [[Codec::Opus, Codec::Pcmu], [Codec::Opus, Codec::G722], [Codec::G722, Codec::Pcmu], [Codec::Pcma, Codec::Pcmu]]
    {
        let mut call = Call::between(pair);
        // The jitter buffers come to rest.
        (0..3).for_each(|_| call.talk());
        let [one, other] = pair.map(Codec::label);
        group.bench_function(format!("{one} and {other}"), |bench| bench.iter(|| call.talk()));
    }
    group.finish();
}

criterion_group!(benches, transcode);
criterion_main!(benches);
