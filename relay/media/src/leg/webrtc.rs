//! The transport of a leg to a browser: ICE finds the way, DTLS proves who is there and makes the
//! keys, SRTP carries the media (RFC 8827 §6.5).

use std::time::{Duration, Instant};

use crate::dtls::{Dtls, Progress};
use crate::event::MediaFailure;
use crate::ice::Agent;
use crate::identity::Identity;
use crate::outlet::Outlet;
use crate::params::{Fingerprint, IceCredentials, WebRtcRemote};
use crate::srtp::{Keys, Session};

/// One browser's connection.
pub(crate) struct WebRtcTransport {
    /// Answers the browser's checks.
    pub agent: Agent,
    dtls: Dtls,
    state: State,
    /// What the browser's description said, once it is known.
    expected: Option<Vec<Fingerprint>>,
    connect_by: Option<Instant>,
    consent_reported: bool,
}

enum State {
    /// The handshake is not complete.
    Connecting,
    /// Somebody completed the handshake; the description that says whether it was the browser has
    /// not arrived yet.
    Unverified(Fingerprint, Keys),
    /// Media flows.
    Connected(Box<Session>),
    /// It never will.
    Failed,
}

/// What a datagram or a moment in time brought about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing signalling has to know.
    None,
    /// The datagram made no sense.
    Invalid,
    /// Media can flow now.
    Connected,
    /// It never will.
    Failed(MediaFailure),
    /// The browser said goodbye.
    Closed,
    /// The browser stopped checking.
    ConsentLost,
}

impl WebRtcTransport {
    /// A connection that waits for the browser.
    #[must_use]
    pub(crate) fn new(ice: IceCredentials, identity: &Identity) -> Self {
        Self {
            agent: Agent::new(ice),
            dtls: Dtls::new(identity),
            state: State::Connecting,
            expected: None,
            connect_by: None,
            consent_reported: false,
        }
    }

    /// The browser's description is known; it has `patience` to connect from the first time.
    pub(crate) fn set_remote(&mut self, now: Instant, remote: &WebRtcRemote, patience: Duration) -> Change {
        self.agent.set_remote(&remote.ice.ufrag);
        if self.expected.replace(remote.fingerprints.clone()).is_none() && !self.is_ready() {
            self.connect_by = Some(now + patience);
        }
        self.verify()
    }

    /// Whether media can be sent.
    #[must_use]
    pub(crate) const fn is_ready(&self) -> bool {
        matches!(self.state, State::Connected(_))
    }

    /// Takes in a DTLS datagram.
    pub(crate) fn receive_dtls(&mut self, now: Instant, datagram: &[u8], outlet: &mut impl Outlet) -> Change {
        if matches!(self.state, State::Failed) {
            return Change::None;
        }
        let progress = self.dtls.receive(now, datagram);
        self.flush(outlet);
        match progress {
            Progress::Pending => Change::None,
            Progress::Invalid => Change::Invalid,
            Progress::Closed => Change::Closed,
            Progress::Failed => self.fail(MediaFailure::Dtls),
            Progress::Complete { fingerprint, keys } => {
                self.state = State::Unverified(fingerprint, keys);
                self.verify()
            }
        }
    }

    /// Opens an RTP packet where it lies; before the browser is proven there is none.
    pub(crate) fn open<'a>(&mut self, packet: &'a mut [u8]) -> Option<&'a mut [u8]> {
        match &mut self.state {
            State::Connected(session) => session.open(packet),
            _ => None,
        }
    }

    /// Opens an RTCP packet, likewise.
    pub(crate) fn open_rtcp<'a>(&mut self, packet: &'a mut [u8]) -> Option<&'a mut [u8]> {
        match &mut self.state {
            State::Connected(session) => session.open_rtcp(packet),
            _ => None,
        }
    }

    /// Seals and sends an RTP packet; the sealed packet. `None` when that cannot be done yet.
    pub(crate) fn send(&mut self, packet: &[u8], outlet: &mut impl Outlet) -> Option<&[u8]> {
        self.send_sealed(outlet, |session| session.seal(packet))
    }

    /// Sends a sealed packet once more, if anything can be sent.
    pub(crate) fn send_again(&self, sealed: &[u8], outlet: &mut impl Outlet) {
        if let Some(to) = self.agent.selected().filter(|_| self.is_ready() && !self.consent_reported) {
            outlet.send(to.door, to.remote, sealed);
        }
    }

    /// Seals and sends a compound RTCP packet, likewise.
    pub(crate) fn send_rtcp(&mut self, compound: &[u8], outlet: &mut impl Outlet) {
        self.send_sealed(outlet, |session| session.seal_rtcp(compound));
    }

    /// When [`WebRtcTransport::timeout`] has something to do.
    #[must_use]
    pub(crate) fn deadline(&self, consent: Duration) -> Option<Instant> {
        if matches!(self.state, State::Failed) {
            return None;
        }
        let consent = self.consent_until(consent);
        [self.dtls.deadline(), self.connect_by, consent].into_iter().flatten().min()
    }

    /// Does what is due.
    pub(crate) fn timeout(&mut self, now: Instant, consent: Duration, outlet: &mut impl Outlet) -> Change {
        if matches!(self.state, State::Failed) {
            return Change::None;
        }
        let lost = !self.dtls.timeout(now);
        self.flush(outlet);
        if lost {
            return self.fail(MediaFailure::Dtls);
        }
        if self.connect_by.is_some_and(|due| due <= now) {
            return self.fail(MediaFailure::ConnectTimeout);
        }
        if self.consent_until(consent).is_some_and(|due| due <= now) {
            self.consent_reported = true;
            return Change::ConsentLost;
        }
        Change::None
    }

    /// An authentic check came: consent is given anew. Whether it had been missed.
    pub(crate) fn consent(&mut self) -> bool {
        std::mem::replace(&mut self.consent_reported, false)
    }

    /// Says goodbye.
    pub(crate) fn close(&mut self, now: Instant, outlet: &mut impl Outlet) {
        self.dtls.close(now);
        self.flush(outlet);
    }

    fn consent_until(&self, consent: Duration) -> Option<Instant> {
        if !self.is_ready() || self.consent_reported {
            return None;
        }
        self.agent.consent_until(consent)
    }

    /// Once both are known: is the certificate the one the description named?
    fn verify(&mut self) -> Change {
        let Some(expected) = &self.expected else {
            return Change::None;
        };
        match std::mem::replace(&mut self.state, State::Failed) {
            State::Unverified(fingerprint, keys) if expected.contains(&fingerprint) => {
                let Some(session) = Session::new(&keys) else {
                    return self.fail(MediaFailure::Dtls);
                };
                self.state = State::Connected(Box::new(session));
                self.connect_by = None;
                Change::Connected
            }
            State::Unverified(..) => self.fail(MediaFailure::FingerprintMismatch),
            state => {
                self.state = state;
                Change::None
            }
        }
    }

    fn fail(&mut self, cause: MediaFailure) -> Change {
        self.state = State::Failed;
        self.connect_by = None;
        Change::Failed(cause)
    }

    fn send_sealed(
        &mut self,
        outlet: &mut impl Outlet,
        seal: impl FnOnce(&mut Session) -> Option<&[u8]>,
    ) -> Option<&[u8]> {
        let (State::Connected(session), Some(to)) = (&mut self.state, self.agent.selected()) else {
            return None;
        };
        if self.consent_reported {
            // RFC 7675 §5.1: nobody there wants it any more.
            return None;
        }
        let sealed = seal(session)?;
        outlet.send(to.door, to.remote, sealed);
        Some(sealed)
    }

    fn flush(&mut self, outlet: &mut impl Outlet) {
        while let Some(datagram) = self.dtls.transmit() {
            if let Some(to) = self.agent.selected() {
                outlet.send(to.door, to.remote, &datagram);
            }
        }
    }
}
