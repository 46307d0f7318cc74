//! One offer/answer exchange at a time (RFC 3264): what comes too early waits.

use crate::Millis;
use offhook_protocol::event::{CallSdp, SdpKind};

/// How long the browser may take to apply a description.
const STEP: Millis = 10_000;

/// What stands between the relay's SDP and the browser.
#[derive(Debug, Default)]
pub(super) struct Negotiation {
    /// Our offer is out and has no answer yet.
    answer_due: bool,
    /// The browser is at it, until then.
    busy_until: Option<Millis>,
    answer: Option<CallSdp>,
    /// The latest offer that waits. An older one is void: only the latest describes what the relay sends.
    offer: Option<CallSdp>,
}

impl Negotiation {
    /// Our offer is on its way.
    pub(super) fn offered(&mut self) {
        self.answer_due = true;
    }

    /// SDP has come. An answer nobody asked for is dropped: the browser would refuse it.
    pub(super) fn receive(&mut self, sdp: CallSdp) {
        match sdp.kind {
            SdpKind::Answer if self.answer_due => self.answer = Some(sdp),
            SdpKind::Answer => {}
            SdpKind::Offer => self.offer = Some(sdp),
        }
    }

    /// What the browser is to take in now. It is busy until [`Self::done`].
    pub(super) fn next(&mut self, now: Millis) -> Option<CallSdp> {
        if self.busy_until.is_some() {
            return None;
        }
        let next = match self.answer.take() {
            Some(answer) => {
                self.answer_due = false;
                Some(answer)
            }
            None if self.answer_due => None,
            None => self.offer.take(),
        }?;
        self.busy_until = Some(now.saturating_add(STEP));
        Some(next)
    }

    /// The browser has finished.
    pub(super) fn done(&mut self) {
        self.busy_until = None;
    }

    /// The call leaves: nothing is waited for any more.
    pub(super) fn stop(&mut self) {
        *self = Self::default();
    }

    pub(super) fn deadline(&self) -> Option<Millis> {
        self.busy_until
    }

    pub(super) fn is_late(&self, now: Millis) -> bool {
        self.busy_until.is_some_and(|until| now >= until)
    }
}
