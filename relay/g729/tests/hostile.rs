//! Whatever arrives is sound, and only sound.

use offhook_g729::{Decoder, Encoder, Frame, frames};
use proptest::prelude::*;

fn anything() -> impl Strategy<Value = Option<Frame>> {
    prop_oneof![
        8 => any::<[u8; 10]>().prop_map(|octets| Some(Frame::Speech(octets))),
        1 => any::<[u8; 2]>().prop_map(|octets| Some(Frame::Sid(octets))),
        1 => Just(Some(Frame::Untransmitted)),
        1 => Just(None),
    ]
}

proptest! {
    #[test]
    fn any_sequence_of_frames_is_decoded(sequence in prop::collection::vec(anything(), 1..100)) {
        let mut decoder = Decoder::new();
        for frame in &sequence {
            match frame {
                Some(frame) => decoder.decode(frame),
                None => decoder.conceal(),
            };
        }
    }

    #[test]
    fn any_sound_is_encoded(sound in prop::collection::vec(any::<[i16; 80]>(), 1..20), quiet in 0u32..15) {
        let mut encoder = Encoder::with_silence_compression();
        for frame in &sound {
            encoder.encode(&frame.map(|sample| sample >> quiet));
        }
    }

    #[test]
    fn any_payload_is_taken_apart_or_refused(payload in prop::collection::vec(any::<u8>(), 0..200)) {
        let parts = frames(&payload).map(|frames| frames.map(|frame| frame.octets().len()).sum::<usize>());
        prop_assert_eq!(parts.is_some(), payload.len() % 10 == 0 || payload.len() % 10 == 2);
        prop_assert!(parts.is_none_or(|length| length == payload.len()));
    }
}

/// A stream that asks for more and more gain comes to no harm, and the decoder is itself again afterwards.
#[test]
fn a_stream_of_the_greatest_gains_leaves_the_decoder_whole() {
    for octet in (0..=255u8).step_by(17) {
        let mut decoder = Decoder::new();
        for _ in 0..2000 {
            decoder.decode(&Frame::Speech([octet; 10]));
        }
        let mut quiet = [i16::MAX; 80];
        for _ in 0..1000 {
            quiet = decoder.conceal();
        }
        assert!(quiet.iter().all(|sample| sample.abs() < 20), "{octet}: {quiet:?}");
    }
}
