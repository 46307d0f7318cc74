//! Ends without a common codec: each speaks one of its own, and the media worker translates.
//!
//! Packets that pass as they are cost next to nothing and lose nothing, so ends are brought to speak alike wherever they
//! can. Where they cannot, or one of them would rather not, the call is transcoded, as far as there is [`Capacity`].

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use offhook_media::Codec;

use super::leg::{Description, LegCommand};
use super::machine::{Call, CallOutput, Phase};
use super::side::Party;

/// Whether an end may speak another codec than the other end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transcoding {
    /// Both ends have to speak alike.
    #[default]
    Never,
    /// Where they have nothing in common.
    Needed,
    /// Wherever they would not choose the same codec.
    Preferred,
}

/// What an end may speak.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodecPolicy {
    /// The codecs spoken there, most preferred first; `None` for all, in the order of whoever offers.
    pub codecs: Option<Vec<Codec>>,
    /// Whether they may be others than the other end's.
    pub transcoding: Transcoding,
}

impl CodecPolicy {
    /// Leaves the codecs that are spoken there, in the order they are preferred.
    pub fn apply(&self, codecs: &mut Vec<Codec>) {
        if let Some(spoken) = &self.codecs {
            *codecs = shared(spoken, codecs);
        }
    }

    /// The codecs of an offer there: those that `told` names, and where it and the policy allow it, behind them the rest of
    /// `known` that can be translated. Whoever prefers its own order to passing packets on gets that.
    #[must_use]
    pub fn offerable(&self, told: &Description, known: &[Codec]) -> Vec<Codec> {
        let mut codecs = told.codecs.clone();
        self.apply(&mut codecs);
        if [self.transcoding, told.transcoding].contains(&Transcoding::Never) {
            return codecs;
        }
        let mut others: Vec<Codec> = translatable(known);
        others.retain(|codec| !told.codecs.contains(codec));
        self.apply(&mut others);
        codecs.extend(others);
        if self.transcoding == Transcoding::Preferred {
            self.apply(&mut codecs);
        }
        codecs
    }
}

/// How many calls may be transcoded at once. A clone counts the same calls.
#[derive(Clone, Debug)]
pub struct Capacity {
    used: Arc<AtomicUsize>,
    limit: usize,
}

impl Capacity {
    /// Room for so many calls.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { used: Arc::default(), limit }
    }

    /// How many calls are transcoded.
    #[must_use]
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Whether another call could be.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.used() < self.limit
    }

    /// Room for a call that was promised it: there may be more calls than the limit by those that were ringing.
    fn take_offered(&self) -> Permit {
        self.used.fetch_add(1, Ordering::Relaxed);
        Permit(Arc::clone(&self.used))
    }

    fn take(&self) -> Option<Permit> {
        let one_more = |used: usize| (used < self.limit).then(|| used.saturating_add(1));
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok()?;
        Some(Permit(Arc::clone(&self.used)))
    }
}

impl Default for Capacity {
    fn default() -> Self {
        Self::new(usize::MAX)
    }
}

/// The room of one transcoded call, for as long as it exists.
#[derive(Debug)]
pub(super) struct Permit(Arc<AtomicUsize>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What each end of a transcoded call speaks, most preferred first. Neither is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Apart {
    caller: Vec<Codec>,
    callee: Vec<Codec>,
}

impl Apart {
    fn new(party: Party, speaks: Vec<Codec>, other: Vec<Codec>) -> Self {
        match party {
            Party::Caller => Self { caller: speaks, callee: other },
            Party::Callee | Party::Third => Self { caller: other, callee: speaks },
        }
    }

    pub(super) fn of(&self, party: Party) -> &[Codec] {
        match party {
            Party::Caller => &self.caller,
            Party::Callee | Party::Third => &self.callee,
        }
    }
}

impl Call {
    /// Bounds how many calls are transcoded at once.
    #[must_use]
    pub fn within(mut self, capacity: Capacity) -> Self {
        if let Some(CallOutput::Command(_, LegCommand::Invite { offer: Some(offer), .. })) = self.outputs.front_mut()
            && !capacity.has_room()
        {
            offer.transcoding = Transcoding::Never;
        }
        self.capacity = capacity;
        self
    }

    /// Whether the ends speak different codecs.
    #[must_use]
    pub fn is_transcoded(&self) -> bool {
        self.apart.is_some()
    }

    /// The codecs that hold at an end.
    pub(super) fn spoken(&self, party: Party) -> Vec<Codec> {
        match (&self.apart, &self.agreed) {
            (Some(apart), _) => apart.of(party).to_vec(),
            (None, Some((_, agreed))) => agreed.codecs.clone(),
            (None, None) => Vec::new(),
        }
    }

    /// How far the ends may be offered other codecs than each other's.
    pub(super) fn transcoding(&self) -> Transcoding {
        self.transcoding_between(self.caller.transcoding, self.callee.transcoding)
    }

    /// The same of two ends that may not be those of the call.
    pub(super) fn transcoding_between(&self, one: Transcoding, other: Transcoding) -> Transcoding {
        match (one, other) {
            (Transcoding::Never, _) | (_, Transcoding::Never) => Transcoding::Never,
            _ if self.permit.is_none() && !self.capacity.has_room() => Transcoding::Never,
            (Transcoding::Preferred, _) | (_, Transcoding::Preferred) => Transcoding::Preferred,
            (Transcoding::Needed, Transcoding::Needed) => Transcoding::Needed,
        }
    }

    /// Takes an end's answer for what holds, where the other end can do `others`: nothing in particular when it is empty.
    /// `false` when the two cannot be joined.
    pub(super) fn join(&mut self, party: Party, mut said: Description, others: &[Codec]) -> bool {
        let is_free = others.is_empty() || said.untouched.is_some();
        let common = if is_free { said.codecs.clone() } else { shared(&said.codecs, others) };
        let apart = match is_free {
            true => None,
            false => self.apart(party, translatable(&said.codecs), best(others), !common.is_empty()),
        };
        let is_joined = is_free || apart.is_some() || !common.is_empty();
        if apart.is_none() && !common.is_empty() {
            said.codecs = common;
        }
        self.agreed = Some((party, said));
        self.keep(apart);
        is_joined
    }

    /// Takes what an end speaks of what was agreed with both, or besides. `false` when the two cannot be joined.
    pub(super) fn join_again(&mut self, party: Party, speaks: &[Codec]) -> bool {
        let others = self.spoken(party.other());
        let common = shared(&others, speaks);
        let apart = self.apart(party, translatable(speaks), translatable(&others), !common.is_empty());
        let is_joined = apart.is_some() || !common.is_empty();
        if let (None, Some((_, agreed))) = (&apart, &mut self.agreed) {
            agreed.codecs = common;
        }
        self.keep(apart);
        is_joined
    }

    /// What an end that is to be answered is told, where the far end said `codecs`: what it knows of them, else the best it
    /// has itself. `None` when there is nothing.
    pub(super) fn answerable(&mut self, party: Party, codecs: &[Codec]) -> Option<Vec<Codec>> {
        let own = self.side(party).codecs.clone();
        let common = if own.is_empty() { codecs.to_vec() } else { shared(codecs, &own) };
        match self.apart(party.other(), translatable(codecs), best(&own), !common.is_empty()) {
            Some(apart) => Some(apart.of(party).to_vec()),
            None => Some(common).filter(|common| !common.is_empty()),
        }
    }

    /// The ends speak alike, or each what is said here.
    pub(super) fn keep(&mut self, apart: Option<Apart>) {
        if apart.is_none() {
            self.permit = None;
        }
        self.apart = apart;
    }

    /// What each end speaks, where they are not to speak alike.
    pub(super) fn apart(
        &mut self,
        party: Party,
        mut speaks: Vec<Codec>,
        mut others: Vec<Codec>,
        have_common: bool,
    ) -> Option<Apart> {
        let is_wanted = match self.transcoding() {
            _ if speaks.is_empty() || others.is_empty() => false,
            Transcoding::Never => false,
            Transcoding::Needed => !have_common,
            Transcoding::Preferred => !have_common || speaks.first() != others.first(),
        };
        if !is_wanted {
            return None;
        }
        if have_common {
            // What both have agreed would pass.
            speaks.truncate(1);
            others.truncate(1);
        }
        if self.permit.is_none() {
            // A callee that was offered more than the caller knows may take it: whoever was offered it meanwhile has as good a
            // right to the last place, and none of them is hung up on for it.
            let permit =
                if self.phase == Phase::Inviting { Some(self.capacity.take_offered()) } else { self.capacity.take() };
            self.permit = Some(permit?);
        }
        Some(Apart::new(party, speaks, others))
    }
}

/// Those of `codecs` that are also among `others`.
pub(super) fn shared(codecs: &[Codec], others: &[Codec]) -> Vec<Codec> {
    codecs.iter().filter(|codec| others.contains(codec)).copied().collect()
}

/// Those that the media worker can decode and encode.
pub(super) fn translatable(codecs: &[Codec]) -> Vec<Codec> {
    codecs.iter().copied().filter(|codec| codec.is_transcodable()).collect()
}

/// The most preferred of them.
pub(super) fn best(codecs: &[Codec]) -> Vec<Codec> {
    translatable(codecs).into_iter().take(1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_as_many_as_are_allowed_and_again_when_one_is_over() {
        let capacity = Capacity::new(2);
        let (one, other) = (capacity.take(), capacity.clone().take());
        assert!(one.is_some() && other.is_some() && !capacity.has_room());
        assert!(capacity.take().is_none());
        drop(one);
        assert!(capacity.has_room() && capacity.take().is_some());
        assert_eq!(capacity.used(), 1);
        assert!(Capacity::new(0).take().is_none());
    }
}
