//! Video codecs, told apart as far as a decoder of one cannot decode the other.

/// A video codec the relay passes through, with the parameters of `a=fmtp` that make it another
/// format (RFC 3264 §6.1: those must be the same on both sides). What only bounds or advises, such
/// as a level, is no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum VideoCodec {
    /// VP8, RFC 7741.
    Vp8,
    /// VP9, RFC 9628.
    Vp9 {
        /// `profile-id`, 0 where none is given.
        profile: u8,
    },
    /// H.264, RFC 6184.
    H264 {
        /// What `profile-level-id` says of the profile.
        profile: H264Profile,
        /// `packetization-mode`, 0 where none is given.
        packetization_mode: u8,
    },
    /// AV1, as specified by the Alliance for Open Media's RTP payload format.
    Av1 {
        /// `profile`, 0 where none is given.
        profile: u8,
    },
}

/// An H.264 profile. Different `profile-level-id`s may mean the same one (RFC 6184 §8.1, table 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum H264Profile {
    /// Constrained Baseline.
    ConstrainedBaseline,
    /// Baseline.
    Baseline,
    /// Main.
    Main,
    /// Extended.
    Extended,
    /// Constrained High.
    ConstrainedHigh,
    /// High.
    High,
    /// High 4:4:4 Predictive.
    HighPredictive444,
}

impl VideoCodec {
    /// RTP clock in Hz of every one of them.
    pub const CLOCK: u32 = 90_000;

    /// The encoding name used in session descriptions.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vp8 => "VP8",
            Self::Vp9 { .. } => "VP9",
            Self::H264 { .. } => "H264",
            Self::Av1 { .. } => "AV1",
        }
    }

    /// Reads an encoding name, upper and lower case alike, and the parameters of its `a=fmtp`.
    /// `None` for what the relay does not pass through.
    #[must_use]
    pub fn parse(name: &str, parameters: &str) -> Option<Self> {
        let number = |name: &str| parameter(parameters, name).map_or(Some(0), |value| value.parse().ok());
        match name.to_ascii_uppercase().as_str() {
            "VP8" => Some(Self::Vp8),
            "VP9" => Some(Self::Vp9 { profile: number("profile-id")? }),
            "H264" => Some(Self::H264 {
                profile: parameter(parameters, "profile-level-id").map_or(Some(H264Profile::Baseline), h264_profile)?,
                packetization_mode: number("packetization-mode")?,
            }),
            "AV1" => Some(Self::Av1 { profile: number("profile")? }),
            _ => None,
        }
    }
}

/// The value of one of the parameters in `a=1;b=2`.
fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    parameters.split(';').find_map(|parameter| {
        let (given, value) = parameter.split_once('=')?;
        given.trim().eq_ignore_ascii_case(name).then_some(value.trim())
    })
}

/// `profile_idc`, then the constraint flags, then the level, two digits each.
fn h264_profile(profile_level_id: &str) -> Option<H264Profile> {
    let bytes = u32::from_str_radix(profile_level_id, 16).ok().filter(|_| profile_level_id.len() == 6)?;
    let [_, idc, flags, _level] = bytes.to_be_bytes();
    let set = |flag: u8| flags & (0x80 >> flag) != 0;
    match idc {
        0x42 if set(1) => Some(H264Profile::ConstrainedBaseline),
        0x42 => Some(H264Profile::Baseline),
        0x4d if set(0) => Some(H264Profile::ConstrainedBaseline),
        0x4d => Some(H264Profile::Main),
        0x58 if set(0) && set(1) => Some(H264Profile::ConstrainedBaseline),
        0x58 if set(0) => Some(H264Profile::Baseline),
        0x58 => Some(H264Profile::Extended),
        0x64 if set(4) && set(5) => Some(H264Profile::ConstrainedHigh),
        0x64 => Some(H264Profile::High),
        0xf4 => Some(H264Profile::HighPredictive444),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn h264(profile_level_id: &str) -> Option<H264Profile> {
        match VideoCodec::parse("H264", &format!("packetization-mode=1;profile-level-id={profile_level_id}"))? {
            VideoCodec::H264 { profile, .. } => Some(profile),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_codec_is_found_by_its_own_name() {
        let profile = H264Profile::Baseline;
        let h264 = VideoCodec::H264 { profile, packetization_mode: 0 };
        for codec in [VideoCodec::Vp8, VideoCodec::Vp9 { profile: 0 }, h264, VideoCodec::Av1 { profile: 0 }] {
            assert_eq!(VideoCodec::parse(&codec.name().to_lowercase(), ""), Some(codec));
        }
        for other in ["rtx", "red", "ulpfec", "flexfec-03", "H265", ""] {
            assert_eq!(VideoCodec::parse(other, "profile-id=0"), None);
        }
    }

    #[test]
    fn profiles_of_one_codec_are_different_formats() {
        assert_eq!(VideoCodec::parse("VP9", "profile-id=2"), Some(VideoCodec::Vp9 { profile: 2 }));
        let av1 = VideoCodec::parse("AV1", "level-idx=5; profile=1 ;tier=0");
        assert_eq!(av1, Some(VideoCodec::Av1 { profile: 1 }));
        let mode = |mode: u8| VideoCodec::parse("H264", &format!("packetization-mode={mode};profile-level-id=42e01f"));
        assert_ne!(mode(0), mode(1));
    }

    #[test]
    fn a_level_or_a_bound_makes_no_other_format() {
        assert_eq!(VideoCodec::parse("VP8", "max-fs=12288;max-fr=60"), Some(VideoCodec::Vp8));
        assert_eq!(h264("42e01f"), h264("42e034"));
    }

    #[test]
    fn the_same_h264_profile_can_be_written_in_several_ways() {
        for constrained in ["42e01f", "42C01E", "4de01f", "58d00d"] {
            assert_eq!(h264(constrained), Some(H264Profile::ConstrainedBaseline), "{constrained}");
        }
        assert_eq!(h264("42001f"), Some(H264Profile::Baseline));
        assert_eq!(h264("4d001f"), Some(H264Profile::Main));
        assert_eq!(h264("640c1f"), Some(H264Profile::ConstrainedHigh));
        assert_eq!(h264("64001f"), Some(H264Profile::High));
        assert_eq!(h264("f4001f"), Some(H264Profile::HighPredictive444));
    }

    #[test]
    fn what_makes_no_sense_is_no_codec() {
        for wrong in ["", "42e0", "42e01f00", "zzzzzz", "+2e01f", "00e01f"] {
            assert_eq!(h264(wrong), None, "{wrong}");
        }
        assert_eq!(VideoCodec::parse("VP9", "profile-id=300"), None);
    }
}
