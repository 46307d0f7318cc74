//! What session descriptions say of codecs: their names, numbers and parameters.

use offhook_media::Codec;
use offhook_sip::offer_answer::Codec as SdpCodec;
use offhook_sip::sdp::{OpusParameters, SpeexParameters};

use crate::call::Sound;

/// The number a codec without one of its own would have, if it is free.
const DYNAMIC: u8 = 97;

/// A codec as it is described to an end that is told this of the other.
pub(super) fn described(codec: Codec, sound: &Sound) -> SdpCodec {
    match codec {
        Codec::Opus => match sound.opus {
            Some(parameters) => SdpCodec { fmtp: written(parameters.to_string()), ..SdpCodec::opus() },
            None => SdpCodec::opus(),
        },
        Codec::G722 => SdpCodec::g722(),
        Codec::Pcmu => SdpCodec::pcmu(),
        Codec::Pcma => SdpCodec::pcma(),
        Codec::G729 => {
            // Silence as Annex B has it is there where nothing is said (RFC 4856 section 2.1.9).
            let fmtp = (sound.g729_annex_b == Some(false)).then(|| "annexb=no".to_owned());
            SdpCodec { fmtp, ..numbered(codec) }
        }
        Codec::Speex8 | Codec::Speex16 => {
            let fmtp = sound.speex.and_then(|parameters| written(parameters.to_string()));
            SdpCodec { fmtp, ..numbered(codec) }
        }
    }
}

/// Which codec of the relay's a description names.
pub(super) fn codec(described: &SdpCodec) -> Option<Codec> {
    let is_it = |codec: &Codec| self::described(*codec, &Sound::default()).is_same(described);
    Codec::ALL.into_iter().find(is_it)
}

/// What an end says of the sound it takes, in the codecs and parameters that it names.
pub(super) fn said<'a>(
    listed: impl Iterator<Item = (&'a SdpCodec, Option<&'a str>)>,
    (ptime, maxptime): (Option<u32>, Option<u32>),
) -> Sound {
    let mut sound = Sound { ptime: milliseconds(ptime), maxptime: milliseconds(maxptime), ..Sound::default() };
    for (listed, fmtp) in listed {
        let fmtp = fmtp.unwrap_or_default();
        match codec(listed) {
            Some(Codec::Opus) if sound.opus.is_none() => sound.opus = Some(OpusParameters::parse(fmtp)),
            Some(Codec::G729) if sound.g729_annex_b.is_none() => sound.g729_annex_b = Some(!denies_annex_b(fmtp)),
            Some(Codec::Speex8 | Codec::Speex16) if sound.speex.is_none() => {
                sound.speex = Some(SpeexParameters::parse(fmtp));
            }
            _ => {}
        }
    }
    sound
}

/// One clock for each among the codecs that have comfort noise of their own nowhere else (RFC 3389 section 4).
pub(super) fn noise_clocks(codecs: &[Codec]) -> Vec<u32> {
    let mut clocks = Vec::new();
    for codec in codecs {
        if matches!(codec, Codec::Pcmu | Codec::Pcma | Codec::G722) && !clocks.contains(&codec.clock()) {
            clocks.push(codec.clock());
        }
    }
    clocks
}

fn numbered(codec: Codec) -> SdpCodec {
    SdpCodec::new(codec.static_payload_type().unwrap_or(DYNAMIC), codec.name(), codec.clock())
}

fn denies_annex_b(fmtp: &str) -> bool {
    let said = fmtp.split(';').filter_map(|parameter| parameter.split_once('='));
    said.into_iter()
        .any(|(name, value)| name.trim().eq_ignore_ascii_case("annexb") && value.trim().eq_ignore_ascii_case("no"))
}

/// Without any there is no line.
fn written(parameters: String) -> Option<String> {
    Some(parameters).filter(|text| !text.is_empty())
}

/// A packet holds no more than a second of sound; what claims to is no wish that could be met.
fn milliseconds(duration: Option<u32>) -> Option<u16> {
    duration.and_then(|duration| u16::try_from(duration).ok()).filter(|duration| *duration <= 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_codec_is_known_by_what_is_written_of_it() {
        for each in Codec::ALL {
            assert_eq!(codec(&described(each, &Sound::default())), Some(each));
        }
        assert_eq!(codec(&SdpCodec::new(98, "speex", 32_000)), None);
    }

    #[test]
    fn g729_has_annex_b_unless_somebody_says_no() {
        let said = |fmtp: Option<&str>| {
            let listed = SdpCodec::new(18, "G729", 8000);
            super::said(std::iter::once((&listed, fmtp)), (None, None)).g729_annex_b
        };
        assert_eq!(said(None), Some(true));
        assert_eq!(said(Some("annexb=yes")), Some(true));
        assert_eq!(said(Some("annexb=no")), Some(false));
        let written = |g729_annex_b| described(Codec::G729, &Sound { g729_annex_b, ..Sound::default() }).fmtp;
        assert_eq!(written(Some(false)).as_deref(), Some("annexb=no"));
        assert_eq!((written(Some(true)), written(None)), (None, None));
    }

    #[test]
    fn what_an_end_says_of_speex_is_said_to_the_other() {
        let listed = SdpCodec::new(97, "speex", 16_000);
        let sound = said(std::iter::once((&listed, Some("vbr=vad;cng=on"))), (Some(30), Some(5000)));
        assert_eq!(described(Codec::Speex16, &sound).fmtp.as_deref(), Some("vbr=vad;cng=on"));
        assert_eq!((sound.ptime, sound.maxptime), (Some(30), None));
    }

    #[test]
    fn comfort_noise_goes_with_codecs_that_have_none_of_their_own() {
        assert_eq!(noise_clocks(&[Codec::Opus, Codec::G722, Codec::Pcma]), [8000]);
        assert!(noise_clocks(&[Codec::Opus, Codec::G729, Codec::Speex16]).is_empty());
    }
}
