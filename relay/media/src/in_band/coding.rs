//! Between samples and the payloads of codecs that have 8000 bytes a second.

use audio_codec::Encoder as _;
use audio_codec::g722::{Bitrate, G722Decoder, G722Encoder};
use audio_codec_algorithms::{decode_alaw, decode_ulaw, encode_alaw, encode_ulaw};

use super::sender::{FRAME_LEN, Frame};
use crate::format::Codec;

/// What one decodes with, to 8000 samples a second. G.722 has its lower half decoded, in which all keys are.
pub(super) enum Decoder {
    Pcmu,
    Pcma,
    G722(Box<G722Decoder>),
}

impl Decoder {
    /// `None` for codecs of another kind.
    #[must_use]
    pub(super) fn new(codec: Codec) -> Option<Self> {
        match codec {
            Codec::Pcmu => Some(Self::Pcmu),
            Codec::Pcma => Some(Self::Pcma),
            Codec::G722 => Some(Self::G722(Box::new(G722Decoder::with_options(Bitrate::Mode1_64000, false, true)))),
            Codec::Opus | Codec::G729 | Codec::Speex8 | Codec::Speex16 => None,
        }
    }

    /// The codec it is of.
    #[must_use]
    pub(super) const fn codec(&self) -> Codec {
        match self {
            Self::Pcmu => Codec::Pcmu,
            Self::Pcma => Codec::Pcma,
            Self::G722(_) => Codec::G722,
        }
    }

    /// The sample of a byte.
    pub(super) fn decode(&mut self, code: u8) -> i16 {
        match self {
            Self::Pcmu => decode_ulaw(code),
            Self::Pcma => decode_alaw(code),
            Self::G722(decoder) => {
                let mut sample = [0];
                // One byte is one sample, for which there is room.
                _ = decoder.decode_frame_into(&[code], &mut sample);
                let [sample] = sample;
                sample
            }
        }
    }
}

/// What one encodes with.
pub(super) enum Encoder {
    Pcmu,
    Pcma,
    G722(Box<G722Encoder>),
}

impl Encoder {
    /// `None` for codecs of another kind.
    #[must_use]
    pub(super) fn new(codec: Codec) -> Option<Self> {
        match codec {
            Codec::Pcmu => Some(Self::Pcmu),
            Codec::Pcma => Some(Self::Pcma),
            Codec::G722 => Some(Self::G722(Box::new(G722Encoder::new()))),
            Codec::Opus | Codec::G729 | Codec::Speex8 | Codec::Speex16 => None,
        }
    }

    /// The codec it is of.
    #[must_use]
    pub(super) const fn codec(&self) -> Codec {
        match self {
            Self::Pcmu => Codec::Pcmu,
            Self::Pcma => Codec::Pcma,
            Self::G722(_) => Codec::G722,
        }
    }

    /// The payload of a frame.
    pub(super) fn encode(&mut self, frame: &Frame) -> [u8; FRAME_LEN] {
        match self {
            Self::Pcmu => frame.samples().map(encode_ulaw),
            Self::Pcma => frame.samples().map(encode_alaw),
            Self::G722(encoder) => {
                let samples: [i16; 2 * FRAME_LEN] = frame.samples();
                let mut bytes = [0; FRAME_LEN];
                // Two samples are one byte, for which there is room.
                _ = encoder.encode_into(&samples, &mut bytes);
                bytes
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::in_band::detector::Detector;
    use crate::in_band::{FRAME, Sender, Step};

    #[test]
    fn every_key_survives_every_codec() {
        for codec in [Codec::Pcmu, Codec::Pcma, Codec::G722] {
            let (mut encoder, mut decoder) = (Encoder::new(codec).unwrap(), Decoder::new(codec).unwrap());
            assert_eq!((encoder.codec(), decoder.codec()), (codec, codec));
            let mut sender = Sender::new(crate::simulated::origin());
            sender.order(&"0123456789*#ABCD".parse().unwrap(), FRAME * 5, FRAME * 5, true);
            let mut detector = Detector::new();
            let mut heard = String::new();
            while let Some(Step::Send(frame)) = sender.step(sender.deadline()) {
                for code in encoder.encode(&frame) {
                    heard.extend(detector.hear(decoder.decode(code)).map(|tone| tone.digit.as_char()));
                }
            }
            assert_eq!(heard, "0123456789*#ABCD", "{codec:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_some_sound(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..2000)) {
            for codec in [Codec::Pcmu, Codec::Pcma, Codec::G722] {
                let mut decoder = Decoder::new(codec).unwrap();
                bytes.iter().for_each(|&code| _ = decoder.decode(code));
            }
        }
    }

    #[test]
    fn opus_is_another_matter() {
        assert!(Encoder::new(Codec::Opus).is_none() && Decoder::new(Codec::Opus).is_none());
    }
}
