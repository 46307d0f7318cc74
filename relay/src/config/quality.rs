//! When sound is called bad.

use offhook_media::Thresholds;
use serde::Deserialize;

use super::check::Check;

/// `[quality]` of the file.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Quality {
    bad: Option<f32>,
    good: Option<f32>,
    interval: Option<u64>,
}

impl Check {
    pub(super) fn quality(&mut self, file: &Quality) -> Thresholds {
        let defaults = Thresholds::DEFAULT;
        let bad = self.within("quality.bad", file.bad, 1.0..=4.4, defaults.bad);
        // Whoever sets one of them only may set it beyond the other's default.
        let good = self.within("quality.good", file.good, 1.0..=4.4, defaults.good.max(bad));
        if good < bad {
            self.problem("quality.good", "must not be below quality.bad".to_owned());
        }
        let interval = self.seconds("quality.interval", file.interval, 1..=60, defaults.interval);
        Thresholds { bad, good, interval }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Config, ConfigError};
    use super::*;

    fn read(text: &str) -> Result<Thresholds, Vec<String>> {
        match Config::from_toml(&format!("[quality]\n{text}")) {
            Ok(config) => Ok(config.media.quality),
            Err(ConfigError::Values(problems)) => Err(problems.into_iter().map(|problem| problem.key).collect()),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_called_bad_can_be_set_and_has_defaults() {
        assert_eq!(read(""), Ok(Thresholds::DEFAULT));
        let set = read("bad = 2.5\ngood = 4\ninterval = 1").unwrap();
        assert_eq!((set.bad, set.good, set.interval.as_secs()), (2.5, 4.0, 1));
        assert_eq!(read("bad = 4.0").unwrap().good, 4.0);
    }

    #[test]
    fn opinions_off_the_scale_and_the_wrong_way_round_are_named() {
        assert_eq!(read("bad = 0.5\ninterval = 0"), Err(vec!["quality.bad".into(), "quality.interval".into()]));
        assert_eq!(read("bad = 3.5\ngood = 3.0"), Err(vec!["quality.good".into()]));
    }
}
