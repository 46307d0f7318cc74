use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::attribute::{Attribute, Attributes};
use super::format::{Format, Rtcp, RtpMap, payload_type_of};
use super::session::OtherLine;
use super::{Connection, Direction};

/// One media section: an `m=` line and the lines that follow it.
#[derive(Clone, PartialEq, Eq)]
pub struct MediaDescription {
    /// Media type: `audio`, `video`, `application`, ...
    pub media: String,
    /// Transport port. 0 refuses the stream in an answer, or disables it in an offer.
    pub port: u16,
    /// How many consecutive port pairs, when the line says so (`m=audio 5000/2`).
    pub port_count: Option<u16>,
    /// Transport protocol, such as `RTP/AVP`.
    pub protocol: String,
    /// Formats in order of preference; payload types when the protocol is RTP.
    pub formats: Vec<String>,
    /// The section's own connection, which overrides the session's.
    pub connection: Option<Connection>,
    /// Title, bandwidth and key lines, kept as they came.
    pub other_lines: Vec<OtherLine>,
    /// Attributes in order.
    pub attributes: Attributes,
}

impl MediaDescription {
    /// A section without formats or attributes.
    pub fn new(media: impl Into<String>, port: u16, protocol: impl Into<String>) -> Self {
        Self {
            media: media.into(),
            port,
            port_count: None,
            protocol: protocol.into(),
            formats: Vec::new(),
            connection: None,
            other_lines: Vec::new(),
            attributes: Attributes::default(),
        }
    }

    /// Adds a format that is no RTP payload type, such as `webrtc-datachannel`.
    #[must_use]
    pub fn with_format(mut self, format: impl Into<String>) -> Self {
        self.formats.push(format.into());
        self
    }

    /// Adds an RTP payload type with its mapping and, if given, its parameters.
    #[must_use]
    pub fn with_rtp_format(mut self, rtpmap: &RtpMap, fmtp: Option<&str>) -> Self {
        self.formats.push(rtpmap.payload_type.to_string());
        self.attributes.push(Attribute::new("rtpmap", rtpmap.to_value()));
        if let Some(fmtp) = fmtp {
            let value = format!("{} {fmtp}", rtpmap.payload_type);
            self.attributes.push(Attribute::new("fmtp", value));
        }
        self
    }

    /// Gives the section a connection of its own.
    #[must_use]
    pub fn with_connection(mut self, connection: Connection) -> Self {
        self.connection = Some(connection);
        self
    }

    /// Appends an attribute.
    #[must_use]
    pub fn with_attribute(mut self, attribute: Attribute) -> Self {
        self.attributes.push(attribute);
        self
    }

    /// Sets the direction.
    #[must_use]
    pub fn with_direction(mut self, direction: Direction) -> Self {
        self.attributes.set_direction(direction);
        self
    }

    /// The answer that refuses this section: the same line with port 0 and nothing else (RFC 3264 §6).
    #[must_use]
    pub fn refused(&self) -> Self {
        let mut refusal = Self::new(self.media.clone(), 0, self.protocol.clone());
        refusal.formats = self.formats.clone();
        // A bundled section is recognised by its mid, even when it is refused (RFC 8843 §7.3.3).
        if let Some(mid) = self.attributes.mid() {
            refusal.attributes.push(Attribute::new("mid", mid));
        }
        refusal
    }

    /// Whether this is a section of the given media type.
    pub fn is(&self, media: &str) -> bool {
        self.media.eq_ignore_ascii_case(media)
    }

    /// Whether the protocol is one of RTP's profiles, whatever carries them.
    pub fn is_rtp(&self) -> bool {
        self.protocol.to_ascii_uppercase().split('/').any(|part| part == "RTP")
    }

    /// The mapping of one payload type: its `a=rtpmap` line, else the one RFC 3551 gives it.
    pub fn rtpmap(&self, payload_type: u8) -> Option<RtpMap> {
        self.attributes
            .values("rtpmap")
            .filter(|value| belongs_to(payload_type, value))
            .find_map(RtpMap::parse)
            .or_else(|| RtpMap::of_static(payload_type))
    }

    /// The parameters of one payload type, as written after it.
    pub fn fmtp(&self, payload_type: u8) -> Option<&str> {
        self.fmtps().find_map(|(number, parameters)| (number == payload_type).then_some(parameters))
    }

    /// The RTP formats that can be understood, in order and each once; payload types without a mapping are
    /// left out.
    pub fn rtp_formats(&self) -> Vec<Format> {
        // Each line is read once: looking every format up among all lines would let a peer choose how long
        // that takes.
        let mut rtpmaps = BTreeMap::new();
        for rtpmap in self.attributes.values("rtpmap").filter_map(RtpMap::parse) {
            rtpmaps.entry(rtpmap.payload_type).or_insert(rtpmap);
        }
        let mut fmtps = BTreeMap::new();
        for (payload_type, parameters) in self.fmtps() {
            fmtps.entry(payload_type).or_insert(parameters);
        }
        let mut listed = BTreeSet::new();
        self.formats
            .iter()
            .filter_map(|format| payload_type_of(format))
            .filter(|payload_type| listed.insert(*payload_type))
            .filter_map(|payload_type| {
                let rtpmap = rtpmaps.remove(&payload_type).or_else(|| RtpMap::of_static(payload_type))?;
                Some(Format { rtpmap, fmtp: fmtps.get(&payload_type).map(|&parameters| parameters.to_owned()) })
            })
            .collect()
    }

    /// Packet duration the writer would like to receive, in milliseconds.
    pub fn ptime(&self) -> Option<u32> {
        self.milliseconds("ptime")
    }

    /// Longest packet the writer accepts, in milliseconds.
    pub fn maxptime(&self) -> Option<u32> {
        self.milliseconds("maxptime")
    }

    /// Where RTCP is received, if the section says so (RFC 3605).
    pub fn rtcp(&self) -> Option<Rtcp> {
        self.attributes.value("rtcp").and_then(Rtcp::parse)
    }

    /// Whether RTP and RTCP may share the port (RFC 5761).
    pub fn rtcp_mux(&self) -> bool {
        self.attributes.has("rtcp-mux")
    }

    /// Payload types with their parameters, in the order of the lines.
    fn fmtps(&self) -> impl Iterator<Item = (u8, &str)> {
        self.attributes.values("fmtp").filter_map(|value| {
            let (payload_type, parameters) = value.trim().split_once(' ')?;
            Some((payload_type_of(payload_type)?, parameters.trim()))
        })
    }

    fn milliseconds(&self, name: &str) -> Option<u32> {
        // "20.0" is seen in the wild.
        let value = self.attributes.value(name)?.trim();
        let whole = value.split('.').next()?;
        whole.parse().ok().filter(|duration| *duration > 0)
    }
}

impl fmt::Debug for MediaDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "m={} {} ({} formats, {} attributes)",
            self.media,
            self.protocol,
            self.formats.len(),
            self.attributes.len()
        )
    }
}

/// Whether an attribute's value begins with this payload type.
fn belongs_to(payload_type: u8, value: &str) -> bool {
    let number = value.split_ascii_whitespace().next();
    number.and_then(payload_type_of) == Some(payload_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audio() -> MediaDescription {
        MediaDescription::new("audio", 4000, "RTP/AVP")
            .with_rtp_format(&RtpMap::new(0, "PCMU", 8000), None)
            .with_rtp_format(&RtpMap::new(101, "telephone-event", 8000), Some("0-15"))
    }

    #[test]
    fn rtp_formats_come_in_the_order_of_the_media_line() {
        let section = audio().with_format("8").with_format("96");
        let names: Vec<_> = section.rtp_formats().into_iter().map(|format| format.rtpmap.encoding).collect();
        assert_eq!(names, ["PCMU", "telephone-event", "PCMA"]);
    }

    #[test]
    fn a_format_listed_again_is_no_second_one() {
        let section = audio().with_format("0").with_format("000");
        let numbers: Vec<_> = section.rtp_formats().into_iter().map(|format| format.rtpmap.payload_type).collect();
        assert_eq!(numbers, [0, 101]);
    }

    #[test]
    fn the_first_readable_mapping_and_parameters_of_a_payload_type_count() {
        let mut section = MediaDescription::new("audio", 4000, "RTP/AVP").with_format("96");
        for value in ["96 broken", "96 opus/48000/2", "96 L16/8000"] {
            section = section.with_attribute(Attribute::new("rtpmap", value));
        }
        for value in ["96", "96 a=1", "96 a=2"] {
            section = section.with_attribute(Attribute::new("fmtp", value));
        }
        let formats = section.rtp_formats();
        let [format] = formats.as_slice() else { panic!("one format") };
        assert_eq!(format.rtpmap, section.rtpmap(96).unwrap());
        assert_eq!((format.rtpmap.encoding.as_str(), format.fmtp.as_deref()), ("opus", Some("a=1")));
    }

    #[test]
    fn parameters_belong_to_their_payload_type() {
        let section = audio();
        assert_eq!(section.fmtp(101), Some("0-15"));
        assert_eq!(section.fmtp(10), None);
    }

    #[test]
    fn a_mapping_line_overrides_the_static_one() {
        let section =
            MediaDescription::new("audio", 4000, "RTP/AVP").with_rtp_format(&RtpMap::new(0, "L16", 16000), None);
        assert_eq!(section.rtpmap(0).unwrap().encoding, "L16");
    }

    #[test]
    fn packet_time_is_read_leniently_but_never_as_zero() {
        let with = |value: &str| audio().with_attribute(Attribute::new("ptime", value)).ptime();
        assert_eq!(with("20"), Some(20));
        assert_eq!(with("30.0"), Some(30));
        assert_eq!(with("0"), None);
        assert_eq!(with("soon"), None);
    }

    #[test]
    fn a_refusal_keeps_the_line_and_the_mid_and_nothing_else() {
        let refusal = audio().with_attribute(Attribute::new("mid", "a1")).refused();
        assert_eq!(refusal.port, 0);
        assert_eq!(refusal.formats, ["0", "101"]);
        assert_eq!(refusal.attributes.len(), 1);
        assert_eq!(refusal.attributes.mid(), Some("a1"));
    }

    #[test]
    fn the_rtp_profiles_are_recognised_over_any_carrier() {
        for (protocol, is_rtp) in
            [("RTP/AVP", true), ("UDP/TLS/RTP/SAVPF", true), ("UDP/DTLS/SCTP", false), ("udptl", false)]
        {
            let section = MediaDescription::new("audio", 1, protocol);
            assert_eq!(section.is_rtp(), is_rtp, "{protocol}");
        }
    }

    #[test]
    fn debug_shows_the_shape_only() {
        let section = audio().with_attribute(Attribute::new("crypto", "1 X inline:c2VjcmV0"));
        assert_eq!(format!("{section:?}"), "m=audio RTP/AVP (2 formats, 4 attributes)");
    }
}
