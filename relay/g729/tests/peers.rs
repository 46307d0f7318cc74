//! Streams and sound of programs that others wrote, stored under `fixtures` with their origin.

mod likeness;

use likeness::{correlation, loudness, samples, segmental_snr};
use offhook_g729::{Decoder, FRAME, Frame, frames};

const SPEECH: &[u8] = include_bytes!("fixtures/speech.g729");
const SPEECH_BY_FFMPEG: &[u8] = include_bytes!("fixtures/speech.ffmpeg.s16le");
const PAUSES: &[u8] = include_bytes!("fixtures/pauses.frames");

/// A stream with the length of each frame before it.
fn with_lengths(mut stream: &[u8]) -> Vec<Frame> {
    let mut all = Vec::new();
    while let Some((&length, rest)) = stream.split_first() {
        let (frame, rest) = rest.split_at(usize::from(length));
        all.push(frames(frame).and_then(|mut frames| frames.next()).unwrap_or(Frame::Untransmitted));
        stream = rest;
    }
    all
}

#[test]
fn a_stream_of_linphone_sounds_as_ffmpeg_decodes_it() {
    let theirs = samples(SPEECH_BY_FFMPEG);
    let mut decoder = Decoder::new();
    let ours: Vec<i16> = frames(SPEECH).unwrap().flat_map(|frame| decoder.decode(&frame)).collect();
    assert_eq!(ours.len(), theirs.len());
    // FFmpeg has the postfilter of the main body, we have Annex A's: it lies at 0.996 and 22.7 dB from linphone's
    // own decoder, too, from which ours is 45.9 dB away.
    let (correlation, snr) = (correlation(&theirs, &ours), segmental_snr(&theirs, &ours));
    assert!(correlation > 0.995, "correlation {correlation}");
    assert!(snr > 22.0, "segmental SNR {snr} dB");
}

#[test]
fn the_noise_of_linphones_pauses_goes_on_as_loud_as_it_was() {
    let stream = with_lengths(PAUSES);
    let mut decoder = Decoder::new();
    let (mut before, mut compared) = (0.0, 0);
    let mut in_pause = 0;
    for frame in &stream {
        let sound = decoder.decode(frame);
        match frame {
            // The background of this stream has a root mean square of about 70; speech is far above.
            Frame::Speech(_) => in_pause = 0,
            Frame::Sid(_) => before = loudness(&sound),
            Frame::Untransmitted => {
                in_pause += 1;
                if in_pause > 3 {
                    let difference = 20.0 * (loudness(&sound) / before).log10();
                    assert!(difference.abs() < 5.0, "{difference} dB");
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 40, "{compared}");
}

#[test]
fn a_lost_frame_is_heard_little_and_soon_forgotten() {
    let whole: Vec<Frame> = frames(SPEECH).unwrap().collect();
    let (mut one, mut other) = (Decoder::new(), Decoder::new());
    let (mut with_loss, mut without) = (Vec::new(), Vec::new());
    for (number, frame) in whole.iter().enumerate() {
        without.extend(one.decode(frame));
        with_loss.extend(if number % 40 == 39 { other.conceal() } else { other.decode(frame) });
    }
    let likeness = correlation(&without, &with_loss);
    assert!(likeness > 0.85, "{likeness}");
    for (number, (heard, meant)) in with_loss.chunks(FRAME).zip(without.chunks(FRAME)).enumerate() {
        assert!(loudness(heard) < 4.0 * loudness(meant) + 500.0, "frame {number} is a bang");
    }
}

#[test]
fn a_long_loss_ends_in_silence() {
    let mut decoder = Decoder::new();
    for frame in frames(&SPEECH[..600]).unwrap() {
        decoder.decode(&frame);
    }
    let last = (0..400).map(|_| decoder.conceal()).last().unwrap();
    assert!(loudness(&last) < 10.0, "{}", loudness(&last));
}
