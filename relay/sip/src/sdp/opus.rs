use std::fmt;

/// The `a=fmtp` of Opus (RFC 7587 §6.1): what its writer would like to receive, and what it is likely to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OpusParameters {
    /// `minptime`, in milliseconds.
    pub minptime: Option<u32>,
    /// `maxplaybackrate`, in Hz.
    pub maxplaybackrate: Option<u32>,
    /// `sprop-maxcapturerate`, in Hz.
    pub maxcapturerate: Option<u32>,
    /// `maxaveragebitrate`, in bits per second.
    pub maxaveragebitrate: Option<u32>,
    /// `stereo`
    pub stereo: Option<bool>,
    /// `sprop-stereo`
    pub sends_stereo: Option<bool>,
    /// `cbr`
    pub cbr: Option<bool>,
    /// `useinbandfec`
    pub useinbandfec: Option<bool>,
    /// `usedtx`
    pub usedtx: Option<bool>,
}

impl OpusParameters {
    /// What stands after the payload type. What is not of RFC 7587, or out of its ranges, is left out.
    pub fn parse(fmtp: &str) -> Self {
        let mut parameters = Self::default();
        for (name, value) in fmtp.split(';').take(32).filter_map(|parameter| parameter.split_once('=')) {
            let number = || value.trim().parse::<u32>().ok();
            let within = |range: std::ops::RangeInclusive<u32>| number().filter(|number| range.contains(number));
            let flag = || within(0..=1).map(|flag| flag == 1);
            match name.trim().to_ascii_lowercase().as_str() {
                "minptime" => parameters.minptime = within(3..=120),
                "maxplaybackrate" => parameters.maxplaybackrate = within(8_000..=48_000),
                "sprop-maxcapturerate" => parameters.maxcapturerate = within(8_000..=48_000),
                "maxaveragebitrate" => parameters.maxaveragebitrate = within(6_000..=510_000),
                "stereo" => parameters.stereo = flag(),
                "sprop-stereo" => parameters.sends_stereo = flag(),
                "cbr" => parameters.cbr = flag(),
                "useinbandfec" => parameters.useinbandfec = flag(),
                "usedtx" => parameters.usedtx = flag(),
                _ => {}
            }
        }
        parameters
    }
}

impl fmt::Display for OpusParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = [
            ("minptime", self.minptime),
            ("maxplaybackrate", self.maxplaybackrate),
            ("sprop-maxcapturerate", self.maxcapturerate),
            ("maxaveragebitrate", self.maxaveragebitrate),
            ("stereo", self.stereo.map(u32::from)),
            ("sprop-stereo", self.sends_stereo.map(u32::from)),
            ("cbr", self.cbr.map(u32::from)),
            ("useinbandfec", self.useinbandfec.map(u32::from)),
            ("usedtx", self.usedtx.map(u32::from)),
        ];
        let mut separator = "";
        for (name, number) in numbers {
            let Some(number) = number else { continue };
            write!(f, "{separator}{name}={number}")?;
            separator = ";";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_and_sensible_is_kept() {
        for (written, kept) in [
            ("minptime=10;useinbandfec=1", "minptime=10;useinbandfec=1"),
            ("maxplaybackrate=48000;stereo=1;useinbandfec=1", "maxplaybackrate=48000;stereo=1;useinbandfec=1"),
            (" useinbandfec=1; maxaveragebitrate=30000 ", "maxaveragebitrate=30000;useinbandfec=1"),
            ("usedtx=1; CBR=0;sprop-stereo=1", "sprop-stereo=1;cbr=0;usedtx=1"),
            ("stereo=2;maxaveragebitrate=4294967296;maxplaybackrate=1;minptime=0", ""),
            ("x=1;apt=96;;=;stereo", ""),
            ("", ""),
        ] {
            let parameters = OpusParameters::parse(written);
            assert_eq!(parameters.to_string(), kept, "{written}");
            assert_eq!(OpusParameters::parse(kept), parameters);
        }
    }
}
