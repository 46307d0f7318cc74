use std::time::Instant;

use offhook_media::{Command, Event, LegId};
use offhook_protocol::{ErrorCode, Failure};

use super::calls::{CallId, Driver, LegEntry};
use super::{MediaPlane, Relay, Timer};
use crate::browser::BrowserOutput;
use crate::call::{CallOutput, Cause, LegCommand, LegEvent, Party};
use crate::service::ServiceOutput;
use crate::session::{Account, SessionId};

/// What a leg's driver wants done, whichever driver it is.
enum Wanted {
    Leg(LegEvent),
    Media(Command),
    Done,
}

impl<M: MediaPlane> Relay<M> {
    /// Lets legs and calls speak with each other until all have said what they had to say.
    pub(super) fn settle(&mut self, now: Instant) {
        loop {
            if let Some(output) = self.ua.poll_output() {
                self.ua_output(output, now);
            } else if let Some(call) = self.unsettled.pop_front() {
                self.settle_call(call, now);
            } else {
                return;
            }
        }
    }

    /// Takes what a leg says to its call.
    pub(super) fn leg_event(&mut self, leg: LegId, event: LegEvent, now: Instant) {
        let Some(entry) = self.legs.get_mut(&leg) else { return };
        let (id, party) = (entry.call, entry.party);
        // A peer's RTP can hold thousands of keys a second; a browser's requests are bounded before they come here.
        if matches!(event, LegEvent::Dtmf { .. } | LegEvent::Heard { .. }) && !entry.keys.take(now) {
            return tracing::debug!(leg = leg.0, "a key was left out: there are too many");
        }
        if matches!(event, LegEvent::Reoffer(_)) && !entry.changes.take(now) {
            let sentence = "There were too many changes of the call just now. Try again in a moment.";
            let failure = Failure { sip_status: Some(500), ..Failure::new(ErrorCode::LimitReached, sentence) };
            self.command(leg, LegCommand::ReofferAnswer(Err(Cause::Failure(failure))), now);
            return self.unsettled.push_back(id);
        }
        let ended = matches!(event, LegEvent::Ended(_, _));
        if let LegEvent::Ended(cause, _) = &event {
            log_end(id, party, cause);
            if is_wrong_password(cause) {
                self.guessed_wrong_in_call(id, now);
            }
        }
        let event = match party {
            Party::Callee => self.branch_event(id, leg, event, now),
            Party::Caller | Party::Third => Some(event),
        };
        let Some(event) = event else { return self.unsettled.push_back(id) };
        // Who has transferred the call leaves it; it goes on without.
        let goes_on = self.calls.get(&id).is_some_and(|call| call.machine.is_transferred_by(party));
        if let LegEvent::Ended(cause, _) = &event
            && party != Party::Third
            && !goes_on
        {
            self.record_end(id, Some(party), cause, now);
        }
        if let Some(call) = self.calls.get_mut(&id) {
            call.machine.leg_event(party, event, now);
        }
        if ended {
            self.remove_leg(leg);
        }
        self.unsettled.push_back(id);
    }

    /// Takes what a media worker says about a leg to whoever drives it.
    pub(super) fn media_event(&mut self, event: &Event, now: Instant) {
        let Some(leg) = leg_of(event) else { return };
        match event {
            Event::Stats { stats, .. } => {
                self.record_stats(leg, stats);
                return self.stats_came(leg, stats);
            }
            Event::Quality { report, .. } => return self.quality_changed(leg, report),
            _ => {}
        }
        let Some(entry) = self.legs.get_mut(&leg) else { return };
        match &mut entry.driver {
            Driver::Browser(_, browser) => browser.media_event(event, now),
            Driver::Sip => self.ua.media_event(event, now),
            Driver::Service(_) | Driver::DirectSip => {}
        }
        self.unsettled.push_back(entry.call);
    }

    fn settle_call(&mut self, id: CallId, now: Instant) {
        let Some(call) = self.calls.get(&id) else { return };
        for leg in call.legs() {
            self.drain(leg, now);
        }
        while let Some(output) = self.calls.get_mut(&id).and_then(|call| call.machine.poll_output()) {
            match &output {
                CallOutput::Command(Party::Caller, LegCommand::Answer(..)) => self.record_answer(id, now),
                CallOutput::Command(Party::Caller | Party::Callee, LegCommand::End(cause, _)) => {
                    self.record_end(id, None, cause, now);
                }
                _ => {}
            }
            match output {
                CallOutput::Command(Party::Callee, command) => {
                    self.callee_command(id, command, now);
                    if let Some(leg) = self.calls.get(&id).and_then(|call| call.leg(Party::Callee)) {
                        self.drain(leg, now);
                    }
                }
                CallOutput::Command(party, command) => {
                    let Some(leg) = self.calls.get(&id).and_then(|call| call.leg(party)) else { continue };
                    self.command(leg, command, now);
                    self.drain(leg, now);
                }
                CallOutput::Swapped(party) => self.swapped(id, party, now),
                CallOutput::Referral(end) => self.referral_over(id, end, now),
                CallOutput::Forget => {
                    if let Some(leg) = self.calls.get(&id).and_then(|call| call.leg(Party::Third)) {
                        self.remove_leg(leg);
                    }
                }
                CallOutput::Over => return self.forget(id, now),
            }
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        for leg in call.legs() {
            let Some(entry) = self.legs.get_mut(&leg) else { continue };
            let Driver::Browser(_, browser) = &entry.driver else { continue };
            let deadline = browser.poll_timeout();
            if deadline != entry.scheduled {
                entry.scheduled = deadline;
                if let Some(deadline) = deadline {
                    self.schedule.put(deadline, Timer::Leg(leg));
                }
            }
        }
        let deadline = call.machine.poll_timeout();
        if deadline != call.scheduled {
            call.scheduled = deadline;
            if let Some(deadline) = deadline {
                self.schedule.put(deadline, Timer::Call(id));
            }
        }
    }

    pub(super) fn command(&mut self, leg: LegId, command: LegCommand, now: Instant) {
        let Some(entry) = self.legs.get_mut(&leg) else { return };
        match &mut entry.driver {
            Driver::Browser(_, browser) => browser.command(command, now),
            Driver::Service(service) => service.command(command),
            Driver::Sip => {
                let worker = entry.worker;
                if let Some(description) = command.description() {
                    self.open_video(worker, leg, description);
                }
                self.ua.leg_command(leg, command, now);
            }
            Driver::DirectSip => self.ua.leg_command(leg, command, now),
        }
    }

    /// Does what a leg's driver wants done.
    fn drain(&mut self, leg: LegId, now: Instant) {
        while let Some(wanted) = self.poll_driver(leg) {
            match wanted {
                Wanted::Leg(event) => self.leg_event(leg, event, now),
                Wanted::Media(command) => self.media_command(leg, command, now),
                Wanted::Done => {}
            }
        }
    }

    fn poll_driver(&mut self, leg: LegId) -> Option<Wanted> {
        match &mut self.legs.get_mut(&leg)?.driver {
            Driver::Browser(session, browser) => {
                let session = *session;
                Some(match browser.poll_output()? {
                    BrowserOutput::Leg(event) => Wanted::Leg(event),
                    BrowserOutput::Media(command) => Wanted::Media(command),
                    BrowserOutput::Event(event) => {
                        self.emit(session, event);
                        Wanted::Done
                    }
                })
            }
            Driver::Service(service) => Some(match service.poll_output()? {
                ServiceOutput::Leg(event) => Wanted::Leg(event),
                ServiceOutput::Media(command) => Wanted::Media(command),
            }),
            Driver::Sip | Driver::DirectSip => None,
        }
    }

    /// Gives a leg's worker an order. A worker that cannot take it cannot carry the call either.
    pub(super) fn media_command(&mut self, leg: LegId, command: Command, now: Instant) {
        let Some(entry) = self.legs.get(&leg) else { return };
        let Err(error) = self.media.command(entry.worker, command) else { return };
        tracing::error!(%error, "media order refused");
        let failure = Failure::new(ErrorCode::LimitReached, "The relay's media side is overloaded.");
        if let Some(call) = self.calls.get_mut(&entry.call) {
            call.machine.end(&Cause::Failure(failure), now);
            self.unsettled.push_back(entry.call);
        }
    }

    /// Notes a password that a SIP server refused within a call, for the session whose account it is.
    fn guessed_wrong_in_call(&mut self, call: CallId, now: Instant) {
        let Some(call) = self.calls.get(&call) else { return };
        let sessions = call.legs().filter_map(|leg| match &self.legs.get(&leg)?.driver {
            Driver::Browser(session, _) => Some(*session),
            Driver::Service(_) | Driver::Sip | Driver::DirectSip => None,
        });
        let has_password = |id: &SessionId| {
            self.sessions.get(id).is_some_and(|session| matches!(session.account(), Account::Sip { .. }))
        };
        if let Some(session) = sessions.into_iter().find(has_password) {
            self.guessed_wrong_at_server(session, now);
        }
    }

    pub(super) fn remove_leg(&mut self, leg: LegId) {
        let Some(LegEntry { call, party, worker, driver, .. }) = self.legs.remove(&leg) else { return };
        self.record_leg(call, leg, party, &driver);
        self.close_leg(worker, leg, &driver);
    }

    fn forget(&mut self, id: CallId, now: Instant) {
        let Some(call) = self.calls.remove(&id) else { return };
        call.legs().for_each(|leg| self.remove_leg(leg));
        self.record_over(id, now);
        tracing::info!(call = id.0, "call over");
    }
}

/// Whoever asks why a call ended finds the code here; sentences and phrases come from peers and stay out.
fn log_end(call: CallId, party: Party, cause: &Cause) {
    let failure = cause.failure();
    let reason = match cause {
        Cause::Normal => "hung up",
        Cause::Cancelled => "cancelled",
        _ => failure.as_ref().map_or("failed", |failure| failure.code.name()),
    };
    let sip_status = failure.and_then(|failure| failure.sip_status);
    tracing::info!(call = call.0, ?party, reason, sip_status, "leg ended");
}

/// Whether a SIP server refused a call for its credentials; 403 has other reasons too.
fn is_wrong_password(cause: &Cause) -> bool {
    cause.failure().and_then(|failure| failure.sip_status).is_some_and(|status| matches!(status, 401 | 407))
}

fn leg_of(event: &Event) -> Option<LegId> {
    Some(match event {
        Event::Connected { leg }
        | Event::Failed { leg, .. }
        | Event::PeerClosed { leg }
        | Event::Dtmf { leg, .. }
        | Event::DtmfSent { leg }
        | Event::DtmfRefused { leg }
        | Event::Inactive { leg, .. }
        | Event::PictureWanted { leg }
        | Event::Quality { leg, .. }
        | Event::Stats { leg, .. } => *leg,
        _ => return None,
    })
}
