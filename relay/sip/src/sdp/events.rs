/// The events of RFC 4733 that are keys of a telephone and whoever wrote a description takes (`a=fmtp` of
/// telephone-event, section 2.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TelephoneEvents(u16);

impl TelephoneEvents {
    /// None.
    pub const NONE: Self = Self(0);
    /// All sixteen, 0 to 15: what no parameters mean.
    pub const ALL: Self = Self(u16::MAX);

    /// What stands after the payload type, such as `0-11,16`. Events that are no keys, and what is no event, are passed
    /// over; a list without a single event is none.
    pub fn parse(fmtp: Option<&str>) -> Self {
        let Some(listed) = fmtp else { return Self::ALL };
        let listed = listed.trim();
        let listed = listed.strip_prefix("events=").unwrap_or(listed);
        let ranges: Vec<_> = listed.split(',').take(64).filter_map(range).collect();
        if ranges.is_empty() {
            return Self::ALL;
        }
        let listed = |event: &u8| ranges.iter().any(|(first, last)| (*first..=*last).contains(event));
        Self((0..16).filter(listed).fold(0, |events, event| events | 1 << event))
    }

    /// Whether this event is among them.
    pub fn contains(self, event: u8) -> bool {
        event < 16 && self.0 & (1 << event) != 0
    }

    /// Whether none is.
    pub fn is_empty(self) -> bool {
        self == Self::NONE
    }
}

fn range(text: &str) -> Option<(u8, u8)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(fmtp: &str) -> Vec<u8> {
        let events = TelephoneEvents::parse(Some(fmtp));
        (0..=255).filter(|event| events.contains(*event)).collect()
    }

    #[test]
    fn ranges_and_single_events_are_understood() {
        assert_eq!(keys("0-15"), (0..16).collect::<Vec<_>>());
        assert_eq!(keys("0-11"), (0..12).collect::<Vec<_>>());
        assert_eq!(keys("0-9, 11,16,66-70"), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11]);
        assert_eq!(keys("events=3,5"), [3, 5]);
        assert_eq!(keys("9-3"), []);
        assert_eq!(keys("66,70"), []);
    }

    #[test]
    fn what_says_nothing_means_all() {
        assert_eq!(TelephoneEvents::parse(None), TelephoneEvents::ALL);
        for fmtp in ["", "nonsense", "0-999", ",,,", "-"] {
            assert_eq!(TelephoneEvents::parse(Some(fmtp)), TelephoneEvents::ALL, "{fmtp}");
        }
    }
}
