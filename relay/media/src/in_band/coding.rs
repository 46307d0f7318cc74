//! From the payloads of codecs that have 8000 bytes a second to samples.

use audio_codec::g722::{Bitrate, G722Decoder};
use audio_codec_algorithms::{decode_alaw, decode_ulaw};

use crate::format::Codec;

/// What one decodes with, to 8000 samples a second. G.722 has its lower half decoded, in which all keys are.
pub(super) enum Decoder {
    Pcmu,
    Pcma,
    G722(Box<G722Decoder>),
}

/// Whether keys in the sound of this codec are heard.
#[must_use]
pub(crate) const fn is_heard_in(codec: Codec) -> bool {
    match codec {
        Codec::Pcmu | Codec::Pcma | Codec::G722 => true,
        Codec::Opus | Codec::G729 | Codec::Speex8 | Codec::Speex16 => false,
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::in_band::detector::Detector;
    use crate::in_band::{FRAME, Sender, Step};

    #[test]
    fn every_key_survives_every_codec() {
        for codec in [Codec::Pcmu, Codec::Pcma, Codec::G722] {
            let mut decoder = Decoder::new(codec).unwrap();
            assert_eq!(decoder.codec(), codec);
            let mut sender = Sender::new(crate::simulated::origin());
            sender.order(&"0123456789*#ABCD".parse().unwrap(), FRAME * 5, FRAME * 5, true);
            let mut detector = Detector::new();
            let mut heard = String::new();
            while let Some(Step::Send(frame)) = sender.step(sender.deadline()) {
                let mut payload = Vec::new();
                assert!(sender.encode(codec, &frame, &mut payload));
                for code in payload {
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
        assert!(Decoder::new(Codec::Opus).is_none());
    }
}
