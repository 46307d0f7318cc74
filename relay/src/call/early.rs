//! What is said of the session before the answer: early media of one phone or several, and a caller that changes its mind.

use std::time::Instant;

use super::cause::failure_for_status;
use super::leg::{Cause, Description, LegCommand, Sound};
use super::machine::Call;
use super::side::{LegKind, Party};
use super::transcoding::{Transcoding, shared};

impl Call {
    /// The caller changes its mind before the answer (RFC 3311): nobody needs to be asked. What the callee has let be heard
    /// holds on; what else is agreed is seen to when it answers.
    pub(super) fn caller_changes_early(&mut self, audio: Description) {
        let before = std::mem::replace(&mut self.caller.codecs, audio.codecs.clone());
        let mut answer = Description { transcoding: Transcoding::Never, ..audio.clone() };
        if let Some(early) = self.early.clone() {
            answer.codecs = self.answerable(Party::Caller, &early.codecs).unwrap_or_default();
            answer.codecs.sort_by_key(|codec| audio.codecs.iter().position(|own| own == codec));
            answer.video = early.video.filter(|_| audio.video.is_some());
        }
        if answer.codecs.is_empty() {
            self.caller.codecs = before;
            let failure = failure_for_status(488, "Not Acceptable Here");
            return self.command(Party::Caller, LegCommand::ReofferAnswer(Err(Cause::Failure(failure))));
        }
        self.caller.named(&audio);
        self.is_changed_early = true;
        self.caller_has = Some(answer.clone());
        self.command(Party::Caller, LegCommand::ReofferAnswer(Ok(answer)));
    }

    /// Takes note of what the callee lets be heard, and says it as the caller is told it. A caller over SIP takes the first
    /// for the answer to its offer.
    pub(super) fn heard_early(&mut self, early: Description) -> Description {
        self.callee.transcoding = early.transcoding;
        let mut told = Description { transcoding: Transcoding::Never, ..early.clone() };
        if self.caller.codecs.is_empty() {
            told.transcoding = self.transcoding();
        } else if let Some(codecs) = self.answerable(Party::Caller, &early.codecs) {
            if shared(&codecs, &early.codecs).is_empty() {
                told.sound = Sound::default();
                told.comfort_noise = true;
            }
            told.codecs = codecs;
        }
        let offered = early.untouched.is_some() || !self.caller.codecs.is_empty();
        self.early = Some(early);
        if offered && self.caller.kind == LegKind::Sip && self.caller_has.is_none() {
            self.caller_has = Some(told.clone());
        }
        told
    }

    /// Whether the caller over SIP was given another phone's answer before than the one that holds now: several rang and
    /// could be heard, and each has an answer of its own (RFC 3261 section 13.2.2.4).
    pub(super) fn is_left_with_another(&self, answer: &Description) -> bool {
        self.caller_has.as_ref().is_some_and(|has| !has.is_alike(answer))
    }

    /// The caller was offered what is heard now, and takes it.
    pub(super) fn followed_early(&mut self, answer: Description) {
        self.caller_has = Some(match answer.untouched {
            // What it answered itself is not what it was offered.
            Some(_) => self.early.clone().unwrap_or(answer),
            None => answer,
        });
    }

    /// Brings such a caller over to the answer that holds.
    pub(super) fn bring_over(&mut self, now: Instant) {
        match self.caller_has.take() {
            Some(has) if has.untouched.is_none() => {
                self.caller.settled = Some(has);
                self.align(now);
            }
            Some(_) => self.pass_on(None, Party::Caller, now),
            None => {}
        }
    }

    /// Offers the callee what the caller has changed before the answer, and what the caller speaks of it where that is not
    /// what the callee would.
    pub(super) fn pass_on_early(&mut self, answered: &Description, now: Instant) {
        let is_changed = std::mem::take(&mut self.is_changed_early);
        let is_other = |due: &Description| {
            let (first, spoken) = (answered.codecs.first(), self.spoken(Party::Caller));
            match is_changed {
                true => due.direction != answered.direction || due.codecs.first() != first,
                false => {
                    let passes = self.is_transcoded() && !shared(&answered.codecs, &spoken).is_empty();
                    passes || first.is_some_and(|codec| !due.codecs.contains(codec))
                }
            }
        };
        if self.told(Party::Callee).as_ref().is_some_and(is_other) {
            self.pass_on(None, Party::Callee, now);
        }
    }
}
