//! What the sender of pictures can be asked for: `a=rtcp-fb` (RFC 4585 section 4.2, RFC 5104 section 7.1).

use super::{Attribute, MediaDescription};

/// The kinds that telephones know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RtcpFeedback {
    /// Packets once more.
    pub nack: bool,
    /// A whole picture after a loss.
    pub pli: bool,
    /// A whole picture.
    pub fir: bool,
}

impl RtcpFeedback {
    /// All of them.
    pub const ALL: Self = Self { nack: true, pli: true, fir: true };

    /// What a section says of one of its payload types or more.
    #[must_use]
    pub fn of(section: &MediaDescription) -> Self {
        let mut said = Self::default();
        for line in section.attributes.values("rtcp-fb") {
            let mut words = line.split_ascii_whitespace();
            let payload_type = words.next().unwrap_or_default();
            if payload_type != "*" && !section.formats.iter().any(|listed| listed == payload_type) {
                continue;
            }
            match (words.next(), words.next()) {
                (Some("nack"), None) => said.nack = true,
                (Some("nack"), Some("pli")) => said.pli = true,
                (Some("ccm"), Some("fir")) => said.fir = true,
                _ => {}
            }
        }
        said
    }

    /// What both say.
    #[must_use]
    pub const fn both(self, other: Self) -> Self {
        Self { nack: self.nack && other.nack, pli: self.pli && other.pli, fir: self.fir && other.fir }
    }

    /// The attributes that say so of every payload type.
    pub(crate) fn attributes(self) -> impl Iterator<Item = Attribute> {
        let kinds = [(self.nack, "nack"), (self.pli, "nack pli"), (self.fir, "ccm fir")];
        let said = kinds.into_iter().filter_map(|(is_said, kind)| is_said.then_some(kind));
        said.map(|kind| Attribute::new("rtcp-fb", format!("* {kind}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> RtcpFeedback {
        let section = MediaDescription::new("video", 4000, "RTP/AVPF").with_format("96");
        let with = |section: MediaDescription, value: &&str| section.with_attribute(Attribute::new("rtcp-fb", *value));
        RtcpFeedback::of(&values.iter().fold(section, with))
    }

    #[test]
    fn each_kind_is_read_for_all_payload_types_or_for_one() {
        assert_eq!(read(&["* nack", "96 nack pli", "96 ccm fir"]), RtcpFeedback::ALL);
        assert_eq!(read(&["96 nack pli"]), RtcpFeedback { pli: true, ..RtcpFeedback::default() });
    }

    #[test]
    fn what_is_of_no_payload_type_or_not_known_is_nothing() {
        assert_eq!(read(&["97 nack", "* nack rpsi", "* ccm tmmbr", "*", "", "* goog-remb"]), RtcpFeedback::default());
    }

    #[test]
    fn what_is_written_reads_back() {
        for said in [RtcpFeedback::ALL, RtcpFeedback { fir: true, ..RtcpFeedback::default() }] {
            let values: Vec<_> = said.attributes().filter_map(|attribute| attribute.value).collect();
            assert_eq!(read(&values.iter().map(String::as_str).collect::<Vec<_>>()), said);
        }
    }
}
