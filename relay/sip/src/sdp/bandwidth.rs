//! How many bits a second a section may take: `b=` (RFC 8866 section 5.8, RFC 3890).

use super::session::OtherLine;
use super::{MediaDescription, SessionDescription};

/// Beyond this a line is no limit of anything that goes through a relay.
const MOST: u64 = 1_000_000_000;
const KILO: u64 = 1000;

/// The limit for a section, in bits a second: what the media may take (`TIAS`), else what its packets may in all (`AS`);
/// its own, else the session's.
#[must_use]
pub fn limit(description: &SessionDescription, section: &MediaDescription) -> Option<u32> {
    of_lines(&section.other_lines).or_else(|| of_lines(&description.other_lines))
}

/// The lines that say so.
#[must_use]
pub fn lines(limit: u32) -> [OtherLine; 2] {
    let line = |value: String| OtherLine { letter: 'b', value };
    [line(format!("AS:{}", u64::from(limit).div_ceil(KILO))), line(format!("TIAS:{limit}"))]
}

fn of_lines(lines: &[OtherLine]) -> Option<u32> {
    let value = |name: &str| {
        let values = lines.iter().filter(|line| line.letter == 'b').filter_map(|line| line.value.split_once(':'));
        let mut named = values.filter(|(kind, _)| kind.trim().eq_ignore_ascii_case(name));
        named.find_map(|(_, value)| value.trim().parse::<u64>().ok())
    };
    let bits = value("TIAS").or_else(|| value("AS").and_then(|kilobits| kilobits.checked_mul(KILO)))?;
    // None at all is no limit that a picture could keep to: whoever wants none says so with the direction.
    u32::try_from(bits).ok().filter(|bits| (1..=MOST).contains(&u64::from(*bits)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(session: &str, section: &str) -> Option<u32> {
        let text = format!(
            "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\n{session}t=0 0\r\n\
            m=video 4000 RTP/AVP 96\r\n{section}a=rtpmap:96 VP8/90000\r\n"
        );
        let description = SessionDescription::parse(text.as_bytes()).unwrap();
        limit(&description, &description.media[0])
    }

    #[test]
    fn the_media_counts_before_the_packets_and_the_section_before_the_session() {
        assert_eq!(read("", "b=AS:512\r\n"), Some(512_000));
        assert_eq!(read("", "b=AS:512\r\nb=TIAS:384000\r\n"), Some(384_000));
        assert_eq!(read("b=AS:100\r\n", "b=AS:512\r\n"), Some(512_000));
        assert_eq!(read("b=AS:100\r\n", ""), Some(100_000));
    }

    #[test]
    fn what_limits_nothing_is_no_limit() {
        for line in
            ["", "b=CT:512\r\n", "b=AS:x\r\n", "b=AS:0\r\n", "b=AS:99999999999999999999\r\n", "b=AS:9999999\r\n"]
        {
            assert_eq!(read("", line), None, "{line}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let [packets, media] = lines(384_500);
        assert_eq!(read("", &format!("b={}\r\nb={}\r\n", packets.value, media.value)), Some(384_500));
        assert_eq!(packets.value, "AS:385");
    }
}
