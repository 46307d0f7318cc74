//! Coded speech through two legs, as a call has them, on simulated time.
//!
//! Reads jobs, one a line, from the file that is named: `FROM TO INPUT OUTPUT LOSS OPTIONS`. The packets of INPUT, 20 ms
//! each, come to a leg whose only codec is FROM; what the leg beside it, whose only codec is TO, is sent is written to
//! OUTPUT. LOSS is what that leg reports as lost, in per cent; OPTIONS are `fec` or `dtx`, which that leg asks for, `jitter`,
//! by which packets come up to 60 ms late, or `-`. In both files a packet is its length, in two bytes, little end first, and
//! its payload. In INPUT one without a payload was lost, and one of the length 65535 is none: nothing was sent. OUTPUT has one
//! without a payload where nothing was sent.
//!
//! `tests/quality/measure.py` makes the input and judges the output.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a tool for measurements that cannot go on shall say so")]
#![allow(clippy::indexing_slicing, clippy::disallowed_methods, reason = "as above; and time has to begin somewhere")]

use std::net::SocketAddr;
use std::time::{Duration, Instant, UNIX_EPOCH};

use offhook_media::{
    Bridge, Codec, Command, Door, Event, Format, Identity, LegId, LegKey, MediaConfig, MediumKind, NewLeg, NtpClock,
    Outlet, PayloadFormat, RtpRemote, Seed, SoundWishes, Timing,
};

const SPEAKER: LegId = LegId(1);
const LISTENER: LegId = LegId(2);
const SSRC: u32 = 0x0102_0304;
/// Of either.
const PAYLOAD_TYPE: u8 = 96;

fn main() {
    let jobs = std::fs::read_to_string(std::env::args().nth(1).unwrap()).unwrap();
    for job in jobs.lines() {
        let words: Vec<&str> = job.split_whitespace().collect();
        let [from, to, input, output, loss, options] = words[..] else { panic!("not a job: {job}") };
        let mut call = Call::new(codec(from), codec(to), options);
        let loss: u8 = loss.parse().unwrap();
        let mut coming = arrivals(&packets(&std::fs::read(input).unwrap()), options == "jitter").into_iter().peekable();
        let frames = coming.clone().map(|packet| packet.frame + 1).max().unwrap_or(0);
        // A millisecond at a time.
        for time in 0..frames * 20 + 100 {
            while let Some(packet) = coming.next_if(|packet| packet.at <= time) {
                call.speak(&packet);
            }
            if time % 1000 == 0 && loss > 0 {
                call.report(loss);
            }
            call.pass(Duration::from_millis(1));
        }
        call.pass(Duration::from_millis(400));
        std::fs::write(output, call.out.heard(call.ticks)).unwrap();
    }
}

fn codec(label: &str) -> Codec {
    Codec::from_label(label).unwrap()
}

/// Payloads; `None` where nothing was sent.
fn packets(mut file: &[u8]) -> Vec<Option<Vec<u8>>> {
    let mut packets = Vec::new();
    while let Some((length, rest)) = file.split_first_chunk::<2>() {
        let length = u16::from_le_bytes(*length);
        let (payload, rest) = rest.split_at(if length == u16::MAX { 0 } else { usize::from(length) });
        packets.push((length != u16::MAX).then(|| payload.to_vec()));
        file = rest;
    }
    packets
}

/// A packet that comes, after so many milliseconds.
#[derive(Clone)]
struct Arrival {
    at: u32,
    number: u16,
    frame: u32,
    payload: Vec<u8>,
}

/// What comes of those, in the order it does.
fn arrivals(packets: &[Option<Vec<u8>>], jitter: bool) -> Vec<Arrival> {
    let (mut number, mut dice) = (0u16, 1u32);
    let mut arrivals = Vec::new();
    for (frame, payload) in (0u32..).zip(packets) {
        let Some(payload) = payload else { continue };
        number = number.wrapping_add(1);
        dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let late = if jitter { (dice >> 16) % 60 } else { 0 };
        if !payload.is_empty() {
            arrivals.push(Arrival { at: frame * 20 + late, number, frame, payload: payload.clone() });
        }
    }
    arrivals.sort_by_key(|packet| packet.at);
    arrivals
}

/// What the listener is sent: RTP timestamps and payloads.
#[derive(Default)]
struct Out {
    listener: LegKey,
    heard: Vec<(u32, Vec<u8>)>,
}

impl Out {
    /// As the file has it, with nothing where nothing was sent.
    fn heard(&self, ticks: u32) -> Vec<u8> {
        let mut file = Vec::new();
        let mut expected = self.heard.first().map_or(0, |(timestamp, _)| *timestamp);
        for (timestamp, payload) in &self.heard {
            while (timestamp.wrapping_sub(expected) as i32) > 0 {
                file.extend([0, 0]);
                expected = expected.wrapping_add(ticks);
            }
            file.extend((payload.len() as u16).to_le_bytes());
            file.extend(payload);
            expected = timestamp.wrapping_add(ticks);
        }
        file
    }
}

impl Outlet for Out {
    fn send(&mut self, door: Door, _: SocketAddr, datagram: &[u8]) {
        if door == Door::Rtp(self.listener, MediumKind::Audio) && datagram[1] & 0x7f == PAYLOAD_TYPE {
            let timestamp = u32::from_be_bytes(datagram[4..8].try_into().unwrap());
            self.heard.push((timestamp, datagram[12..].to_vec()));
        }
    }

    fn event(&mut self, _: Event) {}

    fn video_closed(&mut self, _: LegKey) {}

    fn closed(&mut self, _: LegKey) {}
}

struct Call {
    bridge: Bridge,
    out: Out,
    now: Instant,
    speaker: LegKey,
    /// RTP ticks of a frame, of the speaker's clock and of the listener's.
    spoken: u32,
    ticks: u32,
}

impl Call {
    fn new(from: Codec, to: Codec, options: &str) -> Self {
        let now = Instant::now();
        let timing = Timing::from(&MediaConfig::default());
        let mut bridge = Bridge::new(Identity::generate().unwrap(), NtpClock::new(now, UNIX_EPOCH), timing);
        let leg = |id, ssrc| {
            let seed = Seed { ssrc, sequence: 0, timestamp: 0 };
            NewLeg { id, seed, video: Seed { ssrc: ssrc + 1, ..seed }, cname: "speech".into() }
        };
        let speaker = bridge.open_rtp(leg(SPEAKER, 10)).unwrap();
        let listener = bridge.open_rtp(leg(LISTENER, SSRC)).unwrap();
        let (spoken, ticks) = (from.clock() / 50, to.clock() / 50);
        let out = Out { listener, ..Out::default() };
        let mut call = Self { bridge, out, now, speaker, spoken, ticks };
        for (leg, codec) in [(SPEAKER, from), (LISTENER, to)] {
            let formats =
                vec![PayloadFormat { format: Format::Audio(codec), receive_pt: PAYLOAD_TYPE, send_pt: PAYLOAD_TYPE }];
            let sound =
                SoundWishes { opus_fec: options == "fec", opus_dtx: options == "dtx", ..SoundWishes::default() };
            let remote = RtpRemote { rtp: address(leg, 0), rtcp: None, rtcp_mux: false, srtp: None, formats, sound };
            call.command(Command::RtpRemote { leg, remote });
        }
        call.command(Command::Join { a: SPEAKER, b: LISTENER });
        call
    }

    fn command(&mut self, command: Command) {
        self.bridge.command(self.now, command, &mut self.out);
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.bridge.deadline().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.bridge.timeout(self.now, &mut self.out);
        }
        self.now = end;
    }

    fn speak(&mut self, packet: &Arrival) {
        let mut bytes = vec![0x80, PAYLOAD_TYPE];
        bytes.extend(packet.number.to_be_bytes());
        bytes.extend(packet.frame.wrapping_mul(self.spoken).to_be_bytes());
        bytes.extend([0, 0, 0, 9]);
        bytes.extend(&packet.payload);
        let key = (self.speaker, MediumKind::Audio);
        self.bridge.receive_rtp(self.now, key, address(SPEAKER, 0), &mut bytes, &mut self.out);
    }

    /// The listener reports that it loses so many of a hundred (RFC 3550 section 6.4.2).
    fn report(&mut self, percent: u8) {
        let lost = (u16::from(percent) * 256 / 100) as u8;
        let mut report = [&[0x81, 201, 0, 7, 0, 0, 0, 5][..], &SSRC.to_be_bytes(), &[lost, 0, 0, 1], &[0; 16]].concat();
        let key = (self.out.listener, MediumKind::Audio);
        self.bridge.receive_rtcp(self.now, key, address(LISTENER, 1), &mut report, &mut self.out);
    }
}

fn address(leg: LegId, beside: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, leg.0 as u8], 4000 + beside))
}
