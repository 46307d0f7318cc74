//! What a receiver sees of a rewritten stream.

use proptest::prelude::*;

use super::*;

const FRAME: Duration = Duration::from_millis(20);

fn source(leg: usize) -> Source {
    Source { leg, ssrc: 1 }
}

fn packet(sequence: u16, timestamp: u32) -> Header {
    Header { marker: false, payload_type: 96, sequence, timestamp, ssrc: 1 }
}

fn rewriter() -> Rewriter {
    Rewriter::new(77, 0xfffd, 0xffff_ff00)
}

#[test]
fn the_first_packet_continues_the_random_start_and_carries_the_marker() {
    let mut stream = rewriter();
    let out = stream.rewrite(crate::simulated::origin(), source(1), 8000, Part::Audio, packet(500, 9), 8).unwrap();
    assert_eq!(out, Header { marker: true, payload_type: 8, sequence: 0xfffe, timestamp: 0xffff_ff00, ssrc: 77 });
}

#[test]
fn gaps_and_reordering_of_one_source_stay_what_they_are() {
    let mut stream = rewriter();
    let now = crate::simulated::origin();
    let mut send = |sequence, timestamp| {
        stream.rewrite(now, source(1), 8000, Part::Audio, packet(sequence, timestamp), 0).unwrap()
    };
    let first = send(65534, 0);
    let lost = send(1, 480);
    let late = send(65535, 160);
    assert_eq!(lost.sequence.wrapping_sub(first.sequence), 3);
    assert_eq!(lost.timestamp.wrapping_sub(first.timestamp), 480);
    assert_eq!(late.sequence.wrapping_sub(first.sequence), 1);
    assert!(!late.marker);
}

#[test]
fn a_long_call_never_loses_a_packet() {
    let mut stream = rewriter();
    let now = crate::simulated::origin();
    for number in 0..200_000u32 {
        let header = packet(number as u16, number.wrapping_mul(160));
        let out = stream.rewrite(now, source(1), 8000, Part::Audio, header, 0).unwrap();
        assert_eq!(out.sequence, (number as u16).wrapping_add(0xfffe), "packet {number}");
    }
}

#[test]
fn another_source_continues_in_sequence_and_in_time() {
    let mut stream = rewriter();
    let now = crate::simulated::origin();
    let before = stream.rewrite(now, source(1), 8000, Part::Audio, packet(10, 1000), 0).unwrap();
    let after = stream.rewrite(now + FRAME, source(2), 8000, Part::Audio, packet(40_000, 7), 0).unwrap();
    assert_eq!(after.sequence, before.sequence.wrapping_add(1));
    assert_eq!(after.timestamp, before.timestamp.wrapping_add(160));
    assert!(after.marker);
}

#[test]
fn a_straggler_from_before_the_switch_is_dropped() {
    let mut stream = rewriter();
    let now = crate::simulated::origin();
    stream.rewrite(now, source(1), 8000, Part::Audio, packet(10, 1000), 0);
    stream.rewrite(now, source(2), 8000, Part::Audio, packet(200, 7), 0);
    assert_eq!(stream.rewrite(now, source(2), 8000, Part::Audio, packet(199, 7), 0), None);
}

#[test]
fn a_source_that_restarts_its_numbers_is_taken_as_new() {
    let mut stream = rewriter();
    let now = crate::simulated::origin();
    let before = stream.rewrite(now, source(1), 8000, Part::Audio, packet(10, 1000), 0).unwrap();
    let after = stream.rewrite(now + FRAME, source(1), 8000, Part::Audio, packet(30_000, 5), 0).unwrap();
    assert_eq!(after.sequence, before.sequence.wrapping_add(1));
}

#[test]
fn another_clock_counts_on_from_the_last_timestamp() {
    let mut stream = rewriter();
    let now = crate::simulated::origin();
    let narrow = stream.rewrite(now, source(1), 8000, Part::Audio, packet(1, 0), 0).unwrap();
    let wide = stream.rewrite(now + FRAME, source(1), 48_000, Part::Audio, packet(2, 960), 111).unwrap();
    assert_eq!(wide.timestamp, narrow.timestamp.wrapping_add(960));
}

#[test]
fn events_on_a_clock_of_their_own_keep_the_time_base() {
    let mut stream = rewriter();
    let now = crate::simulated::origin();
    stream.rewrite(now, source(1), 48_000, Part::Audio, packet(1, 0), 111);
    let mut event =
        |sequence| stream.rewrite(now, source(1), 8000, Part::Event, packet(sequence, 960), 101).unwrap().timestamp;
    assert_eq!(event(2), event(3));
}

#[test]
fn after_an_injected_packet_the_source_starts_anew_without_a_gap() {
    let mut stream = rewriter();
    let now = crate::simulated::origin();
    stream.rewrite(now, source(1), 8000, Part::Audio, packet(10, 1000), 0);
    let timestamp = stream.timestamp_at(now + FRAME, 8000);
    let injected = stream.inject(now + FRAME, 8000, timestamp, true, 101);
    let after = stream.rewrite(now + FRAME * 2, source(1), 8000, Part::Audio, packet(60, 9000), 0).unwrap();
    assert_eq!(after.sequence, injected.sequence.wrapping_add(1));
    assert_eq!(after.timestamp, injected.timestamp.wrapping_add(160));
}

proptest! {
    /// Whatever sources do, new packets only ever go forward.
    #[test]
    fn sequence_numbers_and_timestamps_never_go_back_across_switches(
        steps in proptest::collection::vec((0usize..3, any::<bool>(), any::<u16>(), any::<u32>()), 1..60)
    ) {
        let mut stream = rewriter();
        let mut now = crate::simulated::origin();
        let mut seen: Option<Header> = None;
        let mut numbers = [(0u16, 0u32); 3];
        for (leg, restart, sequence, timestamp) in steps {
            now += FRAME;
            let (last_sequence, last_timestamp) = &mut numbers[leg];
            if restart {
                (*last_sequence, *last_timestamp) = (sequence, timestamp);
            } else {
                *last_sequence = last_sequence.wrapping_add(1);
                *last_timestamp = last_timestamp.wrapping_add(160);
            }
            // A restart into the recent past reads as reordering, as it must.
            let header = packet(*last_sequence, *last_timestamp);
            let switched = stream.shift.is_none_or(|shift| shift.source != source(leg));
            let Some(out) = stream.rewrite(now, source(leg), 8000, Part::Audio, header, 0) else { continue };
            if let Some(before) = seen.filter(|_| switched) {
                prop_assert!(!is_before(out.sequence, before.sequence) && out.sequence != before.sequence);
                prop_assert!(out.marker);
            }
            seen = Some(Header { sequence: stream.sequence, ..out });
        }
    }
}

#[test]
fn only_audio_is_marked_where_a_source_begins_for_a_pictures_marker_is_its_end() {
    let mut stream = rewriter();
    let now = crate::simulated::origin();
    let mut begins = |number, part| stream.rewrite(now, source(number), 90_000, part, packet(1, 0), 96).unwrap().marker;
    assert!(!begins(1, Part::Video));
    assert!(begins(2, Part::Audio));
}

#[test]
fn what_a_receiver_says_of_the_stream_can_be_said_to_the_source() {
    let mut stream = rewriter();
    let now = crate::simulated::origin();
    assert!(stream.mapping().is_none());
    let out = stream.rewrite(now, source(3), 90_000, Part::Video, packet(65_000, 1234), 96).unwrap();
    let mapping = stream.mapping().unwrap();
    assert_eq!(mapping.source, source(3));
    assert_eq!(out.sequence.wrapping_sub(mapping.sequence), 65_000);
    assert_eq!(out.timestamp.wrapping_sub(mapping.timestamp), 1234);
    stream.interrupt();
    assert!(stream.mapping().is_none());
}

#[test]
fn a_number_goes_out_once_whatever_the_source_does() {
    let mut stream = rewriter();
    let now = crate::simulated::origin();
    let mut send = |sequence| stream.rewrite(now, source(1), 8000, Part::Audio, packet(sequence, 9000), 0);
    let first = send(1).unwrap().sequence;
    assert!(send(3).is_some() && send(2).is_some());
    assert!([1, 2, 3].into_iter().all(|number| send(number).is_none()));
    assert_eq!(send(4).unwrap().sequence, first.wrapping_add(3));
}
