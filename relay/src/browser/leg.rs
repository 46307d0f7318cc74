mod requests;

use std::collections::VecDeque;

use offhook_media::{Command, Direction, Event, LegId, WebRtcLocal};
use offhook_protocol::event::{
    CallSdp, CallStatusChanged, DtmfReceived, IncomingCall, PartyChanged, SdpKind, Transfer as TransferNews,
};
use offhook_protocol::{CallStatus, EventBody, Failure, TransferStatus};

use super::webrtc::{self, BrowserDescription, Payload};
use crate::call::{
    Cause, Description, Extras, Identity, LegCommand, LegEvent, Transfer, TransferProgress, failure_for_status,
};

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
    /// An offer of the relay's waits for the browser's answer.
    awaits_answer: bool,
    /// What the browser was told to use.
    agreed: Option<Description>,
    /// How far the call has come before its answer, as the browser was told.
    progress: Option<CallStatus>,
    /// The browser holds the far end.
    holds: bool,
    /// What the core allows towards this browser.
    direction: Direction,
    version: u64,
    outputs: VecDeque<BrowserOutput>,
}

impl BrowserLeg {
    /// A leg of a browser that calls with this offer.
    #[must_use]
    pub fn calling(call_id: String, leg: LegId, local: WebRtcLocal, offer: BrowserDescription) -> Self {
        let direction = offer.audio().direction;
        Self { remote: Some(offer), direction, ..Self::new(call_id, leg, local, State::Calling) }
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
            awaits_answer: false,
            agreed: None,
            progress: None,
            holds: false,
            direction: Direction::SendRecv,
            version: 0,
            outputs: VecDeque::new(),
        }
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
    pub fn command(&mut self, command: LegCommand) {
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
            LegCommand::Answer(audio, extras) => self.connected(&audio, extras),
            LegCommand::Reoffer(audio) => self.reoffered(audio),
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
            LegCommand::Party(identity) => self.event(EventBody::Party(PartyChanged {
                call_id: self.call_id.clone(),
                user: identity.user,
                display_name: identity.display_name,
            })),
            LegCommand::End(cause, extras) => self.end(&cause, extras, cause.clone()),
        }
    }

    /// The browser is gone for good; it can be told nothing any more.
    pub fn lost(&mut self) {
        if self.state == State::Over {
            return;
        }
        let cause = match self.state {
            State::Ringing => Cause::Failure(failure_for_status(480, "Temporarily Unavailable")),
            State::Calling | State::Early => Cause::Cancelled,
            State::Connected | State::Over => Cause::Normal,
        };
        self.end(&Cause::Normal, Extras::default(), cause);
    }

    /// Takes what the media worker saw of the browser.
    pub fn media_event(&mut self, event: &Event) {
        match event {
            Event::Connected { .. } => self.leg(LegEvent::MediaConnected),
            Event::Failed { cause, .. } => self.leg(LegEvent::MediaFailed(*cause)),
            Event::Inactive { .. } => self.leg(LegEvent::MediaInactive),
            Event::PeerClosed { .. } if self.state != State::Over => self.lost(),
            // Keys come as requests; a browser that sends them as RTP has its packets passed on.
            _ => {}
        }
    }

    fn invite(&mut self, from: Identity, to: Identity, offer: Option<Description>, extras: Extras) {
        let audio = offer.unwrap_or_else(everything);
        let sdp = self.write_offer(&audio);
        self.agreed = Some(audio);
        self.event(EventBody::IncomingCall(IncomingCall {
            call_id: self.call_id.clone(),
            caller: from.user,
            callee: to.user,
            visible_name: from.display_name,
            sdp,
            headers: extras.headers,
            custom: extras.custom,
            ..IncomingCall::default()
        }));
        self.status(CallStatus::Ring);
    }

    fn early(&mut self, media: Option<&Description>) {
        if let (State::Calling, Some(audio)) = (self.state, media) {
            self.state = State::Early;
            self.write_answer(audio);
        }
    }

    /// A SIP server says the same again as often as it likes, and each of its proxies may say 100. The browser hears of
    /// what is new.
    fn progress(&mut self, status: CallStatus, extras: Extras) {
        let news = if status == CallStatus::Trying { self.progress.is_none() } else { self.progress != Some(status) };
        if news {
            self.progress = Some(status);
            self.status_with(status, extras);
        }
    }

    fn connected(&mut self, audio: &Description, extras: Extras) {
        match self.state {
            State::Calling => self.write_answer(audio),
            State::Early if self.speaks_other_than(audio) => self.send_offer(audio),
            State::Early => {}
            State::Ringing | State::Connected | State::Over => return,
        }
        self.state = State::Connected;
        self.direction = audio.direction;
        self.gate();
        self.media(Command::Supervise { leg: self.leg });
        self.status_with(CallStatus::Established, extras);
    }

    /// The far end changed something. A hold is a matter of this side's media gate; only other codecs need the browser.
    fn reoffered(&mut self, audio: Description) {
        self.direction = audio.direction;
        self.gate();
        if self.speaks_other_than(&audio) {
            return self.send_offer(&audio);
        }
        let codecs = self.agreed.as_ref().map_or(audio.codecs.clone(), |agreed| agreed.codecs.clone());
        self.leg(LegEvent::ReofferResult(Ok(Description { codecs, ..audio })));
        self.show_hold();
    }

    fn reoffer_answered(&mut self, result: Result<Description, Cause>) {
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

    /// Something did not work; the call goes on as it is.
    fn warn(&mut self, error: Option<Failure>) {
        let status = if self.state == State::Connected { Some(self.hold_status()) } else { self.progress };
        let Some(status) = status else { return };
        let changed = CallStatusChanged::new(&self.call_id, status);
        self.event(EventBody::CallStatus(CallStatusChanged { error, ..changed }));
    }

    fn transfer_news(&mut self, transfer: Transfer) {
        let (status, cause) = match transfer.progress {
            TransferProgress::Trying => (TransferStatus::Trying, None),
            TransferProgress::Ringing => (TransferStatus::Ring, None),
            TransferProgress::Completed => (TransferStatus::Completed, None),
            TransferProgress::Failed(cause) => (TransferStatus::Failed, Some(cause)),
        };
        let error = cause.as_ref().and_then(Cause::failure);
        self.event(EventBody::Transfer(TransferNews {
            call_id: self.call_id.clone(),
            status,
            target: transfer.target,
            sip_status: error.as_ref().and_then(|error| error.sip_status),
            sip_reason: error.as_ref().and_then(|error| error.sip_reason.clone()),
            error,
        }));
    }

    /// Ends the leg, telling the browser one cause and the core another.
    fn end(&mut self, shown: &Cause, extras: Extras, cause: Cause) {
        self.state = State::Over;
        self.event(ended(self.call_id.clone(), shown, extras));
        self.leg(LegEvent::Ended(cause, Extras::default()));
    }

    fn write_answer(&mut self, audio: &Description) {
        let Some(offer) = &self.remote else { return };
        self.version += 1;
        let own = Description { direction: offer.audio().direction, ..audio.clone() };
        let (sdp, formats) = webrtc::answer(offer, &self.local, &own, self.version);
        let remote = offer.remote(formats);
        self.agreed = Some(audio.clone());
        self.media(Command::WebRtcRemote { leg: self.leg, remote });
        self.event(EventBody::CallSdp(CallSdp { call_id: self.call_id.clone(), kind: SdpKind::Answer, sdp }));
    }

    fn send_offer(&mut self, audio: &Description) {
        let sdp = self.write_offer(audio);
        self.agreed = Some(audio.clone());
        self.awaits_answer = true;
        self.event(EventBody::CallSdp(CallSdp { call_id: self.call_id.clone(), kind: SdpKind::Offer, sdp }));
    }

    /// A hold never shows in the browser's description: its peer connection stays as it is.
    fn write_offer(&mut self, audio: &Description) -> String {
        self.version += 1;
        let both_ways = Description { direction: Direction::SendRecv, ..audio.clone() };
        let (sdp, payloads) = webrtc::offer(&self.local, &both_ways, self.version);
        self.offered = payloads;
        sdp
    }

    fn speaks_other_than(&self, audio: &Description) -> bool {
        let spoken = self.agreed.as_ref().and_then(|agreed| agreed.codecs.first());
        spoken != audio.codecs.first()
    }

    /// What the browser itself can do: one without a microphone only receives.
    fn own_direction(&self) -> Direction {
        self.remote.as_ref().map_or(Direction::SendRecv, |remote| remote.audio().direction)
    }

    fn gate(&mut self) {
        let direction = if self.holds { Direction::Inactive } else { self.direction };
        self.media(Command::Direction { leg: self.leg, direction });
    }

    fn hold_status(&self) -> CallStatus {
        let own = self.own_direction();
        let held = self.holds || narrowed(self.direction, own) != own;
        if held { CallStatus::Hold } else { CallStatus::Established }
    }

    fn show_hold(&mut self) {
        self.status(self.hold_status());
    }

    fn status(&mut self, status: CallStatus) {
        self.event(EventBody::CallStatus(CallStatusChanged::new(&self.call_id, status)));
    }

    /// Tells the browser a status and what the message behind it said.
    fn status_with(&mut self, status: CallStatus, extras: Extras) {
        let Extras { sip_status, sip_reason, headers, .. } = extras;
        let changed = CallStatusChanged::new(&self.call_id, status);
        self.event(EventBody::CallStatus(CallStatusChanged { sip_status, sip_reason, headers, ..changed }));
    }

    fn event(&mut self, event: EventBody) {
        self.outputs.push_back(BrowserOutput::Event(event));
    }

    fn leg(&mut self, event: LegEvent) {
        self.outputs.push_back(BrowserOutput::Leg(event));
    }

    fn media(&mut self, command: Command) {
        self.outputs.push_back(BrowserOutput::Media(command));
    }
}

/// The terminal status of a call that ends for this cause, and what the SIP message behind it said.
#[must_use]
pub fn ended(call_id: String, cause: &Cause, extras: Extras) -> EventBody {
    let error = cause.failure();
    let of_failure = |error: &Failure| (error.sip_status, error.sip_reason.clone());
    let (status, reason) = error.as_ref().map(of_failure).unwrap_or_default();
    EventBody::CallStatus(CallStatusChanged {
        sip_status: extras.sip_status.or(status),
        sip_reason: extras.sip_reason.or(reason),
        info: cause.info().map(str::to_owned),
        error,
        headers: extras.headers,
        ..CallStatusChanged::new(call_id, cause.status())
    })
}

/// What is offered to a browser when the caller offered nothing.
fn everything() -> Description {
    Description {
        codecs: offhook_media::Codec::ALL.to_vec(),
        telephone_event: true,
        direction: Direction::SendRecv,
        video: None,
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
