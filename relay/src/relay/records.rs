//! Keeps what will be told of each call when it is over. The last word about a leg comes from its media worker after it
//! has been closed, so a record waits for that, but not for long.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use offhook_media::{LegId, LegStats};

use super::calls::{CallId, Driver};
use super::quality::figures;
use super::{MediaPlane, Output, Relay, Timer};
use crate::call::{Cause, Identity, LegKind, Party};
use crate::record::{CallRecord, RecordedEnd, RecordedLeg};

/// How long a worker may take to say what a closed leg was like.
const LAST_WORD: Duration = Duration::from_secs(2);
/// Legs of one call that are told of; one that is sent on for ever has more.
const MAX_LEGS: usize = 16;

/// The calls that no record was given out of yet.
#[derive(Debug, Default)]
pub(super) struct Records {
    calls: HashMap<CallId, Kept>,
    /// Legs that were closed, whose last word is to come.
    closed: HashMap<LegId, (CallId, usize)>,
}

#[derive(Debug)]
struct Kept {
    caller: String,
    callee: String,
    kinds: (LegKind, LegKind),
    started: Instant,
    answered: Option<Instant>,
    end: Option<RecordedEnd>,
    legs: Vec<RecordedLeg>,
    /// How many of these have not had their last word.
    waiting: usize,
    is_over: bool,
}

impl<M: MediaPlane> Relay<M> {
    pub(super) fn record_start(
        &mut self,
        id: CallId,
        (from, to): (&Identity, &Identity),
        kinds: (LegKind, LegKind),
        now: Instant,
    ) {
        let kept = Kept {
            caller: from.user.clone(),
            callee: to.user.clone(),
            kinds,
            started: now,
            answered: None,
            end: None,
            legs: Vec::new(),
            waiting: 0,
            is_over: false,
        };
        self.records.calls.insert(id, kept);
    }

    pub(super) fn record_answer(&mut self, id: CallId, now: Instant) {
        if let Some(kept) = self.records.calls.get_mut(&id) {
            kept.answered.get_or_insert(now);
        }
    }

    /// An end of a call is going, because `by` went or the relay says so. The first is what counts.
    pub(super) fn record_end(&mut self, id: CallId, by: Option<Party>, cause: &Cause, now: Instant) {
        let Some(kept) = self.records.calls.get_mut(&id) else { return };
        kept.end.get_or_insert_with(|| RecordedEnd {
            at: now,
            by,
            reason: reason(cause),
            sip_status: cause.failure().and_then(|failure| failure.sip_status),
        });
    }

    /// A leg has been closed.
    pub(super) fn record_leg(&mut self, id: CallId, leg: LegId, party: Party, driver: &Driver) {
        let Some(kept) = self.records.calls.get_mut(&id) else { return };
        if kept.legs.len() >= MAX_LEGS {
            return;
        }
        if driver.has_media() {
            kept.waiting += 1;
            self.records.closed.insert(leg, (id, kept.legs.len()));
        }
        kept.legs.push(RecordedLeg { party, kind: driver.kind(), figures: None });
    }

    /// What a worker says of a leg: its last word, should it have been closed.
    pub(super) fn record_stats(&mut self, leg: LegId, stats: &LegStats) {
        let Some((id, at)) = self.records.closed.remove(&leg) else { return };
        let Some(kept) = self.records.calls.get_mut(&id) else { return };
        kept.waiting = kept.waiting.saturating_sub(1);
        if let Some(leg) = kept.legs.get_mut(at) {
            leg.figures = Some(figures(stats));
        }
        if kept.is_over && kept.waiting == 0 {
            self.give_record(id);
        }
    }

    /// A call is over.
    pub(super) fn record_over(&mut self, id: CallId, now: Instant) {
        let Some(kept) = self.records.calls.get_mut(&id) else { return };
        kept.is_over = true;
        kept.end.get_or_insert_with(|| RecordedEnd {
            at: now,
            by: None,
            reason: reason(&Cause::Normal),
            sip_status: None,
        });
        if kept.waiting == 0 {
            self.give_record(id);
        } else {
            self.schedule.put(now + LAST_WORD, Timer::Record(id));
        }
    }

    /// Gives a call's record out, whatever is missing.
    pub(super) fn give_record(&mut self, id: CallId) {
        let Some(Kept { caller, callee, kinds, started, answered, end: Some(end), legs, waiting, .. }) =
            self.records.calls.remove(&id)
        else {
            return;
        };
        if waiting > 0 {
            self.records.closed.retain(|_, (call, _)| *call != id);
        }
        let record = CallRecord { call: id.0, caller, callee, kinds, started, answered, end, legs };
        log(&record);
        self.outputs.push_back(Output::Record(Box::new(record)));
    }

    /// Whether records of calls are still to be given out.
    #[must_use]
    pub fn has_records(&self) -> bool {
        !self.records.calls.is_empty()
    }
}

/// The line of the log: everything but who it was.
fn log(record: &CallRecord) {
    let CallRecord { call, kinds: (caller, callee), started, answered, end, .. } = record;
    let millis = |from: Instant, to: Instant| to.saturating_duration_since(from).as_millis();
    let mos: Vec<f64> = record.opinions().collect();
    tracing::info!(
        call,
        ?caller,
        ?callee,
        setup = answered.map(|answered| millis(*started, answered)),
        talk = answered.map(|answered| millis(answered, end.at)),
        by = ?end.by,
        reason = end.reason,
        sip_status = end.sip_status,
        ?mos,
        "call record"
    );
}

fn reason(cause: &Cause) -> String {
    match cause {
        Cause::Normal => "hungUp".to_owned(),
        Cause::Cancelled => "cancelled".to_owned(),
        _ => cause.failure().map_or("failed", |failure| failure.code.name()).to_owned(),
    }
}
