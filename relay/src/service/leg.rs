use std::collections::VecDeque;
use std::time::Duration;

use offhook_media::{Command, Digits, Direction, LegId, Service};
use offhook_protocol::{ErrorCode, Failure};

use crate::call::{Cause, CodecPolicy, Description, Extras, LegCommand, LegEvent, Transcoding, failure_for_status};

/// A number the relay itself answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ServiceNumber {
    /// Gives back what it hears and sees.
    Echo,
    /// A 440 Hz tone and a spoken sentence.
    Tone,
    /// Speaks back the keys that were pressed.
    Dtmf,
    /// Is always busy.
    Busy,
    /// Rings and never answers.
    NoAnswer,
}

impl ServiceNumber {
    /// Every service number.
    pub const ALL: [Self; 5] = [Self::Echo, Self::Tone, Self::Dtmf, Self::Busy, Self::NoAnswer];

    /// What is dialled for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Tone => "tone",
            Self::Dtmf => "dtmf",
            Self::Busy => "busy",
            Self::NoAnswer => "noanswer",
        }
    }

    /// The service of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|number| number.name().eq_ignore_ascii_case(name))
    }

    /// What the media worker is to play, where there is sound.
    #[must_use]
    pub const fn sound(self) -> Option<Service> {
        match self {
            Self::Echo => Some(Service::Echo),
            Self::Tone => Some(Service::Tone),
            Self::Dtmf => Some(Service::DtmfReadback),
            Self::Busy | Self::NoAnswer => None,
        }
    }
}

/// What a service leg wants done.
#[derive(Debug)]
pub enum ServiceOutput {
    /// Tell the core.
    Leg(LegEvent),
    /// Tell the media worker.
    Media(Command),
}

/// A service's end of a call.
#[derive(Debug)]
pub struct ServiceLeg {
    number: ServiceNumber,
    leg: LegId,
    ended: bool,
    outputs: VecDeque<ServiceOutput>,
}

impl ServiceLeg {
    /// A leg that awaits its [`LegCommand::Invite`].
    #[must_use]
    pub fn new(number: ServiceNumber, leg: LegId) -> Self {
        Self { number, leg, ended: false, outputs: VecDeque::new() }
    }

    /// Which service it is.
    #[must_use]
    pub fn number(&self) -> ServiceNumber {
        self.number
    }

    /// The next thing to be done; ask until there is none.
    pub fn poll_output(&mut self) -> Option<ServiceOutput> {
        self.outputs.pop_front()
    }

    /// Takes what the core says.
    pub fn command(&mut self, command: LegCommand) {
        if self.ended {
            return;
        }
        match command {
            LegCommand::Invite { offer, .. } => self.invited(offer),
            LegCommand::Reoffer(audio) => {
                let result = self.common(Some(audio)).map_err(Cause::Failure);
                self.leg_event(LegEvent::ReofferResult(result));
            }
            LegCommand::Dtmf { digit, duration, .. } => {
                self.outputs.push_back(ServiceOutput::Media(Command::SendDtmf {
                    leg: self.leg,
                    digits: Digits::from(digit),
                    tone: duration,
                    gap: Duration::from_millis(50),
                }))
            }
            LegCommand::End(cause, _) => self.end(cause),
            // Answers to what a service never asks.
            LegCommand::Trying
            | LegCommand::Ringing(_, _)
            | LegCommand::Progress(_, _)
            | LegCommand::Answer(_, _)
            | LegCommand::Warning(_)
            | LegCommand::Refer(_)
            | LegCommand::Transfer(_)
            | LegCommand::Party(_)
            | LegCommand::ReofferAnswer(_) => {}
        }
    }

    fn invited(&mut self, offer: Option<Description>) {
        match self.number {
            ServiceNumber::Busy => self.end(Cause::Failure(failure_for_status(486, "Busy Here"))),
            ServiceNumber::NoAnswer => self.leg_event(LegEvent::Ringing(None, Extras::default())),
            ServiceNumber::Echo | ServiceNumber::Tone | ServiceNumber::Dtmf => match self.common(offer) {
                Ok(audio) => {
                    self.leg_event(LegEvent::Ringing(None, Extras::default()));
                    self.leg_event(LegEvent::Answered(audio, Extras::default()));
                }
                Err(failure) => self.end(Cause::Failure(failure)),
            },
        }
    }

    /// What of an offer the service can do; all it can when nothing was offered.
    fn common(&self, offer: Option<Description>) -> Result<Description, Failure> {
        let known = self.number.sound().map(Service::codecs).unwrap_or_default();
        let mut audio = offer.unwrap_or_else(|| Description::new(known.to_vec(), true, Direction::SendRecv));
        let policy = CodecPolicy { codecs: None, transcoding: Transcoding::Needed };
        audio.codecs = policy.offerable(&audio, known);
        audio.codecs.retain(|codec| known.contains(codec));
        // An echo gives back pictures as well as sound; the others have none to show.
        audio.video = audio.video.filter(|_| self.number == ServiceNumber::Echo);
        if audio.codecs.is_empty() {
            let mut failure =
                Failure::new(ErrorCode::NoCommonCodecs, "This service number speaks none of the codecs offered.");
            failure.sip_status = Some(488);
            return Err(failure);
        }
        Ok(Description { transcoding: Transcoding::Needed, ..audio })
    }

    fn end(&mut self, cause: Cause) {
        self.ended = true;
        self.leg_event(LegEvent::Ended(cause, Extras::default()));
    }

    fn leg_event(&mut self, event: LegEvent) {
        self.outputs.push_back(ServiceOutput::Leg(event));
    }
}

#[cfg(test)]
mod tests {
    use offhook_media::Codec;

    use super::*;
    use crate::call::Identity;

    fn invite(codecs: &[Codec]) -> LegCommand {
        let offer = Description::new(codecs.to_vec(), true, Direction::SendRecv);
        LegCommand::Invite {
            from: Identity::default(),
            to: Identity::default(),
            offer: Some(offer),
            extras: Extras::default(),
        }
    }

    fn events(number: ServiceNumber, commands: impl IntoIterator<Item = LegCommand>) -> Vec<LegEvent> {
        let mut leg = ServiceLeg::new(number, LegId(1));
        commands.into_iter().for_each(|command| leg.command(command));
        std::iter::from_fn(|| leg.poll_output())
            .filter_map(|output| match output {
                ServiceOutput::Leg(event) => Some(event),
                ServiceOutput::Media(_) => None,
            })
            .collect()
    }

    #[test]
    fn echo_rings_and_answers_in_the_callers_order() {
        let events = events(ServiceNumber::Echo, [invite(&[Codec::Pcma, Codec::Opus])]);
        assert!(matches!(events.first(), Some(LegEvent::Ringing(None, _))));
        let Some(LegEvent::Answered(audio, _)) = events.get(1) else { panic!("{events:?}") };
        assert_eq!(audio.codecs, [Codec::Pcma, Codec::Opus]);
    }

    #[test]
    fn tone_takes_g711_only() {
        let events = events(ServiceNumber::Tone, [invite(&[Codec::Opus, Codec::Pcma])]);
        let Some(LegEvent::Answered(audio, _)) = events.get(1) else { panic!("{events:?}") };
        assert_eq!(audio.codecs, [Codec::Pcma]);
    }

    #[test]
    fn a_service_without_a_common_codec_refuses() {
        let events = events(ServiceNumber::Tone, [invite(&[Codec::Opus])]);
        let [LegEvent::Ended(Cause::Failure(failure), _)] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(failure.code, ErrorCode::NoCommonCodecs);
    }

    #[test]
    fn busy_refuses_and_noanswer_rings() {
        let busy = events(ServiceNumber::Busy, [invite(&[Codec::Opus])]);
        assert!(matches!(busy.as_slice(), [LegEvent::Ended(Cause::Failure(f), _)] if f.sip_status == Some(486)));
        let silent = events(ServiceNumber::NoAnswer, [invite(&[Codec::Opus])]);
        assert_eq!(silent, [LegEvent::Ringing(None, Extras::default())]);
    }

    #[test]
    fn an_end_is_confirmed_once() {
        let end = || LegCommand::End(Cause::Normal, Extras::default());
        let events = events(ServiceNumber::NoAnswer, [invite(&[Codec::Opus]), end(), end()]);
        assert_eq!(
            events,
            [LegEvent::Ringing(None, Extras::default()), LegEvent::Ended(Cause::Normal, Extras::default())]
        );
    }
}
