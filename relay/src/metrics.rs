//! Figures for operators, in the text format of Prometheus.
//!
//! What happens once in a call is counted when its record is given out; what is held at the moment, and what the media
//! workers have counted, is read when somebody asks. So nothing here is touched by a packet.

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder, Unit};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusRecorder};
use offhook_media::Totals;

use crate::record::CallRecord;
use crate::run::Health;
use crate::ua::TrunkState;

const METADATA: Metadata<'static> = Metadata::new("offhook", Level::INFO, None);
const SETUP: &str = "offhook_call_setup_seconds";
const TALK: &str = "offhook_call_duration_seconds";
const OPINION: &str = "offhook_call_mos";

/// All figures.
pub struct Metrics {
    recorder: PrometheusRecorder,
    setup: Histogram,
    talk: Histogram,
    opinion: Histogram,
}

impl Metrics {
    /// Figures of which none has been counted.
    ///
    /// # Errors
    /// Never: the buckets are there.
    pub fn new() -> Result<Self, BuildError> {
        let full = |name: &str| Matcher::Full(name.to_owned());
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(full(SETUP), &[0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 180.0])?
            .set_buckets_for_metric(full(TALK), &[10.0, 30.0, 60.0, 180.0, 600.0, 1800.0, 3600.0, 14_400.0])?
            .set_buckets_for_metric(full(OPINION), &[1.5, 2.0, 2.5, 3.1, 3.6, 4.0, 4.3, 4.5])?
            .build_recorder();
        let histogram = |name: &'static str, unit: Option<Unit>, about: &'static str| {
            recorder.describe_histogram(name.into(), unit, about.into());
            recorder.register_histogram(&Key::from_static_name(name), &METADATA)
        };
        Ok(Self {
            setup: histogram(SETUP, Some(Unit::Seconds), "From a call's beginning to its answer."),
            talk: histogram(TALK, Some(Unit::Seconds), "From a call's answer to its end."),
            opinion: histogram(
                OPINION,
                None,
                "Mean opinion score of each direction of each leg of calls that are over.",
            ),
            recorder,
        })
    }

    /// Counts a call that is over.
    pub fn count(&self, record: &CallRecord) {
        let status = record.end.sip_status.map_or(String::new(), |status| status.to_string());
        let labels = [("reason", record.end.reason.clone()), ("sip_status", status)];
        self.counter("offhook_calls_ended_total", "Calls that are over.", &labels).increment(1);
        if let Some(answered) = record.answered {
            self.setup.record(answered.saturating_duration_since(record.started));
            self.talk.record(record.end.at.saturating_duration_since(answered));
        }
        record.opinions().for_each(|opinion| self.opinion.record(opinion));
        // Without this, what was recorded would wait for somebody to ask.
        self.recorder.handle().run_upkeep();
    }

    /// All of them, as text.
    #[must_use]
    pub fn render(&self, health: &Health, media: &Totals) -> String {
        self.hold(health);
        self.media(media);
        self.recorder.handle().render()
    }

    fn hold(&self, Health { counts, sip_connections, trunks }: &Health) {
        let held = [
            ("offhook_connections", "WebSocket connections of browsers.", counts.connections),
            ("offhook_sessions", "Sessions of browsers.", counts.sessions),
            ("offhook_sessions_away", "Sessions that wait for their browser.", counts.sessions_away),
            ("offhook_calls", "Calls.", counts.calls),
            ("offhook_legs", "Legs of calls.", counts.legs),
            ("offhook_media_legs", "Legs that the media workers hold.", counts.media_legs),
            ("offhook_sip_accounts", "SIP accounts that sessions act for.", counts.accounts),
            ("offhook_sip_registered_phones", "Phones registered at the relay.", counts.bindings),
            ("offhook_sip_dialogs", "SIP dialogs.", counts.dialogs),
            ("offhook_sip_transactions", "SIP transactions.", counts.transactions),
            ("offhook_sip_connections", "SIP connections over TCP, TLS and WebSocket.", *sip_connections),
            ("offhook_rtp_ports", "RTP ports bound, in pairs with their RTCP.", counts.rtp_ports),
        ];
        for (name, about, value) in held {
            self.gauge(name, about, &[]).set(value as f64);
        }
        for (trunk, state) in trunks {
            let about = "Whether a trunk that is asked answers: 1, 0, or -1 while that is not known.";
            let value = match state {
                TrunkState::Up => 1.0,
                TrunkState::Down => 0.0,
                TrunkState::Unknown => -1.0,
            };
            self.gauge("offhook_trunk_up", about, &[("trunk", trunk.clone())]).set(value);
        }
        let about = "Requests of strangers over SIP that were met with silence.";
        self.counter("offhook_sip_strangers_ignored_total", about, &[]).absolute(counts.strangers_ignored);
    }

    fn media(&self, totals: &Totals) {
        let about = "RTP packets, by their direction as the relay sees it.";
        for (direction, packets) in [("received", totals.received), ("sent", totals.sent)] {
            let labels = [("direction", direction.to_owned())];
            self.counter("offhook_rtp_packets_total", about, &labels).absolute(packets);
        }
        let counted = [
            ("offhook_rtp_lost_packets_total", "RTP packets that never came to the relay.", totals.lost),
            ("offhook_rtp_strangers_total", "Datagrams to a leg from somebody else than its peer.", totals.strangers),
            ("offhook_rtp_invalid_total", "Packets that were malformed or not authentic.", totals.invalid),
            (
                "offhook_rtp_untranslatable_total",
                "Packets that the other leg has no format for.",
                totals.untranslatable,
            ),
            ("offhook_rtp_unclaimed_total", "Datagrams at the browsers' port that were no leg's.", totals.unclaimed),
            ("offhook_media_turns_total", "Turns of the media workers.", totals.turns),
        ];
        for (name, about, value) in counted {
            self.counter(name, about, &[]).absolute(value);
        }
        self.gauge("offhook_media_transcoded_legs", "Legs whose sound is decoded.", &[]).set(totals.transcoded as f64);
    }

    fn counter(&self, name: &'static str, about: &'static str, labels: &[(&'static str, String)]) -> Counter {
        self.recorder.describe_counter(name.into(), None, about.into());
        self.recorder.register_counter(&key(name, labels), &METADATA)
    }

    fn gauge(&self, name: &'static str, about: &'static str, labels: &[(&'static str, String)]) -> Gauge {
        self.recorder.describe_gauge(name.into(), None, about.into());
        self.recorder.register_gauge(&key(name, labels), &METADATA)
    }
}

fn key(name: &'static str, labels: &[(&'static str, String)]) -> Key {
    Key::from_parts(name, labels.iter().map(|(name, value)| Label::new(*name, value.clone())).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::call::{LegKind, Party};
    use crate::record::{RecordedEnd, RecordedLeg};
    use crate::relay::Counts;

    fn record(reason: &str, sip_status: Option<u16>, answered: bool) -> CallRecord {
        #[expect(clippy::disallowed_methods, reason = "an instant to begin simulated time at")]
        let started = Instant::now();
        let mut figures = offhook_protocol::quality::LegFigures::default();
        figures.received.audio.mos_mean = Some(2.6);
        CallRecord {
            call: 1,
            caller: "alice".into(),
            callee: "bob".into(),
            kinds: (LegKind::Browser, LegKind::Sip),
            started,
            answered: answered.then_some(started + Duration::from_secs(3)),
            end: RecordedEnd { at: started + Duration::from_secs(63), by: None, reason: reason.into(), sip_status },
            legs: vec![RecordedLeg { party: Party::Caller, kind: LegKind::Browser, figures: Some(figures) }],
        }
    }

    #[test]
    fn what_was_counted_and_what_is_held_is_in_the_text() {
        let metrics = Metrics::new().unwrap();
        metrics.count(&record("hungUp", None, true));
        metrics.count(&record("busy", Some(486), false));
        let health = Health {
            counts: Counts { calls: 3, strangers_ignored: 7, ..Counts::default() },
            sip_connections: 2,
            trunks: [("carrier".to_owned(), TrunkState::Down)].into(),
        };
        let totals = Totals { received: 100, sent: 90, lost: 5, transcoded: 1, ..Totals::default() };
        let text = metrics.render(&health, &totals);
        for line in [
            "# TYPE offhook_calls gauge",
            "offhook_calls 3",
            "offhook_sip_connections 2",
            "offhook_trunk_up{trunk=\"carrier\"} 0",
            "offhook_calls_ended_total{reason=\"hungUp\",sip_status=\"\"} 1",
            "offhook_calls_ended_total{reason=\"busy\",sip_status=\"486\"} 1",
            "offhook_call_setup_seconds_bucket{le=\"5\"} 1",
            "offhook_call_duration_seconds_bucket{le=\"60\"} 1",
            "offhook_call_mos_bucket{le=\"2.5\"} 0",
            "offhook_call_mos_bucket{le=\"3.1\"} 2",
            "offhook_call_mos_count 2",
            "offhook_rtp_packets_total{direction=\"received\"} 100",
            "offhook_rtp_lost_packets_total 5",
            "offhook_media_transcoded_legs 1",
            "offhook_sip_strangers_ignored_total 7",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
        assert!(!text.contains("alice"));
    }
}
