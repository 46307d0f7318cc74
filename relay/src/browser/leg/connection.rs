//! Whether sound can flow to and from the browser, and how long the call waits for it to come back.
//!
//! A network that changes, a socket that breaks and a page that is loaded anew all take the sound away for a while. The
//! browser then offers again ([`BrowserLeg::offer`]); the call ends only when it does not do so in time.

use std::time::{Duration, Instant};

use offhook_media::{Command, Event, Inactivity, MediaFailure};
use offhook_protocol::{ErrorCode, Failure};

use super::{BrowserLeg, State};
use crate::call::{Cause, Extras, LegEvent, failure_for_status};

/// How long a browser whose sound is lost may take to connect it again. The SDK gives up after as long.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a page that was loaded anew may take: it may have to ask for the microphone first.
const PATIENCE_WITH_A_NEW_PAGE: Duration = Duration::from_secs(60);

/// The sound between the relay and a browser.
#[derive(Debug, Default)]
pub(super) struct Connection {
    /// It has been connected once: from then on a loss can be mended.
    connected: bool,
    loss: Option<Loss>,
    /// The session has no socket at the moment.
    away: bool,
    /// The session can be taken back by another page.
    outlives_page: bool,
}

#[derive(Clone, Copy, Debug)]
struct Loss {
    why: MediaFailure,
    until: Instant,
}

impl BrowserLeg {
    /// The session of this leg can be taken back by another page: a peer connection that is closed does not end the call.
    pub fn outlive_page(&mut self) {
        self.connection.outlives_page = true;
    }

    /// Takes what the media worker saw of the browser.
    pub fn media_event(&mut self, event: &Event, now: Instant) {
        if self.state == State::Over {
            return;
        }
        match event {
            Event::Connected { .. } => {
                self.connection.connected = true;
                if self.connection.loss.take().is_some() {
                    self.await_sound();
                }
                self.leg(LegEvent::MediaConnected);
            }
            Event::Failed { cause, .. } => self.failed(*cause, now),
            Event::Inactive { cause: Inactivity::Consent, .. } => self.lose(MediaFailure::ConnectTimeout, now),
            // Nobody could say yet what has become of the browser, or it connects anew: silence is no news then.
            Event::Inactive { cause: Inactivity::Rtp, .. } if self.is_waiting() => {}
            Event::Inactive { cause: Inactivity::Rtp, .. } => self.leg(LegEvent::MediaInactive),
            Event::PeerClosed { .. } if self.connection.outlives_page => self.lose(MediaFailure::ConnectTimeout, now),
            Event::PeerClosed { .. } => self.left(),
            Event::Dtmf { digit, duration, .. } => {
                self.leg(LegEvent::Heard { digit: *digit, duration: *duration });
            }
            _ => {}
        }
    }

    /// The session lost its socket: its browser cannot be told or asked anything for a while.
    pub fn detached(&mut self, now: Instant) {
        self.connection.away = true;
        self.wait_anew(now + PATIENCE);
    }

    /// The session has a socket again.
    pub fn attached(&mut self, now: Instant) {
        self.connection.away = false;
        self.wait_anew(now + PATIENCE);
        if self.connection.loss.is_none() {
            self.await_sound();
        }
    }

    /// Another page has the session: of the peer connection that this call has had, nothing is left.
    pub fn taken_over(&mut self, now: Instant) {
        self.connection.away = false;
        self.withdraw();
        match self.state {
            State::Ringing => self.ring_here(),
            State::Calling => self.unattached = true,
            State::Early | State::Connected => self.await_page(now),
            State::Over => {}
        }
    }

    /// A page that has taken the call over is to connect itself to it.
    pub(super) fn await_page(&mut self, now: Instant) {
        self.unattached = true;
        let until = now + PATIENCE_WITH_A_NEW_PAGE;
        self.connection.loss = Some(Loss { why: MediaFailure::ConnectTimeout, until });
    }

    /// The browser has another peer connection: nothing can be heard until it is connected.
    pub(super) fn reconnecting(&mut self, now: Instant) {
        self.connection.loss = Some(Loss { why: MediaFailure::ConnectTimeout, until: now + PATIENCE });
    }

    /// When [`BrowserLeg::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.state == State::Over {
            return None;
        }
        let answer = self.awaited.as_ref().map(|awaited| awaited.until);
        let loss = self.connection.loss.map(|loss| loss.until);
        [answer, loss].into_iter().flatten().min()
    }

    /// Takes the passing of time.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.state == State::Over {
            return;
        }
        if self.awaited.as_ref().is_some_and(|awaited| awaited.until <= now) {
            self.withdraw();
        }
        if let Some(loss) = self.connection.loss.filter(|loss| loss.until <= now) {
            self.connection.loss = None;
            let peer_lost = self.connection.away || self.unattached;
            if peer_lost { self.lost() } else { self.leg(LegEvent::MediaFailed(loss.why)) }
        }
    }

    fn failed(&mut self, cause: MediaFailure, now: Instant) {
        let mendable = self.connection.connected || self.unattached || self.is_waiting();
        let mendable = mendable && cause != MediaFailure::FingerprintMismatch;
        if mendable { self.lose(cause, now) } else { self.leg(LegEvent::MediaFailed(cause)) }
    }

    fn lose(&mut self, why: MediaFailure, now: Instant) {
        let until = self.connection.loss.map_or(now + PATIENCE, |loss| loss.until);
        self.connection.loss = Some(Loss { why, until });
    }

    fn wait_anew(&mut self, until: Instant) {
        if let Some(loss) = &mut self.connection.loss {
            loss.until = until;
        }
    }

    /// Silence counts from now on.
    fn await_sound(&mut self) {
        if self.state == State::Connected {
            self.media(Command::Supervise { leg: self.leg });
        }
    }

    fn is_waiting(&self) -> bool {
        self.connection.away || self.connection.loss.is_some()
    }

    /// The browser is gone and was not heard of again.
    pub fn lost(&mut self) {
        let sentence = "The connection to the other side was lost.";
        let shown = Cause::MediaFailed(MediaFailure::ConnectTimeout);
        self.gone(&shown, Cause::Failure(Failure::new(ErrorCode::PeerLost, sentence)));
    }

    /// The browser's page was closed.
    pub fn left(&mut self) {
        self.gone(&Cause::Normal, Cause::Normal);
    }

    /// Ends the leg, telling its browser one cause, should it come back, and a far end it was connected with another.
    fn gone(&mut self, shown: &Cause, from_a_call: Cause) {
        let cause = match self.state {
            State::Ringing => Cause::Failure(failure_for_status(480, "Temporarily Unavailable")),
            State::Calling | State::Early => Cause::Cancelled,
            State::Connected => from_a_call,
            State::Over => return,
        };
        self.end(shown, Extras::default(), cause);
    }
}
