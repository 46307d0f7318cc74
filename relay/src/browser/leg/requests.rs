//! What a browser asks about its call.

use std::time::Duration;

use offhook_media::{Command, Digits, Direction};
use offhook_protocol::request::DtmfMethod;
use offhook_protocol::{CallStatus, ErrorCode, Failure};

use super::exchange::Change;
use super::{BrowserLeg, State, narrowed};
use crate::call::{Cause, Description, Extras, LegEvent, failure_for_status};

/// How long a key sent from the browser sounds.
const KEY_PRESS: Duration = Duration::from_millis(100);

impl BrowserLeg {
    /// The page has shown the call: its caller may hear ringing.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidCallState`] unless the call rings here.
    pub fn ring(&mut self) -> Result<(), Failure> {
        self.require(self.state == State::Ringing)?;
        self.leg(LegEvent::Ringing(None, Extras::default()));
        Ok(())
    }

    /// The browser takes the call.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidCallState`] unless the call rings here; what is wrong with the SDP otherwise.
    pub fn answer(&mut self, sdp: &str, extras: Extras) -> Result<(), Failure> {
        self.require(self.state == State::Ringing)?;
        let audio = self.take_answer(sdp)?;
        self.direction = audio.direction;
        self.state = State::Connected;
        self.gate();
        self.media(Command::Supervise { leg: self.leg });
        self.leg(LegEvent::Answered(audio, extras));
        self.status(CallStatus::Established);
        Ok(())
    }

    /// The browser ends or declines the call. `busy` says that its user is on another call.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidCallState`] when the call is over.
    pub fn hangup(&mut self, busy: bool) -> Result<(), Failure> {
        self.require(self.state != State::Over)?;
        match self.state {
            State::Ringing if busy => {
                self.end(&Cause::Normal, Extras::default(), Cause::Failure(failure_for_status(486, "Busy Here")))
            }
            State::Ringing => {
                self.end(&Cause::Normal, Extras::default(), Cause::Failure(failure_for_status(603, "Decline")))
            }
            State::Calling | State::Early => self.end(&Cause::Cancelled, Extras::default(), Cause::Cancelled),
            State::Connected | State::Over => self.end(&Cause::Normal, Extras::default(), Cause::Normal),
        }
        Ok(())
    }

    /// The browser holds the far end, or ends the hold.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidCallState`] unless the call is connected and not already so.
    pub fn hold(&mut self, hold: bool) -> Result<(), Failure> {
        self.require(self.state == State::Connected && self.holds != hold && self.asked != Some(Change::Media))?;
        let Some(agreed) = self.agreed.clone() else { return self.require(false) };
        self.holds = hold;
        let wanted = if hold { Direction::RecvOnly } else { Direction::SendRecv };
        let direction = narrowed(wanted, self.own_direction());
        self.gate();
        self.asked = Some(Change::Hold);
        self.leg(LegEvent::Reoffer(Description { direction, ..agreed }));
        Ok(())
    }

    /// The browser sends keys.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidCallState`] unless the call is connected.
    pub fn dtmf(&mut self, digits: &Digits, method: DtmfMethod) -> Result<(), Failure> {
        self.require(self.state == State::Connected)?;
        for digit in digits.iter() {
            self.leg(LegEvent::Dtmf { digit, duration: KEY_PRESS, method });
        }
        Ok(())
    }

    /// The browser answers an offer of the relay's within the call.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidCallState`] when there is none; what is wrong with the SDP otherwise.
    pub fn sdp(&mut self, sdp: &str) -> Result<(), Failure> {
        self.require(self.state == State::Connected && self.awaited.is_some())?;
        let audio = self.take_answer(sdp)?;
        self.leg(LegEvent::ReofferResult(Ok(Description { direction: self.direction, ..audio })));
        self.show_hold();
        Ok(())
    }

    pub(super) fn require(&self, condition: bool) -> Result<(), Failure> {
        let sentence = "The call is not in a state that allows this.";
        if condition { Ok(()) } else { Err(Failure::new(ErrorCode::InvalidCallState, sentence)) }
    }
}
