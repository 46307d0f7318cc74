//! What is kept of a call that is over: who called whom, when, how it ended, and what its legs were like.

use std::fmt;
use std::time::{Instant, SystemTime};

use offhook_protocol::quality::LegFigures;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::call::{LegKind, Party};

/// A call that is over.
#[derive(Clone, PartialEq)]
pub struct CallRecord {
    /// Its number in the log.
    pub call: u64,
    /// Who called, as the callee was shown: `anonymous` who hides.
    pub caller: String,
    /// Who was called, as it was dialled.
    pub callee: String,
    /// What their legs were when it began.
    pub kinds: (LegKind, LegKind),
    /// When it began.
    pub started: Instant,
    /// When it was answered, if it was.
    pub answered: Option<Instant>,
    /// How it ended.
    pub end: RecordedEnd,
    /// Every leg that it had.
    pub legs: Vec<RecordedLeg>,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedEnd {
    /// When.
    pub at: Instant,
    /// Whose leg ended first; nobody's where the relay ended the call.
    pub by: Option<Party>,
    /// `hungUp`, `cancelled`, or the code of the failure.
    pub reason: String,
    /// The SIP status behind it.
    pub sip_status: Option<u16>,
}

/// A leg of a call that is over.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedLeg {
    /// Which end it was.
    pub party: Party,
    /// What it was.
    pub kind: LegKind,
    /// Its figures, where the media workers had it.
    pub figures: Option<LegFigures>,
}

/// The record as it is written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    call: u64,
    caller: &'a str,
    caller_kind: &'static str,
    callee: &'a str,
    callee_kind: &'static str,
    started: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    answered: Option<String>,
    ended: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_by: Option<&'static str>,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sip_status: Option<u16>,
    legs: Vec<Leg<'a>>,
}

#[derive(Serialize)]
struct Leg<'a> {
    party: &'static str,
    kind: &'static str,
    #[serde(flatten)]
    figures: Option<&'a LegFigures>,
}

impl CallRecord {
    /// The record as one line of JSON, without its end. `now` and `wall` are the same moment on both clocks.
    #[must_use]
    pub fn line(&self, now: Instant, wall: SystemTime) -> String {
        let date = |at: Instant| {
            let time = wall.checked_sub(now.saturating_duration_since(at)).unwrap_or(wall);
            OffsetDateTime::from(time).format(&Rfc3339).unwrap_or_default()
        };
        let legs = self.legs.iter().map(|leg| Leg {
            party: party(leg.party),
            kind: kind(leg.kind),
            figures: leg.figures.as_ref(),
        });
        let line = Line {
            call: self.call,
            caller: &self.caller,
            caller_kind: kind(self.kinds.0),
            callee: &self.callee,
            callee_kind: kind(self.kinds.1),
            started: date(self.started),
            answered: self.answered.map(date),
            ended: date(self.end.at),
            ended_by: self.end.by.map(party),
            reason: &self.end.reason,
            sip_status: self.end.sip_status,
            legs: legs.collect(),
        };
        serde_json::to_string(&line).unwrap_or_default()
    }

    /// The estimates of every direction of sound that anybody heard, means over the call.
    pub fn opinions(&self) -> impl Iterator<Item = f64> + '_ {
        let figures = self.legs.iter().filter_map(|leg| leg.figures.as_ref());
        figures.flat_map(|leg| [&leg.received, &leg.sent]).filter_map(|way| way.audio.mos_mean)
    }
}

/// Numbers of people stay out of the log.
impl fmt::Debug for CallRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallRecord").field("call", &self.call).field("end", &self.end).finish_non_exhaustive()
    }
}

const fn kind(kind: LegKind) -> &'static str {
    match kind {
        LegKind::Browser => "browser",
        LegKind::Sip => "sip",
        LegKind::Service => "service",
    }
}

const fn party(party: Party) -> &'static str {
    match party {
        Party::Caller => "caller",
        Party::Callee => "callee",
        Party::Third => "third",
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_record_is_one_line_with_the_dates_of_the_wall_clock() {
        #[expect(clippy::disallowed_methods, reason = "an instant to begin simulated time at")]
        let started = Instant::now();
        let second = Duration::from_secs(1);
        let record = CallRecord {
            call: 7,
            caller: "anonymous".into(),
            callee: "bob\n".into(),
            kinds: (LegKind::Browser, LegKind::Sip),
            started,
            answered: Some(started + second),
            end: RecordedEnd {
                at: started + second * 3,
                by: Some(Party::Callee),
                reason: "hungUp".into(),
                sip_status: None,
            },
            legs: vec![RecordedLeg {
                party: Party::Caller,
                kind: LegKind::Browser,
                figures: Some(LegFigures::default()),
            }],
        };
        let line = record.line(started + second * 4, UNIX_EPOCH + second * 14);
        assert!(!line.contains('\n'));
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["started"], "1970-01-01T00:00:10Z");
        assert_eq!(read["answered"], "1970-01-01T00:00:11Z");
        assert_eq!(read["ended"], "1970-01-01T00:00:13Z");
        assert_eq!((&read["callee"], &read["endedBy"]), (&"bob\n".into(), &"callee".into()));
        assert_eq!(read["legs"][0]["received"]["audio"]["packets"], 0);
        assert!(!format!("{record:?}").contains("bob"));
    }
}
