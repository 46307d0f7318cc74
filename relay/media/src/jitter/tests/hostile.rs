//! Senders that keep to nothing.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::jitter::slots::{MAX_PAYLOAD, SLOTS};

/// What may happen to a buffer.
#[derive(Debug, Clone)]
enum Happening {
    Packet {
        sequence: u16,
        timestamp: u32,
        ssrc: u32,
        clock: u32,
        length: usize,
    },
    /// The packet that comes next as it should.
    Proper {
        held: u8,
    },
    Other {
        sequence: u16,
    },
    Next,
    Decoded(u32),
    Pause,
    Wait(u16),
}

fn happening() -> impl Strategy<Value = Happening> {
    let near = prop_oneof![any::<u16>(), 0u16..200, 65_400u16..];
    prop_oneof![
        2 => (near.clone(), any::<u32>(), 0u32..3, prop_oneof![Just(8000), Just(16_000), Just(48_000), Just(0)], 0usize..1700)
            .prop_map(|(sequence, timestamp, ssrc, clock, length)| Happening::Packet { sequence, timestamp, ssrc, clock, length }),
        6 => any::<u8>().prop_map(|held| Happening::Proper { held }),
        1 => near.prop_map(|sequence| Happening::Other { sequence }),
        6 => Just(Happening::Next),
        1 => any::<u32>().prop_map(Happening::Decoded),
        1 => Just(Happening::Pause),
        4 => prop_oneof![0u16..60, any::<u16>()].prop_map(Happening::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn nothing_makes_it_panic_or_hold_more_than_it_may(happenings in vec(happening(), 0..600)) {
        let mut buffer = JitterBuffer::new(MAX);
        let start = crate::simulated::origin();
        let (mut now, mut index) = (start, 0u32);
        for happening in happenings {
            match happening {
                Happening::Packet { sequence, timestamp, ssrc, clock, length } => {
                    let header = Header { marker: false, payload_type: 0, sequence, timestamp, ssrc };
                    buffer.insert(now, clock, &header, &vec![0; length]);
                }
                Happening::Proper { held } => {
                    index = index.wrapping_add(1 + u32::from(held == 0));
                    let header = Header {
                        marker: false, payload_type: 0, sequence: index as u16, timestamp: index.wrapping_mul(160), ssrc: 1,
                    };
                    buffer.insert(now, 8000, &header, &[0; 160]);
                }
                Happening::Other { sequence } => {
                    buffer.pass_by(&Header { marker: false, payload_type: 101, sequence, timestamp: 0, ssrc: 1 });
                }
                Happening::Next => {
                    if let Playout::Lost { ticks, .. } = buffer.next(now) {
                        prop_assert!(ticks > 0 && ticks <= 48_000 * 120 / 1000);
                    }
                }
                Happening::Decoded(ticks) => buffer.decoded(ticks),
                Happening::Pause => buffer.pause(),
                Happening::Wait(milliseconds) => now += ms(u64::from(milliseconds)),
            }
            prop_assert!(buffer.slots.held() <= 2 * SLOTS as usize * MAX_PAYLOAD);
            prop_assert!(buffer.target() <= MAX);
        }
    }

    #[test]
    fn whatever_a_network_does_packets_are_played_in_order_and_at_most_once(
        held in vec(prop_oneof![5 => Just(Some(5.0)), 3 => (0.0..80.0).prop_map(Some), 1 => (0.0..900.0).prop_map(Some), 1 => Just(None)], 1..400),
        length in prop_oneof![Just(10u64), Just(20), Just(30), Just(60)],
    ) {
        let packets = stream(length, held.len() as u32, |index| held[index as usize]);
        let sent = packets.len() as u64;
        let (heard, counts) = played(packets);
        prop_assert!(heard.is_in_order());
        prop_assert_eq!(counts.played, heard.played.len() as u64);
        prop_assert_eq!(counts.played + counts.late + counts.skipped + counts.duplicates, sent);
    }

    #[test]
    fn after_any_jump_the_stream_is_heard_again(sequence in any::<u16>(), timestamp in any::<u32>(), ssrc in 1u32..3) {
        let mut packets = stream(20, 400, |_| Some(5.0));
        for (index, packet) in (0u32..).zip(packets.iter_mut()).skip(200) {
            packet.header.ssrc = ssrc;
            packet.header.sequence = packet.header.sequence.wrapping_add(sequence);
            packet.header.timestamp = timestamp.wrapping_add(index * 160);
        }
        let (heard, _) = played(packets);
        let last = heard.played.last().unwrap().1.timestamp;
        prop_assert_eq!(last, timestamp.wrapping_add(399 * 160));
        // Numbers from just behind are late packets; after a hundred of them that is over.
        prop_assert!(heard.played.len() >= 290, "{}", heard.played.len());
    }
}

#[test]
fn one_forged_packet_does_not_end_a_stream() {
    let mut packets = stream(20, 500, |_| Some(5.0));
    for (index, forged) in [(100, 20_000u16), (200, 40_000), (300, 1)] {
        let mut packet = packets[index].clone();
        packet.header.sequence = packet.header.sequence.wrapping_add(forged.wrapping_mul(101));
        packet.header.ssrc = u32::from(forged % 2);
        packets.push(packet);
    }
    let (heard, counts) = played(packets);
    assert_eq!(counts.restarts, 0);
    assert!(counts.played >= 499, "{counts:?}");
    assert!(heard.is_in_order());
}

#[test]
fn a_stream_in_motion_takes_no_more_memory() {
    let mut buffer = JitterBuffer::new(MAX);
    let early = play(&mut buffer, stream(20, 200, |_| Some(5.0))).bytes;
    assert_eq!(early, 64 * 160);
    let mut buffer = JitterBuffer::new(MAX);
    assert_eq!(play(&mut buffer, stream(20, 20_000, |_| Some(5.0))).bytes, early);
}
