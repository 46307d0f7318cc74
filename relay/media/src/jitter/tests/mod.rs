//! The buffer on simulated time.

mod hostile;
mod networks;
mod simulation;

use std::time::Duration;

use super::*;
use simulation::{Heard, MAX, Sent, play, stream};

const FRAME: Duration = Duration::from_millis(20);

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn played(packets: Vec<Sent>) -> (Heard, Counts) {
    let mut buffer = JitterBuffer::new(MAX);
    let heard = play(&mut buffer, packets);
    (heard, buffer.counts())
}

#[test]
fn an_even_stream_is_played_whole_and_with_the_least_delay() {
    let (heard, counts) = played(stream(20, 500, |_| Some(30.0)));
    assert_eq!((counts.played, counts.lost, counts.late, counts.skipped), (500, 0, 0, 0));
    assert!(heard.is_in_order());
    assert!(heard.mean_delay(0.5) <= ms(45), "{:?}", heard.mean_delay(0.5));
    assert!(counts.concealed <= ms(200), "what follows the last packet: {:?}", counts.concealed);
}

#[test]
fn packets_of_any_length_are_played_whole() {
    for length in [10, 20, 30, 40, 60] {
        let (heard, counts) = played(stream(length, 300, |_| Some(5.0)));
        assert_eq!((counts.played, counts.lost, counts.skipped), (300, 0, 0), "{length} ms");
        assert!(heard.mean_delay(0.5) <= ms(length) + ms(25), "{length} ms: {:?}", heard.mean_delay(0.5));
        assert_eq!(heard.longest_nothing, Duration::ZERO, "{length} ms");
    }
}

#[test]
fn reordered_packets_are_played_in_their_order() {
    let (heard, counts) = played(stream(20, 1000, |index| Some(if index % 10 == 3 { 30.0 } else { 5.0 })));
    assert!(heard.is_in_order());
    assert!(counts.played >= 990 && counts.late <= 10, "{counts:?}");
}

#[test]
fn a_duplicate_is_played_once() {
    let mut packets = stream(20, 200, |_| Some(5.0));
    packets.extend(stream(20, 200, |_| Some(11.0)));
    packets.extend(stream(20, 200, |_| Some(90.0)));
    let (heard, counts) = played(packets);
    assert_eq!((counts.played, counts.duplicates, counts.late, counts.lost), (200, 400, 0, 0));
    assert!(heard.is_in_order());
}

#[test]
fn a_lost_packet_is_made_up_for_in_its_length() {
    let (heard, counts) = played(stream(20, 1000, |index| (index % 20 != 7).then_some(5.0)));
    assert_eq!((counts.played, counts.lost), (950, 50));
    assert_eq!(heard.longest_nothing, Duration::ZERO);
    let missing = ms(20) * 50;
    assert!(heard.concealed >= missing && heard.concealed <= missing + ms(260), "{:?}", heard.concealed);
}

#[test]
fn where_packets_are_redundant_a_lost_one_is_in_the_next() {
    let packets = stream(20, 1000, |index| (index % 20 != 7).then_some(5.0));
    let mut buffer = JitterBuffer::new(MAX);
    buffer.set_redundant(true);
    let heard = play(&mut buffer, packets);
    assert!(heard.redundant >= 47, "{} of 50", heard.redundant);
    assert!(heard.mean_delay(0.2) <= ms(60), "{:?}", heard.mean_delay(0.2));
}

#[test]
fn the_length_of_packets_may_change() {
    let mut packets = Vec::new();
    let (mut at, mut sequence) = (Duration::ZERO, 0u16);
    for length in [20, 60, 10, 30, 20, 40] {
        for _ in 0..100 {
            let header =
                Header { marker: false, payload_type: 8, sequence, timestamp: (at.as_millis() * 8) as u32, ssrc: 5 };
            // A packet leaves when its last sample has been taken.
            let arrives = at + ms(length);
            packets.push(Sent { arrives, header, clock: 8000, length: ms(length), silence: false });
            (at, sequence) = (at + ms(length), sequence.wrapping_add(1));
        }
    }
    let (heard, counts) = played(packets);
    assert!(heard.is_in_order());
    assert_eq!((counts.played, counts.lost, counts.late), (600, 0, 0), "{counts:?}");
    assert!(heard.longest_nothing <= ms(20), "{:?}", heard.longest_nothing);
}

#[test]
fn silence_is_no_loss_and_speech_after_it_keeps_its_timing() {
    // A second of speech, a second of silence with a description each 400 ms, and so on.
    let mut packets = Vec::new();
    let mut sequence = 65_500u16;
    for index in 0..1000u32 {
        let silent = index % 100 >= 50;
        if silent && index % 100 != 50 && index % 20 != 0 {
            continue;
        }
        let header = Header { marker: index % 100 == 0, payload_type: 8, sequence, timestamp: index * 160, ssrc: 5 };
        packets.push(Sent { arrives: FRAME * index + ms(4), header, clock: 8000, length: FRAME, silence: silent });
        sequence = sequence.wrapping_add(1);
    }
    let sent = packets.len() as u64;
    let (heard, counts) = played(packets);
    assert_eq!((counts.played, counts.lost, counts.late), (sent, 0, 0));
    assert!(heard.concealed <= ms(220), "nothing is made up for silence: {:?}", heard.concealed);
    let delays = heard.played.iter().map(|(at, header)| at.as_millis() as i64 - i64::from(header.timestamp / 8));
    let delays: Vec<i64> = delays.skip(100).collect();
    let (least, most) = (delays.iter().min().unwrap(), delays.iter().max().unwrap());
    assert!(most - least <= 40, "{least} to {most}");
}

#[test]
fn a_sender_that_pauses_without_a_word_is_heard_again_in_time() {
    let mut packets = stream(20, 1000, |index| (index % 200 < 100).then_some(8.0));
    for (sequence, packet) in packets.iter_mut().enumerate() {
        packet.header.sequence = sequence as u16;
    }
    let (heard, counts) = played(packets);
    assert_eq!((counts.played, counts.lost, counts.restarts), (500, 0, 0));
    assert!(heard.concealed <= ms(220) * 5, "{:?}", heard.concealed);
}

#[test]
fn keys_in_between_are_not_missed() {
    let mut buffer = JitterBuffer::new(MAX);
    let start = crate::simulated::origin();
    let mut missed = 0;
    for index in 0..300u32 {
        let now = start + FRAME * index;
        let header = Header { marker: false, payload_type: 8, sequence: index as u16, timestamp: index * 160, ssrc: 1 };
        if (100..110).contains(&index) {
            buffer.pass_by(&Header { payload_type: 101, timestamp: 16_000, ..header });
        } else {
            buffer.insert(now, 8000, &header, &[0; 160]);
        }
        missed += usize::from(index > 90 && matches!(buffer.next(now), Playout::Lost { .. }));
        if index <= 90 {
            buffer.next(now);
        }
    }
    let counts = buffer.counts();
    assert_eq!((counts.lost, missed), (0, 0), "{counts:?}");
    assert!(counts.played >= 285, "{counts:?}");
}

#[test]
fn another_source_and_another_codec_go_on_without_a_long_break() {
    let mut packets = stream(20, 300, |_| Some(5.0));
    for (index, packet) in packets.iter_mut().enumerate().skip(100) {
        if index < 200 {
            // The same source in Opus: another clock.
            (packet.clock, packet.header.payload_type) = (48_000, 111);
            packet.header.timestamp = 77_000u32.wrapping_add(index as u32 * 960);
        } else {
            packet.header.ssrc = 99;
            packet.header.sequence = 5_000 + index as u16;
            packet.header.timestamp = 1_000_000 + index as u32 * 160;
        }
    }
    let (heard, counts) = played(packets);
    assert_eq!(counts.restarts, 1);
    assert!(counts.played >= 297, "{counts:?}");
    assert!(heard.longest_nothing <= ms(60), "{:?}", heard.longest_nothing);
    assert_eq!(heard.played.iter().filter(|(_, header)| header.payload_type == 111).count(), 100);
}

#[test]
fn a_sender_whose_clock_stood_still_in_a_pause_is_heard_at_once() {
    // Held for five seconds, then on with the timestamp after the last.
    let packets = stream(20, 400, |index| Some(if index < 200 { 5.0 } else { 5005.0 }));
    let (heard, counts) = played(packets);
    assert_eq!((counts.played, counts.lost), (400, 0));
    assert!(heard.mean_delay(0.8) <= ms(60), "{:?}", heard.mean_delay(0.8));
}

#[test]
fn after_an_outage_old_sound_is_not_caught_up_with() {
    // Three seconds of packets arrive at once.
    let late = |index: u32| f64::from(if (200..350).contains(&index) { (350 - index) * 20 } else { 5 });
    let (heard, counts) = played(stream(20, 1000, |index| Some(late(index))));
    assert!(counts.skipped >= 50, "{counts:?}");
    assert!(heard.is_in_order());
    assert!(heard.mean_delay(0.9) <= ms(60), "{:?}", heard.mean_delay(0.9));
    let lost = stream(20, 1000, |index| (!(200..350).contains(&index)).then_some(5.0));
    let (heard, counts) = played(lost);
    assert_eq!((counts.played, counts.restarts), (850, 0));
    assert!(heard.mean_delay(0.5) <= ms(60), "{:?}", heard.mean_delay(0.5));
}

#[test]
fn clocks_that_run_fast_or_slow_are_followed_for_hours() {
    for (parts_per_million, hours) in [(-300.0, 2), (-100.0, 1), (100.0, 1), (300.0, 2)] {
        let count = hours * 180_000;
        let drift = |index: u32| 2500.0 + f64::from(index) * 20.0 * parts_per_million / 1e6;
        let (heard, counts) = played(stream(20, count, |index| Some(drift(index))));
        assert_eq!((counts.played, counts.lost, counts.late, counts.skipped), (u64::from(count), 0, 0, 0));
        let longest = heard.delays[1000..].iter().max().unwrap();
        assert!(*longest <= ms(70), "{parts_per_million} ppm: {longest:?}");
        assert!(heard.concealed <= ms(2200 + 200), "{parts_per_million} ppm: {:?}", heard.concealed);
        assert_eq!(heard.longest_nothing, Duration::ZERO);
    }
}
