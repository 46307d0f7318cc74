mod about;
mod connection;
mod exchange;
mod requests;
mod status;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use offhook_media::{Command, Direction, LegId, WebRtcLocal};
use offhook_protocol::event::DtmfReceived;
use offhook_protocol::{CallStatus, EventBody};

use super::policy::BrowserPolicy;
use crate::call::{Cause, Description, Extras, Identity, LegCommand, LegEvent, ReferralProgress};
use crate::webrtc::{BrowserDescription, Payload};
use about::About;
use connection::Connection;
use exchange::{Awaited, Change};

pub use status::ended;

/// What a browser leg wants done.
#[derive(Debug)]
pub enum BrowserOutput {
    /// Tell the browser.
    Event(EventBody),
    /// Tell the core.
    Leg(LegEvent),
    /// Tell the media worker.
    Media(Command),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The browser called; its offer has no answer yet.
    Calling,
    /// The browser called and has its answer, for early media.
    Early,
    /// The browser is called.
    Ringing,
    Connected,
    Over,
}

/// A browser's end of a call.
#[derive(Debug)]
pub struct BrowserLeg {
    call_id: String,
    leg: LegId,
    local: WebRtcLocal,
    state: State,
    /// The browser's latest description.
    remote: Option<BrowserDescription>,
    /// The payload types of the relay's latest offer.
    offered: Vec<Payload>,
    /// The relay's offer that waits for the browser's answer.
    awaited: Option<Awaited>,
    /// What the browser has asked of the far end.
    asked: Option<Change>,
    /// Another page has the session, and has not connected itself to the call yet.
    unattached: bool,
    connection: Connection,
    about: About,
    /// What the browser was told to use.
    agreed: Option<Description>,
    /// How far the call has come before its answer, as the browser was told.
    progress: Option<CallStatus>,
    /// How often it was told.
    progressed: u8,
    /// The browser holds the far end.
    holds: bool,
    /// What the core allows towards this browser.
    direction: Direction,
    version: u64,
    policy: Arc<BrowserPolicy>,
    outputs: VecDeque<BrowserOutput>,
}

impl BrowserLeg {
    /// A leg of a browser that calls with this offer.
    #[must_use]
    pub fn calling(
        call_id: String,
        leg: LegId,
        local: WebRtcLocal,
        offer: BrowserDescription,
        (from, to): (Identity, Identity),
    ) -> Self {
        let (direction, about) = (offer.audio().direction, About::outgoing(from, to));
        Self { remote: Some(offer), direction, about, ..Self::new(call_id, leg, local, State::Calling) }
    }

    /// A leg of a browser that is called; [`LegCommand::Invite`] comes next.
    #[must_use]
    pub fn called(call_id: String, leg: LegId, local: WebRtcLocal) -> Self {
        Self::new(call_id, leg, local, State::Ringing)
    }

    fn new(call_id: String, leg: LegId, local: WebRtcLocal, state: State) -> Self {
        Self {
            call_id,
            leg,
            local,
            state,
            remote: None,
            offered: Vec::new(),
            awaited: None,
            asked: None,
            unattached: false,
            connection: Connection::default(),
            about: About::default(),
            agreed: None,
            progress: None,
            progressed: 0,
            holds: false,
            direction: Direction::SendRecv,
            version: 0,
            policy: Arc::default(),
            outputs: VecDeque::new(),
        }
    }

    /// The same under this policy. What the browser has offered is [within it](BrowserDescription::within).
    #[must_use]
    pub fn under(mut self, policy: &Arc<BrowserPolicy>) -> Self {
        self.policy = Arc::clone(policy);
        self
    }

    /// The browser's name for the call.
    #[must_use]
    pub fn call_id(&self) -> &str {
        &self.call_id
    }

    /// Whether sound is connected or on hold, rather than ringing.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.state == State::Connected
    }

    /// The next thing to be done; ask until there is none.
    pub fn poll_output(&mut self) -> Option<BrowserOutput> {
        self.outputs.pop_front()
    }

    /// Takes what the core says.
    pub fn command(&mut self, command: LegCommand, now: Instant) {
        if self.state == State::Over {
            return;
        }
        match command {
            LegCommand::Invite { from, to, offer, extras } => self.invite(from, to, offer, extras),
            LegCommand::Trying => self.progress(CallStatus::Trying, Extras::default()),
            LegCommand::Ringing(media, extras) => {
                self.early(media.as_ref());
                // Early media goes on when the next response says nothing of it.
                let heard = self.state == State::Early;
                self.progress(if heard { CallStatus::RingMedia } else { CallStatus::Ring }, extras);
            }
            LegCommand::Progress(media, extras) => {
                self.early(media.as_ref());
                self.progress(CallStatus::SessionProgress, extras);
            }
            LegCommand::Answer(audio, extras) => self.connected(&audio, extras, now),
            LegCommand::Reoffer(audio) => self.reoffered(audio, now),
            LegCommand::ReofferAnswer(result) => self.reoffer_answered(result),
            LegCommand::Dtmf { digit, duration, .. } => {
                self.event(EventBody::Dtmf(DtmfReceived {
                    call_id: self.call_id.clone(),
                    digit: digit.to_string(),
                    duration_ms: u32::try_from(duration.as_millis()).unwrap_or(u32::MAX),
                }));
            }
            LegCommand::Warning(failure) => self.warn(Some(failure)),
            LegCommand::Transfer(transfer) => self.transfer_news(transfer),
            LegCommand::Party(identity) => self.other_party(identity),
            LegCommand::Refer(_) => self.leg(LegEvent::Referral(ReferralProgress::Unsupported)),
            LegCommand::End(cause, extras) => self.end(&cause, extras, cause.clone()),
        }
    }

    fn early(&mut self, media: Option<&Description>) {
        if let (State::Calling, Some(audio)) = (self.state, media)
            && !self.unattached
        {
            self.state = State::Early;
            self.write_answer(audio);
        }
    }

    fn connected(&mut self, audio: &Description, extras: Extras, now: Instant) {
        match self.state {
            State::Calling | State::Early if self.unattached => {
                self.agreed = Some(audio.clone());
                self.await_page(now);
            }
            State::Calling => self.write_answer(audio),
            State::Early if self.speaks_other_than(audio) => self.send_offer(audio, now),
            State::Early => {}
            State::Ringing | State::Connected | State::Over => return,
        }
        self.state = State::Connected;
        self.direction = audio.direction;
        self.gate();
        self.media(Command::Supervise { leg: self.leg });
        self.status_with(CallStatus::Established, extras);
    }

    fn reoffer_answered(&mut self, result: Result<Description, Cause>) {
        if self.asked.take() == Some(Change::Media) {
            return self.media_answered(result);
        }
        match result {
            Ok(audio) => {
                self.direction = audio.direction;
                self.gate();
                self.show_hold();
            }
            Err(cause) => {
                self.holds = !self.holds;
                self.gate();
                self.warn(cause.failure());
            }
        }
    }

    /// Ends the leg, telling the browser one cause and the core another.
    fn end(&mut self, shown: &Cause, extras: Extras, cause: Cause) {
        self.state = State::Over;
        self.event(ended(self.call_id.clone(), shown, extras));
        self.leg(LegEvent::Ended(cause, Extras::default()));
    }

    /// What the browser itself can do: one without a microphone only receives.
    fn own_direction(&self) -> Direction {
        self.remote.as_ref().map_or(Direction::SendRecv, |remote| remote.audio().direction)
    }

    fn gate(&mut self) {
        let direction = if self.holds { Direction::Inactive } else { self.direction };
        self.media(Command::Direction { leg: self.leg, direction });
    }

    fn event(&mut self, event: EventBody) {
        self.outputs.push_back(BrowserOutput::Event(event));
    }

    fn leg(&mut self, event: LegEvent) {
        self.outputs.push_back(BrowserOutput::Leg(event.with(self.policy.spoken.transcoding)));
    }

    fn media(&mut self, command: Command) {
        self.outputs.push_back(BrowserOutput::Media(command));
    }
}

fn narrowed(wanted: Direction, own: Direction) -> Direction {
    match (wanted.sends() && own.sends(), wanted.receives() && own.receives()) {
        (true, true) => Direction::SendRecv,
        (true, false) => Direction::SendOnly,
        (false, true) => Direction::RecvOnly,
        (false, false) => Direction::Inactive,
    }
}
