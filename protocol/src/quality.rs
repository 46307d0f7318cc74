//! What the media of a call is like.
//!
//! A page passes these on to its app as they are, so the browser's half of this crate keeps them as [`Json`] and never
//! takes them apart.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// JSON text that stands in a message as the object it describes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Json(pub String);

impl Json {
    /// The text of a value. One that cannot be written is `null`.
    #[must_use]
    pub fn of(value: &impl Serialize) -> Self {
        Self(serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned()))
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::from_str::<Value>(&self.0).unwrap_or_default().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|value| Self(value.to_string()))
    }
}

/// The relay's figures of a call, as [`crate::reply::CallStats`] has them.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Figures {
    /// Between the relay and this browser.
    pub own: LegFigures,
    /// Between the relay and the far end, where the relay has its media.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub far: Option<LegFigures>,
}

/// Figures of one leg since it was opened.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct LegFigures {
    /// What the relay receives from it.
    pub received: WayFigures,
    /// What the relay sends to it.
    pub sent: WayFigures,
    /// Round-trip time between it and the relay in milliseconds, once known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round_trip_ms: Option<f64>,
}

/// Figures of one direction.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct WayFigures {
    /// The sound.
    pub audio: StreamFigures,
    /// The picture, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video: Option<StreamFigures>,
}

/// Figures of one stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct StreamFigures {
    /// The codec's name, such as `opus`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codec: Option<String>,
    /// RTP packets.
    pub packets: u64,
    /// Bytes of their payload.
    pub bytes: u64,
    /// Packets lost on this way; of what is sent, by the receiver's last report.
    pub lost: u64,
    /// Interarrival jitter in milliseconds (RFC 3550 section 6.4.1), once known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter_ms: Option<f64>,
    /// How much longer rows of losses were than by chance, once there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub burst_ratio: Option<f64>,
    /// Sound that was made up in the place of lost packets, in milliseconds, where the relay decodes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concealed_ms: Option<u64>,
    /// Packets that came too late to be played, where the relay decodes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late: Option<u64>,
    /// Mean opinion score of the last few seconds by the E-model (ITU-T G.107), 1 to 4.5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mos: Option<f64>,
    /// The mean of these since the call was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mos_mean: Option<f64>,
    /// The worst of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mos_lowest: Option<f64>,
}

/// What has become of a call's sound, as [`crate::event::CallQuality`] has it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Quality {
    /// Whether it is bad now, or good again.
    pub bad: bool,
    /// Who hears it so.
    pub hearer: End,
    /// On which side of the relay it was spoilt.
    pub side: End,
    /// Why it is bad; empty when it is good again.
    pub causes: Vec<QualityCause>,
    /// Mean opinion score of the last few seconds, 1 to 4.5; none where nothing came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mos: Option<f64>,
    /// The share of packets lost in them, 0 to 1.
    pub loss: f64,
    /// Interarrival jitter in milliseconds.
    pub jitter_ms: f64,
    /// Round-trip time between the relay and that side in milliseconds, once known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round_trip_ms: Option<f64>,
}

/// An end of a call, as the browser sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum End {
    /// The browser itself.
    Own,
    /// The far end.
    Far,
}

/// What makes sound bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum QualityCause {
    /// Packets are lost, or come too late.
    Loss,
    /// Packets come so unevenly that they have to wait for each other.
    Jitter,
    /// Sound is on its way for too long to talk.
    Delay,
    /// Nothing comes at all.
    Silence,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_stands_in_a_message_as_what_it_describes() {
        let json = Json::of(&Quality {
            bad: true,
            hearer: End::Far,
            side: End::Own,
            causes: vec![QualityCause::Loss],
            mos: Some(2.5),
            loss: 0.25,
            jitter_ms: 3.0,
            round_trip_ms: None,
        });
        let written = serde_json::to_value(&json).unwrap();
        assert_eq!(written["causes"][0], "loss");
        assert_eq!((&written["hearer"], &written["side"]), (&"far".into(), &"own".into()));
        let read: Json = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&read.0).unwrap(), written);
        assert_eq!(serde_json::to_value(Json("broken".into())).unwrap(), Value::Null);
    }
}
