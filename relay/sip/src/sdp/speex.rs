use std::fmt;

/// The `a=fmtp` of Speex (RFC 5574 §4.1.1): what its writer would like to receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SpeexParameters {
    /// `vbr`, which is off where nothing is said.
    pub vbr: Option<SpeexRate>,
    /// `cng`: comfort noise in place of silence, where there is a variable rate that tells it; off where nothing is said.
    pub cng: Option<bool>,
    /// `mode`: the most preferred of those listed, 0 to 10.
    pub mode: Option<u8>,
}

/// What the rate of Speex may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpeexRate {
    /// It is constant.
    Constant,
    /// It follows the sound.
    Variable,
    /// It is constant, and nothing is sent while nobody speaks.
    VoiceActivity,
}

impl SpeexParameters {
    /// What stands after the payload type. What is not of RFC 5574, or out of its ranges, is left out.
    pub fn parse(fmtp: &str) -> Self {
        let mut parameters = Self::default();
        for (name, value) in fmtp.split(';').take(32).filter_map(|parameter| parameter.split_once('=')) {
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "vbr" => {
                    parameters.vbr = match value.to_ascii_lowercase().as_str() {
                        "off" => Some(SpeexRate::Constant),
                        "on" => Some(SpeexRate::Variable),
                        "vad" => Some(SpeexRate::VoiceActivity),
                        _ => None,
                    }
                }
                "cng" => {
                    parameters.cng = match value.to_ascii_lowercase().as_str() {
                        "off" => Some(false),
                        "on" => Some(true),
                        _ => None,
                    }
                }
                // A list in quotes, whose last may be "any"; some leave the quotes out.
                "mode" => {
                    let modes = value.split(',').filter_map(|mode| mode.trim().parse().ok());
                    parameters.mode = modes.into_iter().find(|mode| (0..=10).contains(mode));
                }
                _ => {}
            }
        }
        parameters
    }
}

impl fmt::Display for SpeexParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = self.vbr.map(|rate| match rate {
            SpeexRate::Constant => "vbr=off".to_owned(),
            SpeexRate::Variable => "vbr=on".to_owned(),
            SpeexRate::VoiceActivity => "vbr=vad".to_owned(),
        });
        let noise = self.cng.map(|noise| format!("cng={}", if noise { "on" } else { "off" }));
        let mode = self.mode.map(|mode| format!("mode=\"{mode},any\""));
        let parameters: Vec<String> = [rate, noise, mode].into_iter().flatten().collect();
        f.write_str(&parameters.join(";"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_read_and_written_again() {
        for (text, again) in [
            ("vbr=vad;cng=on", "vbr=vad;cng=on"),
            ("mode=\"7,8,any\"; vbr=on", "vbr=on;mode=\"7,any\""),
            ("mode=any", ""),
            ("mode=3", "mode=\"3,any\""),
            ("mode=\"11,any\";vbr=perhaps;cng=1;ptime=20", ""),
            ("VBR=OFF", "vbr=off"),
            ("", ""),
        ] {
            let parameters = SpeexParameters::parse(text);
            assert_eq!(parameters.to_string(), again, "{text}");
            assert_eq!(SpeexParameters::parse(again), parameters, "{text}");
        }
    }
}
