//! Keys: as telephone-events of either clock, and as the bodies of INFO requests.
#![no_main]

mod bench;

use std::time::Duration;

use bench::{Bench, KEYS_NARROW, KEYS_WIDE, OTHER, PHONE};
use libfuzzer_sys::fuzz_target;
use offhook_media::Event;
use offhook_sip::info::{DTMF, DTMF_RELAY, Key};
use offhook_sip::message::MediaType;

fuzz_target!(|data: &[u8]| {
    let Some((&kind, data)) = data.split_first() else { return };
    match kind % 4 {
        0 => body(DTMF, data),
        1 => body(DTMF_RELAY, data),
        2 => events(data, KEYS_NARROW),
        _ => events(data, KEYS_WIDE),
    }
});

/// What is read is a key of a telephone, pressed for a while, and reads the same once it is written.
fn body(kind: &str, body: &[u8]) {
    let kind = MediaType::parse(kind.as_bytes()).expect("it is one");
    let Some(key) = Key::parse(&kind, body) else { return };
    assert!(key.event() < 16 && key.duration().is_none_or(|duration| duration <= Duration::from_secs(8)));
    let again = if kind.is(DTMF) { key.to_dtmf() } else { key.to_dtmf_relay() };
    assert_eq!(Key::parse(&kind, again.as_bytes()), Some(key));
}

/// Packets of eight bytes: steps of sequence number, timestamp and time, a marker, and the payload.
fn events(data: &[u8], payload_type: u8) {
    let mut bench = Bench::new();
    let (mut sequence, mut timestamp) = (0_u16, 0_u32);
    let (mut packets, mut heard) = (0, 0);
    for chunk in data.chunks(8).take(200) {
        let [steps, ticks, wait, more, payload @ ..] = chunk else { break };
        sequence = sequence.wrapping_add(u16::from(steps & 7)).wrapping_sub(u16::from(steps >> 6));
        timestamp = timestamp.wrapping_add(u32::from(*ticks) * 40).wrapping_sub(u32::from(more >> 6) * 160);
        let mut packet = vec![0x80, payload_type | (more & 1) << 7];
        packet.extend(sequence.to_be_bytes());
        packet.extend(timestamp.to_be_bytes());
        packet.extend(u32::from(more >> 1 & 3).to_be_bytes());
        packet.extend(payload);
        packets += 1;
        bench.rtp(PHONE, &packet);
        bench.pass(u64::from(*wait));
    }
    bench.pass(60_000);
    for event in bench.events.drain(..) {
        if let Event::Dtmf { duration, .. } = event {
            heard += 1;
            assert!(duration <= Duration::from_secs(9), "longer than its length can tell: {duration:?}");
        }
    }
    assert!(heard <= packets, "{heard} keys out of {packets} packets");
    bench.rtp(OTHER, data);
    bench.end();
}
