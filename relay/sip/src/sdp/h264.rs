//! The parameters of H.264 in `a=fmtp` (RFC 6184 section 8.1).

/// What two ends must agree on, and the level, which they may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct H264Parameters {
    profile: Profile,
    /// The last byte of `profile-level-id`. Level 1b, which a flag makes of 11, counts as that.
    level: u8,
    packetization_mode: u8,
    level_asymmetry_allowed: bool,
}

/// A profile, however `profile-level-id` writes it (RFC 6184 section 8.1, table 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Profile {
    ConstrainedBaseline,
    Baseline,
    Main,
    Extended,
    ConstrainedHigh,
    High,
    /// Any other, as written: `profile_idc` and the constraint flags.
    Other(u8, u8),
}

impl H264Parameters {
    /// Reads the parameters. `None` when a value makes no sense.
    #[must_use]
    pub fn parse(parameters: &str) -> Option<Self> {
        // Baseline at level 1 where nothing is said.
        let [idc, flags, level] = match parameter(parameters, "profile-level-id") {
            None => [0x42, 0, 10],
            Some(text) => {
                let bytes = u32::from_str_radix(text, 16).ok().filter(|_| text.len() == 6)?;
                let [_, idc, flags, level] = bytes.to_be_bytes();
                [idc, flags, level]
            }
        };
        Some(Self {
            profile: Profile::of(idc, flags),
            level,
            packetization_mode: parameter(parameters, "packetization-mode")
                .map_or(Some(0), |mode| mode.parse().ok())?,
            level_asymmetry_allowed: parameter(parameters, "level-asymmetry-allowed") == Some("1"),
        })
    }

    /// Whether both are one configuration: that is used by both ends or by none (RFC 6184 section 8.2.2).
    #[must_use]
    pub fn is_same_configuration(self, other: Self) -> bool {
        self.profile == other.profile && self.packetization_mode == other.packetization_mode
    }
}

impl Profile {
    const fn of(idc: u8, flags: u8) -> Self {
        match idc {
            0x42 if is_set(flags, 1) => Self::ConstrainedBaseline,
            0x42 => Self::Baseline,
            0x4d if is_set(flags, 0) => Self::ConstrainedBaseline,
            0x4d => Self::Main,
            0x58 if is_set(flags, 0) && is_set(flags, 1) => Self::ConstrainedBaseline,
            0x58 if is_set(flags, 0) => Self::Baseline,
            0x58 => Self::Extended,
            0x64 if is_set(flags, 4) && is_set(flags, 5) => Self::ConstrainedHigh,
            0x64 => Self::High,
            _ => Self::Other(idc, flags),
        }
    }
}

/// The constraint flags are numbered from the highest bit.
const fn is_set(flags: u8, flag: u8) -> bool {
    flags & (0x80 >> flag) != 0
}

/// The answer's parameters with a level that holds both ways: unless both ends allow an own one each, it is the lower of
/// the two (RFC 6184 section 8.2.2).
#[must_use]
pub fn with_common_level(offered: &str, answered: &str) -> String {
    let (Some(offer), Some(answer)) = (H264Parameters::parse(offered), H264Parameters::parse(answered)) else {
        return answered.to_owned();
    };
    let asymmetric = offer.level_asymmetry_allowed && answer.level_asymmetry_allowed;
    let (Some(from), Some(to)) = (parameter(answered, "profile-level-id"), parameter(offered, "profile-level-id"))
    else {
        return answered.to_owned();
    };
    if asymmetric || offer.level >= answer.level {
        return answered.to_owned();
    }
    // The level stands at the end; what is before it is the answer's own.
    let level = to.get(4..).unwrap_or_default();
    let lowered = from.get(..4).map(|profile| format!("{profile}{level}")).unwrap_or_default();
    answered.replacen(from, &lowered, 1)
}

/// The value of one of the parameters in `a=1;b=2`.
fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    parameters.split(';').find_map(|parameter| {
        let (given, value) = parameter.split_once('=')?;
        given.trim().eq_ignore_ascii_case(name).then_some(value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        H264Parameters::parse(one).unwrap().is_same_configuration(H264Parameters::parse(other).unwrap())
    }

    #[test]
    fn a_profile_is_the_same_however_it_is_written_and_whatever_the_level() {
        let with = |id: &str| format!("packetization-mode=1;profile-level-id={id}");
        for written in ["42E01F", "42c00d", "4de01f", "58d00d"] {
            assert!(same(&with("42e01f"), &with(written)), "{written}");
        }
        for other in ["42001f", "4d001f", "64001f", "640c1f", "f4001f"] {
            assert!(!same(&with("42e01f"), &with(other)), "{other}");
        }
    }

    #[test]
    fn another_way_of_packets_is_another_configuration() {
        assert!(!same("profile-level-id=42e01f;packetization-mode=1", "profile-level-id=42e01f"));
        assert!(same("profile-level-id=42e01f; packetization-mode = 0", "profile-level-id=42e01f"));
        assert!(same("", "profile-level-id=42000a"));
    }

    #[test]
    fn what_makes_no_sense_is_nothing() {
        for wrong in ["profile-level-id=42e0", "profile-level-id=zzzzzz", "packetization-mode=x", "profile-level-id="] {
            assert_eq!(H264Parameters::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn without_an_asymmetry_the_lower_level_holds_both_ways() {
        let (low, high) = ("profile-level-id=42e00d", "profile-level-id=42801f;sprop-parameter-sets=Z0,aM");
        assert_eq!(with_common_level(low, high), "profile-level-id=42800d;sprop-parameter-sets=Z0,aM");
        assert_eq!(with_common_level(high, low), low);
        let (low, high) = (format!("{low};level-asymmetry-allowed=1"), format!("{high};level-asymmetry-allowed=1"));
        assert_eq!(with_common_level(&low, &high), high);
        assert_eq!(with_common_level("", "x"), "x");
    }
}
