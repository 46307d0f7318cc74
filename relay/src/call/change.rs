//! Changes of an established call: hold and resume, other codecs, a picture that comes or goes.

use std::time::Instant;

use offhook_media::{Codec, Direction};
use offhook_protocol::Failure;

use super::cause::failure_for_status;
use super::leg::{Cause, Description, LegCommand, Sound, Video};
use super::machine::{Before, Call, Phase};
use super::side::{LegKind, Life, Party, both, direction, mirrored, video_across};
use super::transcoding::{Transcoding, shared, translatable};

impl Call {
    /// A leg asks for a change.
    pub(super) fn reoffer(&mut self, party: Party, audio: Description, now: Instant) {
        if self.phase == Phase::Inviting && party == Party::Caller {
            return self.caller_changes_early(audio);
        }
        if self.phase != Phase::Established {
            // RFC 3261 section 14.2: another change is under way.
            let failure = failure_for_status(491, "Request Pending");
            return self.command(party, LegCommand::ReofferAnswer(Err(Cause::Failure(failure))));
        }
        let (wanted, agreed) = (self.side(party).wants, self.agreed.clone());
        let before = Before { wants: wanted, agreed, apart: self.apart.clone() };
        let towards_other = self.towards(party.other());
        let kept = self.keeps(party, &audio);
        let wants = self.unmirrored(party, audio.direction);
        let side = self.side_mut(party);
        side.named(&audio);
        (side.wants, side.answered) = (wants, None);
        self.side_mut(party).asks = true;
        let is_alone = self.side(party.other()).life != Life::Live;
        if is_alone && audio.untouched.is_some() {
            // Nobody is left who could say what holds.
            let cause = Cause::Failure(failure_for_status(480, "Temporarily Unavailable"));
            return self.command(party, LegCommand::ReofferAnswer(Err(cause)));
        }
        if !kept {
            self.agreed = Some((party, audio));
            self.apart = None;
        }
        if is_alone || (kept && self.towards(party.other()) == towards_other) {
            return self.grant(party, None);
        }
        self.before = Some(before);
        match kept {
            true => self.pass_on(Some(party), party.other(), now),
            false => self.pass_on_anew(Some(party), party.other(), now),
        }
    }

    /// The result of a change that a leg was asked for.
    pub(super) fn reoffer_result(&mut self, party: Party, result: Result<Description, Cause>, now: Instant) {
        let side = self.side_mut(party);
        let was_stale = std::mem::take(&mut side.is_stale);
        if !std::mem::take(&mut side.is_asked) {
            return;
        }
        if let Ok(audio) = &result {
            side.answered = Some(audio.direction);
        }
        match self.phase {
            Phase::Reoffering { by } => match result {
                Ok(audio) => self.accepted(by, party, audio, now),
                Err(cause) => self.reoffer_failed(cause),
            },
            Phase::Aligning if was_stale => {
                if result.is_ok() {
                    self.side_mut(party).settled = None;
                }
                self.align(now);
            }
            Phase::Aligning => self.aligned(party, result, now),
            _ => {}
        }
    }

    /// Nobody said anything about a change in time.
    pub(super) fn changes_timeout(&mut self, now: Instant) {
        let cause = || Cause::Failure(failure_for_status(408, "Request Timeout"));
        let asked: Vec<Party> =
            [Party::Caller, Party::Callee].into_iter().filter(|party| self.side(*party).is_asked).collect();
        for party in asked {
            self.reoffer_result(party, Err(cause()), now);
        }
        // A change whose other end has left meanwhile.
        if let Phase::Reoffering { .. } = self.phase {
            self.reoffer_failed(cause());
        }
    }

    /// A caller that was given an offer says which of it it takes.
    pub(super) fn narrowed(&mut self, party: Party, audio: Description, now: Instant) {
        let other = party.other();
        let before = self.towards(other);
        let kept = self.keeps(party, &audio);
        let others = self.spoken(other);
        self.side_mut(party).named(&audio);
        self.side_mut(party).settled = Some(audio.clone());
        if !self.join(party, audio, &others) {
            return self.not_acceptable(now);
        }
        // Where each speaks its own, the other end speaks what it did.
        let kept = kept || self.apart.is_some();
        if !kept || self.towards(other) != before {
            self.pass_on(None, other, now);
        }
    }

    /// The same while the other end is being brought into line.
    pub(super) fn narrowed_while_aligning(&mut self, party: Party, audio: Description, now: Instant) {
        self.side_mut(party).named(&audio);
        self.side_mut(party).settled = Some(audio.clone());
        if self.agreed.is_some() && !self.join_again(party, &audio.codecs) {
            self.not_acceptable(now);
        }
    }

    /// Brings both ends to speak alike after they were put together; each is asked for a change where that takes one.
    pub(super) fn align(&mut self, now: Instant) {
        let mut waits = false;
        for party in [Party::Caller, Party::Callee] {
            if self.side(party).life != Life::Live {
                continue;
            }
            let Some(due) = self.offered(party) else { continue };
            if !self.side(party).is_asked && self.side(party).settled.as_ref().is_some_and(|now| is_same(now, &due)) {
                continue;
            }
            waits = true;
            // Who is asked already is asked again when the result is there.
            if !self.side(party).is_asked {
                self.side_mut(party).is_asked = true;
                self.command(party, LegCommand::Reoffer(due));
            }
        }
        self.phase = if waits { Phase::Aligning } else { Phase::Established };
        self.deadline = waits.then(|| now + self.deadlines.reoffer);
        if !waits && self.apart.is_none() {
            self.keep(None);
        }
    }

    /// One end has taken or refused what brings it into line. Each round leaves fewer codecs or has each end speak its own,
    /// so that it comes to an end.
    fn aligned(&mut self, party: Party, result: Result<Description, Cause>, now: Instant) {
        let refused = result.is_err();
        let spoken = match result {
            Ok(audio) => {
                if let Some((_, agreed)) = &mut self.agreed
                    && audio.video.is_none()
                {
                    agreed.video = None;
                }
                audio.codecs
            }
            // It goes on as it was; that may do.
            Err(_) => {
                let side = self.side(party);
                side.settled.as_ref().map_or(&side.codecs, |settled| &settled.codecs).clone()
            }
        };
        if self.agreed.is_none() {
            return;
        }
        self.side_mut(party).has_spoken(&spoken);
        if !self.join_again(party, &spoken) {
            return self.not_acceptable(now);
        }
        if refused && let Some((_, agreed)) = &mut self.agreed {
            agreed.video = None;
        }
        self.side_mut(party).settled = self.told(party);
        self.align(now);
    }

    /// Offers the other end what has changed, and it may speak nothing else.
    pub(super) fn pass_on(&mut self, by: Option<Party>, other: Party, now: Instant) {
        if let Some(offer) = self.told(other) {
            self.ask(by, other, offer, now);
        }
    }

    /// The same where codecs have changed: if it has none of them, it may name others.
    fn pass_on_anew(&mut self, by: Option<Party>, other: Party, now: Instant) {
        if let Some(offer) = self.offered(other) {
            self.ask(by, other, offer, now);
        }
    }

    fn ask(&mut self, by: Option<Party>, other: Party, offer: Description, now: Instant) {
        self.phase = Phase::Reoffering { by };
        self.deadline = Some(now + self.deadlines.reoffer);
        self.side_mut(other).is_asked = true;
        self.command(other, LegCommand::Reoffer(offer));
    }

    fn accepted(&mut self, by: Option<Party>, party: Party, audio: Description, now: Instant) {
        self.phase = Phase::Established;
        self.deadline = None;
        let allowed = mirrored(audio.direction);
        let others = self.side(party.other()).codecs.clone();
        self.side_mut(party).has_spoken(&audio.codecs);
        if !self.join(party, audio, &others) {
            return self.not_acceptable(now);
        }
        self.before = None;
        self.side_mut(party).settled = self.told(party);
        if let Some(by) = by {
            self.grant(by, Some(allowed));
        }
    }

    fn reoffer_failed(&mut self, cause: Cause) {
        let Phase::Reoffering { by } = self.phase else { return };
        self.phase = Phase::Established;
        self.deadline = None;
        let before = self.before.take();
        if let Some(by) = by {
            if let Some(Before { wants, agreed, apart }) = before {
                let wanted = std::mem::replace(&mut self.side_mut(by).wants, wants);
                self.agreed = agreed;
                self.keep(apart);
                if wanted == wants && self.goes_its_own_way(by) {
                    return self.grant(by, None);
                }
            }
            self.side_mut(by).asks = false;
            self.command(by, LegCommand::ReofferAnswer(Err(cause)));
        }
    }

    /// Answers a leg's change with what now holds.
    pub(super) fn grant(&mut self, party: Party, allowed: Option<Direction>) {
        self.side_mut(party).asks = false;
        let Some(mut told) = self.told(party) else { return };
        // One that was put together with another end meanwhile is asked later for what that one speaks.
        if told.untouched.is_none()
            && shared(&told.codecs, &self.side(party).codecs).is_empty()
            && let Some(codecs) = self.answerable(party, &told.codecs)
        {
            told.codecs = codecs;
        }
        let direction = allowed.map_or(told.direction, |allowed| both(allowed, told.direction));
        let answer = Description { direction, ..told };
        let side = self.side_mut(party);
        let codecs = answer.codecs.iter().copied().filter(|codec| side.codecs.contains(codec)).collect();
        side.settled = Some(Description { codecs, ..answer.clone() });
        self.command(party, LegCommand::ReofferAnswer(Ok(answer)));
    }

    /// What was agreed, as a leg is to be told it.
    pub(super) fn told(&self, party: Party) -> Option<Description> {
        let (by, agreed) = self.agreed.clone()?;
        let video = if by == party { agreed.video } else { agreed.video.map(video_across) };
        // Each end is told what the other takes, whoever spoke last.
        let sound = self.side(party.other()).sound;
        // What the other end takes is nothing to an end whose sound is made for it.
        let is_translated = self.apart.is_some();
        let sound = if is_translated { Sound::default() } else { sound };
        // Noise is described where the relay makes sound of it, or the other end does.
        let comfort_noise = is_translated || self.side(party.other()).comfort_noise;
        let (codecs, transcoding) = (self.spoken(party), Transcoding::Never);
        let direction = self.towards(party);
        Some(Description { codecs, comfort_noise, direction, video, sound, transcoding, ..agreed })
    }

    /// The same as an offer. Where the end may have none of these codecs, it may name others.
    pub(super) fn offered(&self, party: Party) -> Option<Description> {
        let told = self.told(party)?;
        let is_known = !shared(&told.codecs, &self.side(party).codecs).is_empty();
        let transcoding = if is_known { Transcoding::Never } else { self.transcoding() };
        Some(Description { transcoding, ..told })
    }

    /// Whether an end whose change of codecs the other end refused can have it without the other.
    fn goes_its_own_way(&mut self, party: Party) -> bool {
        let (others, own) = (self.spoken(party.other()), self.side(party).codecs.clone());
        let Some((_, agreed)) = &self.agreed else { return false };
        let is_sound = agreed.untouched.is_none() && agreed.video.is_none();
        let own: Vec<Codec> = translatable(&own).into_iter().take(1).collect();
        let apart = if is_sound { self.apart(party, own, translatable(&others), false) } else { None };
        let may = apart.is_some();
        if may {
            self.keep(apart);
        }
        may
    }

    /// The two have no codec in common, and no others may be spoken.
    pub(super) fn not_acceptable(&mut self, now: Instant) {
        let failure = failure_for_status(488, "Not Acceptable Here");
        let would = [self.caller.transcoding, self.callee.transcoding].iter().all(|it| *it != Transcoding::Never);
        let is_full = would && !self.capacity.has_room();
        let sentence = "The two ends have no audio codec in common, and as many calls are transcoded as may be.";
        let message = if is_full { sentence.to_owned() } else { failure.message.clone() };
        self.end_all(&Cause::Failure(Failure { message, ..failure }), now);
    }

    /// What the relay may do towards an end: what that end wants, as far as the other end allows it.
    pub(super) fn towards(&self, party: Party) -> Direction {
        both(self.side(party).wants, mirrored(self.side(party.other()).wants))
    }

    /// What a SIP end wants that offers this direction. One that is held says in its own offers that it only listens, which
    /// is no wish of its own: it speaks again when the hold is over. Nor is what it answered to the hold, said again.
    fn unmirrored(&self, party: Party, offered: Direction) -> Direction {
        let side = self.side(party);
        let is_held = !self.side(party.other()).wants.sends();
        match side.kind == LegKind::Sip && is_held {
            true if side.answered == Some(offered) => side.wants,
            true => direction(offered.sends(), true),
            false => offered,
        }
    }

    /// Whether an offer still has the codec that is spoken and the picture that is shown. What is passed on untouched may
    /// say anything.
    fn keeps(&self, party: Party, offer: &Description) -> bool {
        if offer.untouched.is_some() {
            return false;
        }
        let Some((by, agreed)) = &self.agreed else { return false };
        let spoken = self.spoken(party).first().is_some_and(|codec| offer.codecs.contains(codec));
        let shown = agreed.video.clone().map(|video| if *by == party { video } else { video_across(video) });
        spoken && keeps_picture(shown.as_ref(), offer.video.as_ref())
    }
}

fn keeps_picture(shown: Option<&Video>, offered: Option<&Video>) -> bool {
    match (shown, offered) {
        (None, None) => true,
        (Some(shown), Some(offered)) => {
            let codec = shown.codecs.first().is_some_and(|codec| offered.codecs.contains(codec));
            codec && shown.direction == offered.direction
        }
        _ => false,
    }
}

/// Whether an end that was told the one need not be told the other.
fn is_same(one: &Description, other: &Description) -> bool {
    let picture = |description: &Description| {
        description.video.as_ref().map(|video| (video.codecs.first().cloned(), video.direction))
    };
    one.codecs == other.codecs && one.direction == other.direction && picture(one) == picture(other)
}
