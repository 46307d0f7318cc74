//! One offer/answer exchange at a time (RFC 3264): what comes too early waits.

use crate::Millis;
use crate::clock::earlier;
use offhook_protocol::event::{CallSdp, SdpKind};

/// How long the browser may take for one description.
const STEP: Millis = 10_000;
/// How long a person may take to allow the microphone.
const PERMISSION: Millis = 60_000;
/// How long the relay may take to answer an offer within the call: the far end may have to be asked.
const ANSWER: Millis = 40_000;
/// How long to wait after an offer of ours has met one of the relay's, which goes first (glare).
const GLARE: Millis = 300;
/// How often an offer may meet the relay's before it is given up.
const MAX_GLARE: u32 = 20;

/// What the browser is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Opening the microphone, for a connection that a call under way is to have.
    Opening,
    /// Making our offer.
    Offering,
    /// Answering the relay's offer.
    Answering,
    /// Applying the relay's answer.
    Applying,
}

/// What the browser is to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Apply the relay's answer.
    Apply(String),
    /// Answer the relay's offer.
    Answer(String),
    /// Make an offer, with new ICE credentials or without.
    Offer {
        /// With new ones.
        restart_ice: bool,
    },
}

/// An offer of ours within the call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ours {
    /// With new ICE credentials.
    pub(super) restart_ice: bool,
    /// How often it has met the relay's.
    glare: u32,
}

/// What stands between the relay's SDP and the browser.
#[derive(Debug, Default)]
pub(super) struct Negotiation {
    /// An offer that is to be made.
    wanted: Option<Ours>,
    /// But not before then.
    not_before: Option<Millis>,
    /// The offer that is being made or is out.
    ours: Option<Ours>,
    /// Our offer is out and has no answer yet.
    answer_due: bool,
    /// Until when that answer has to come.
    answer_by: Option<Millis>,
    busy: Option<(Step, Millis)>,
    answer: Option<String>,
    /// The latest offer that waits. An older one is void: only the latest describes what the relay sends.
    offer: Option<String>,
}

impl Negotiation {
    /// An offer of ours is to be made, as soon as there is room for it.
    pub(super) fn want(&mut self, restart_ice: bool) {
        let restart_ice = restart_ice || self.wanted.is_some_and(|wanted| wanted.restart_ice);
        self.wanted = Some(Ours { restart_ice, glare: 0 });
    }

    /// The first offer of the call is on its way. How long its answer may take is not counted here.
    pub(super) fn offered(&mut self) {
        self.answer_due = true;
    }

    /// An offer within the call is on its way.
    pub(super) fn offered_again(&mut self, now: Millis) {
        self.answer_due = true;
        self.answer_by = Some(now.saturating_add(ANSWER));
    }

    /// The relay has refused that offer because its own goes first: ours is made again afterwards. `false` once that
    /// has been tried often enough.
    pub(super) fn met(&mut self, now: Millis) -> bool {
        let Some(ours) = self.ours.filter(|ours| ours.glare < MAX_GLARE) else { return false };
        self.unanswered();
        let restart_ice = ours.restart_ice || self.wanted.is_some_and(|wanted| wanted.restart_ice);
        self.wanted = Some(Ours { restart_ice, glare: ours.glare.saturating_add(1) });
        self.not_before = Some(now.saturating_add(GLARE));
        true
    }

    /// Our offer has no answer and gets none.
    pub(super) fn unanswered(&mut self) -> Option<Ours> {
        self.answer_due = false;
        self.answer_by = None;
        self.ours.take()
    }

    /// SDP has come. An answer nobody asked for is dropped: the browser would refuse it.
    pub(super) fn receive(&mut self, sdp: CallSdp) {
        match sdp.kind {
            SdpKind::Answer if self.answer_due => self.answer = Some(sdp.sdp),
            SdpKind::Answer => {}
            SdpKind::Offer => self.offer = Some(sdp.sdp),
        }
    }

    /// The browser has begun something.
    pub(super) fn begin(&mut self, step: Step, now: Millis) {
        let wait = if step == Step::Opening { PERMISSION } else { STEP };
        if step == Step::Offering {
            self.ours.get_or_insert_default();
        }
        self.busy = Some((step, now.saturating_add(wait)));
    }

    /// What the browser is to do now; it is busy until [`Self::done`]. Offers of ours need a relay to take them.
    pub(super) fn next(&mut self, may_offer: bool, now: Millis) -> Option<Task> {
        if self.busy.is_some() {
            return None;
        }
        let (step, task) = self.next_task(may_offer, now)?;
        self.begin(step, now);
        Some(task)
    }

    fn next_task(&mut self, may_offer: bool, now: Millis) -> Option<(Step, Task)> {
        if let Some(answer) = self.answer.take() {
            self.answer_due = false;
            self.answer_by = None;
            return Some((Step::Applying, Task::Apply(answer)));
        }
        if self.answer_due {
            return None;
        }
        if let Some(offer) = self.offer.take() {
            return Some((Step::Answering, Task::Answer(offer)));
        }
        if !may_offer || self.not_before.is_some_and(|time| now < time) {
            return None;
        }
        let ours = self.wanted.take()?;
        self.not_before = None;
        self.ours = Some(ours);
        Some((Step::Offering, Task::Offer { restart_ice: ours.restart_ice }))
    }

    /// What the browser has finished.
    pub(super) fn done(&mut self) -> Option<Step> {
        self.busy.take().map(|(step, _)| step)
    }

    /// The answer to our offer is applied. Gives that offer.
    pub(super) fn agreed(&mut self) -> Option<Ours> {
        self.ours.take()
    }

    /// The call leaves, or begins anew with another connection: nothing is waited for any more.
    pub(super) fn stop(&mut self) {
        *self = Self::default();
    }

    pub(super) fn deadline(&self) -> Option<Millis> {
        let not_before = self.not_before.filter(|_| self.wanted.is_some() && self.busy.is_none() && !self.answer_due);
        earlier(self.busy.map(|(_, until)| until), earlier(self.answer_by, not_before))
    }

    /// Whether the browser has not finished in time.
    pub(super) fn is_late(&self, now: Millis) -> bool {
        self.busy.is_some_and(|(_, until)| now >= until)
    }

    /// Whether the relay has not answered our offer in time.
    pub(super) fn is_unanswered(&self, now: Millis) -> bool {
        self.answer_by.is_some_and(|until| now >= until)
    }
}
