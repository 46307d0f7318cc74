//! A caller that takes somebody's place in a call (RFC 3891), as whoever picks a call up or has asked first.

use std::time::Instant;

use offhook_media::Codec;

use super::cause::failure_for_status;
use super::leg::{Cause, Description, Extras, Identity, LegCommand};
use super::machine::{Call, CallOutput, Phase};
use super::side::{LegKind, Life, Party, Side, both, mirrored};
use super::transcoding::{Transcoding, best};

impl Call {
    /// Puts a caller in the place of `party`, whose leg is told to end. The caller's leg has become this call's third
    /// party, and is answered.
    ///
    /// # Errors
    /// Why the caller is refused, which leaves the call as it is: nothing that both ends speak (488), or another change
    /// of who talks to whom is under way (491).
    pub fn replace(
        &mut self,
        party: Party,
        (kind, who): (LegKind, Identity),
        offer: Option<&Description>,
        now: Instant,
    ) -> Result<(), Cause> {
        let is_early = self.phase == Phase::Inviting && party == Party::Callee && self.third.life == Life::Ended;
        if !is_early && self.may_transfer().is_err() {
            return Err(refused(491, "Request Pending"));
        }
        let mut newcomer = Side::new(kind, who);
        let far = self.side(party.other());
        let answer = match offer {
            Some(offer) => {
                newcomer.named(offer);
                let transcoding = self.transcoding_between(far.transcoding, newcomer.transcoding);
                far.answer_to(&newcomer, offer, transcoding)
            }
            None => self.offer_of(party.other()).or_else(|| far.own()),
        };
        let answer = answer.ok_or_else(|| refused(488, "Not Acceptable Here"))?;
        newcomer.settled = Some(answer.clone());
        self.third = newcomer;
        self.command(Party::Third, LegCommand::Answer(answer.clone(), Extras::default()));
        if is_early {
            self.picked_up(answer, now);
        } else {
            let common = super::transfer::common(self.side(party.other()), &self.third);
            self.swap(party, common, now);
        }
        Ok(())
    }

    /// Somebody else has taken the call that rang.
    fn picked_up(&mut self, answer: Description, now: Instant) {
        std::mem::swap(&mut self.callee, &mut self.third);
        self.outputs.push_back(CallOutput::Swapped(Party::Callee));
        self.attend(now);
        self.end_leg(Party::Third, Cause::Cancelled, Extras::completed_elsewhere(), now);
        self.established(answer, Extras::default(), now);
        let who = self.callee.who.clone();
        self.command(Party::Caller, LegCommand::Party(who));
    }
}

impl Side {
    /// What this end says to a newcomer's offer: what it speaks at the moment, else what else it can, else what the
    /// newcomer likes best where the call may be transcoded.
    fn answer_to(&self, newcomer: &Self, offer: &Description, transcoding: Transcoding) -> Option<Description> {
        let spoken = self.settled.as_ref().map(|settled| settled.codecs.as_slice()).unwrap_or_default();
        let shared = |codecs: &[Codec]| codecs.iter().filter(|codec| offer.codecs.contains(codec)).copied().collect();
        let any = if self.codecs.is_empty() { offer.codecs.as_slice() } else { self.codecs.as_slice() };
        let own = if transcoding == Transcoding::Never { Vec::new() } else { best(&offer.codecs) };
        let choices: [Vec<Codec>; 3] = [shared(spoken), shared(any), own];
        let codecs = choices.into_iter().find(|codecs| !codecs.is_empty())?;
        let shown = self.settled.as_ref().and_then(|settled| settled.video.as_ref());
        let video = offer
            .video
            .clone()
            .filter(|offered| shown.is_some_and(|shown| shown.codecs.first() == offered.codecs.first()));
        Some(Description {
            codecs,
            telephone_event: offer.telephone_event,
            comfort_noise: self.comfort_noise,
            direction: both(newcomer.wants, mirrored(self.wants)),
            video,
            sound: self.sound,
            transcoding: Transcoding::Never,
            untouched: None,
        })
    }

    /// What this end has named as its own, before anything was agreed.
    fn own(&self) -> Option<Description> {
        (!self.codecs.is_empty()).then(|| Description {
            codecs: self.codecs.clone(),
            telephone_event: true,
            comfort_noise: self.comfort_noise,
            direction: mirrored(self.wants),
            video: self.video.clone().map(super::side::video_across),
            sound: self.sound,
            transcoding: self.transcoding,
            untouched: None,
        })
    }
}

fn refused(status: u16, reason: &str) -> Cause {
    Cause::Failure(failure_for_status(status, reason))
}
