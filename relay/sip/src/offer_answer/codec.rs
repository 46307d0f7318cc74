use crate::sdp::h264::H264Parameters;
use crate::sdp::{Format, RtpMap};

const COMFORT_NOISE: &str = "CN";
const TELEPHONE_EVENT: &str = "telephone-event";

/// An RTP format as one side describes it: what it is, its number there, and its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Codec {
    /// RTP payload type, 0 to 127: what was agreed, or the one to prefer in an offer.
    pub payload_type: u8,
    /// Encoding name, such as `opus`; compared without case.
    pub encoding: String,
    /// RTP clock rate in Hz.
    pub clock_rate: u32,
    /// Audio channels.
    pub channels: u8,
    /// Format parameters, as written after the payload type in `a=fmtp`.
    pub fmtp: Option<String>,
}

impl Codec {
    /// A mono codec without parameters.
    pub fn new(payload_type: u8, encoding: impl Into<String>, clock_rate: u32) -> Self {
        Self { payload_type, encoding: encoding.into(), clock_rate, channels: 1, fmtp: None }
    }

    /// G.711 µ-law.
    pub fn pcmu() -> Self {
        Self::new(0, "PCMU", 8000)
    }

    /// G.711 A-law.
    pub fn pcma() -> Self {
        Self::new(8, "PCMA", 8000)
    }

    /// G.722, which states a clock of 8000 Hz (RFC 3551 §4.5.2).
    pub fn g722() -> Self {
        Self::new(9, "G722", 8000)
    }

    /// Opus (RFC 7587) with the number browsers give it.
    pub fn opus() -> Self {
        Self { channels: 2, ..Self::new(111, "opus", 48_000) }.with_fmtp("minptime=10;useinbandfec=1")
    }

    /// DTMF as RFC 4733 events 0 to 15, at the clock of the audio it goes with.
    pub fn telephone_event(clock_rate: u32) -> Self {
        let payload_type = if clock_rate == 8000 { 101 } else { 110 };
        Self::new(payload_type, TELEPHONE_EVENT, clock_rate).with_fmtp("0-15")
    }

    /// Comfort noise (RFC 3389), at the clock of the audio it goes with; its number is given for 8000 Hz only.
    pub fn comfort_noise(clock_rate: u32) -> Self {
        Self::new(if clock_rate == 8000 { 13 } else { 98 }, COMFORT_NOISE, clock_rate)
    }

    /// Sets the parameters.
    #[must_use]
    pub fn with_fmtp(mut self, fmtp: impl Into<String>) -> Self {
        self.fmtp = Some(fmtp.into());
        self
    }

    /// Sets the payload type.
    #[must_use]
    pub fn with_payload_type(mut self, payload_type: u8) -> Self {
        self.payload_type = payload_type;
        self
    }

    /// Whether this carries DTMF events rather than audio.
    pub fn is_telephone_event(&self) -> bool {
        self.encoding.eq_ignore_ascii_case(TELEPHONE_EVENT)
    }

    /// Whether this carries the noise of silence rather than audio.
    pub fn is_comfort_noise(&self) -> bool {
        self.encoding.eq_ignore_ascii_case(COMFORT_NOISE)
    }

    /// This codec as an answer describes it where the offer has `theirs`: silence as Annex B of G.729 has it is there only
    /// where both have it (RFC 7261 §3).
    pub(super) fn answering(&self, theirs: &Self) -> Self {
        let is_denied =
            |codec: &Self| codec.fmtp.as_deref().is_some_and(|fmtp| fmtp.replace(' ', "").contains("annexb=no"));
        let mut ours = self.clone().with_payload_type(theirs.payload_type);
        if self.encoding.eq_ignore_ascii_case("G729") && is_denied(theirs) {
            ours.fmtp = Some("annexb=no".to_owned());
        }
        ours
    }

    /// Whether both are the same codec, whatever number and parameters each side gives it, but for what parameters make
    /// another codec of H.264.
    pub fn is_same(&self, other: &Self) -> bool {
        self.encoding.eq_ignore_ascii_case(&other.encoding)
            && self.clock_rate == other.clock_rate
            // Opus always says two channels (RFC 7587 §7), and implementations forget to.
            && (self.channels == other.channels || self.encoding.eq_ignore_ascii_case("opus"))
            && (!self.encoding.eq_ignore_ascii_case("h264") || self.is_same_configuration(other))
    }

    fn is_same_configuration(&self, other: &Self) -> bool {
        let read = |codec: &Self| H264Parameters::parse(codec.fmtp.as_deref().unwrap_or_default());
        read(self).zip(read(other)).is_some_and(|(ours, theirs)| ours.is_same_configuration(theirs))
    }

    pub(super) fn rtpmap(&self) -> RtpMap {
        RtpMap {
            payload_type: self.payload_type,
            encoding: self.encoding.clone(),
            clock_rate: self.clock_rate,
            channels: self.channels,
        }
    }
}

impl From<Format> for Codec {
    fn from(format: Format) -> Self {
        let Format { rtpmap, fmtp } = format;
        Self {
            payload_type: rtpmap.payload_type,
            encoding: rtpmap.encoding,
            clock_rate: rtpmap.clock_rate,
            channels: rtpmap.channels,
            fmtp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codecs_are_compared_by_name_clock_and_channels_only() {
        let theirs = Codec::new(96, "pcmu", 8000).with_fmtp("x");
        assert!(Codec::pcmu().is_same(&theirs));
        assert!(!Codec::pcmu().is_same(&Codec::pcma()));
        assert!(!Codec::telephone_event(8000).is_same(&Codec::telephone_event(48_000)));
    }

    #[test]
    fn opus_without_its_channels_is_still_opus() {
        assert!(Codec::opus().is_same(&Codec::new(96, "OPUS", 48_000)));
    }
}
