//! `[browsers]`: what is spoken with browsers.

use serde::Deserialize;

use super::check::Check;
use crate::browser::BrowserPolicy;
use crate::call::{CodecPolicy, Transcoding};

/// The section as it is written.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Browsers {
    codecs: Option<Vec<String>>,
    transcode: Option<String>,
    opus_dtx: bool,
}

impl Check {
    pub(super) fn browsers(&mut self, file: Browsers, defaults: BrowserPolicy) -> BrowserPolicy {
        let codecs = self.browser_codecs("browsers.codecs", file.codecs.as_deref());
        let transcoding = self.transcoding("browsers.transcode", file.transcode.as_deref());
        let transcoding = transcoding.unwrap_or(defaults.spoken.transcoding);
        BrowserPolicy { spoken: CodecPolicy { codecs, transcoding }, opus_dtx: file.opus_dtx }
    }

    pub(super) fn transcoding(&mut self, key: &str, text: Option<&str>) -> Option<Transcoding> {
        match text? {
            "never" => Some(Transcoding::Never),
            "needed" => Some(Transcoding::Needed),
            "preferred" => Some(Transcoding::Preferred),
            other => {
                self.problem(key, format!("{other:?} is neither \"never\", \"needed\" nor \"preferred\""));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use offhook_media::Codec;

    use super::*;
    use crate::config::{Config, ConfigError};

    /// The keys that are complained of.
    fn complaints(text: &str) -> Vec<String> {
        match Config::from_toml(text) {
            Ok(_) => Vec::new(),
            Err(ConfigError::Values(problems)) => problems.into_iter().map(|problem| problem.key).collect(),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_spoken_with_browsers_and_with_a_trunk_is_read() {
        let text = "[browsers]\ncodecs = [\"opus\"]\nopus_dtx = true\n[sip]\ntranscode = \"never\"\n\
            [limits]\ntranscoded_calls = 7\n[trunks.lan]\nhost = \"192.0.2.1\"\ntranscode = \"preferred\"";
        let config = Config::from_toml(text).unwrap();
        let spoken = CodecPolicy { codecs: Some(vec![Codec::Opus]), transcoding: Transcoding::Needed };
        assert_eq!(config.browsers, BrowserPolicy { spoken, opus_dtx: true });
        assert_eq!(config.sip.media.spoken.transcoding, Transcoding::Never);
        assert_eq!(config.trunks[0].transcoding, Some(Transcoding::Preferred));
        assert_eq!(config.limits.transcoded_calls, 7);
        let default = Config::from_toml("").unwrap();
        assert_eq!(default.browsers.spoken.transcoding, Transcoding::Needed);
        assert_eq!(default.sip.media.spoken.transcoding, Transcoding::Needed);
    }

    #[test]
    fn what_nothing_can_be_made_of_is_named_by_key() {
        assert_eq!(complaints("[browsers]\ncodecs = [\"opus\", \"g729\"]"), ["browsers.codecs"]);
        assert_eq!(complaints("[browsers]\ntranscode = \"yes\""), ["browsers.transcode"]);
        assert_eq!(complaints("[sip]\ntranscode = \"always\""), ["sip.transcode"]);
        let trunk = "[trunks.one]\nhost = \"192.0.2.1\"\ntranscode = \"\"";
        assert_eq!(complaints(trunk), ["trunks.one.transcode"]);
        assert_eq!(complaints("[limits]\ntranscoded_calls = 1000001"), ["limits.transcoded_calls"]);
    }
}
