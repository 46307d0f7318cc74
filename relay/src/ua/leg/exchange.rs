//! A leg's offers and answers, whoever its peer sends its media to.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use offhook_media::{Command, LegId};
use offhook_protocol::Failure;
use offhook_sip::message::{Request, StatusCode};

use super::Offer;
use super::direct::Direct;
use super::media::{Media, no_common_codec};
use crate::call::Description;
use crate::ua::account::Protocol;
use crate::ua::attachment::{MediaKind, MediaLocal};
use crate::ua::hop::Hop;
use crate::ua::media_policy::MediaPolicy;
use crate::webrtc::Transport;

/// Offers and answers of a leg. What each method promises stands at [`Media`].
#[derive(Debug, Clone)]
pub(super) enum Exchange {
    /// The peer's media goes through the relay.
    Relayed(Box<Media>),
    /// The peer sends its media straight to the far end's.
    Direct(Direct),
}

impl Exchange {
    pub(super) fn relayed(media: Media) -> Self {
        Self::Relayed(Box::new(media))
    }

    /// The exchange of a leg that a peer's INVITE made, with its media going through the relay, and what it offers.
    pub(super) fn of_caller(
        leg: LegId,
        request: &Request,
        protocol: Protocol,
        policy: &Arc<MediaPolicy>,
        hop: &mut Hop,
    ) -> Result<(Self, Offer), StatusCode> {
        let (media, offer) = Media::of_caller(leg, request, protocol, policy, hop)?;
        Ok((Self::relayed(media), offer))
    }

    /// What carries the media, where it goes through the relay.
    pub(super) fn kind(&self) -> Option<MediaKind> {
        match self {
            Self::Relayed(media) => Some(media.kind()),
            Self::Direct(_) => None,
        }
    }

    /// The address that ports for pictures are to be at, if this description needs any that are not there yet.
    pub(super) fn wants_video(&self, description: &Description) -> Option<IpAddr> {
        match self {
            Self::Relayed(media) => media.wants_video(description),
            Self::Direct(_) => None,
        }
    }

    /// Where the peer's offer wants RTP, while it is not answered.
    pub(super) fn offered_address(&self) -> Option<IpAddr> {
        match self {
            Self::Relayed(media) => media.offered_address(),
            Self::Direct(_) => None,
        }
    }

    pub(super) fn reconnects(&self) -> Option<Transport> {
        match self {
            Self::Relayed(media) => media.reconnects(),
            Self::Direct(_) => None,
        }
    }

    /// Adds lines of the app's to every description from now on. Those that pass untouched have none.
    pub(super) fn add_lines(&mut self, lines: &[String]) {
        if let Self::Relayed(media) = self {
            media.add_lines(lines);
        }
    }

    pub(super) fn attach(&mut self, local: MediaLocal) {
        if let Self::Relayed(media) = self {
            media.attach(local);
        }
    }

    pub(super) fn take_offer(&mut self, request: &Request) -> Result<Offer, StatusCode> {
        match self {
            Self::Relayed(media) => media.take_offer(request),
            Self::Direct(direct) => Ok(direct.take_offer(request)),
        }
    }

    pub(super) fn offer(&mut self, description: &Description) -> Result<Bytes, Failure> {
        match self {
            Self::Relayed(media) => media.offer(description),
            Self::Direct(direct) => direct.pass(description),
        }
    }

    /// The offer that was refused once more, without encryption. `None` where it had none, or must have.
    pub(super) fn offer_in_the_clear(&mut self) -> Option<Bytes> {
        match self {
            Self::Relayed(media) => media.offer_in_the_clear(),
            Self::Direct(_) => None,
        }
    }

    pub(super) fn offer_again(&mut self) -> Result<Bytes, Failure> {
        match self {
            Self::Relayed(media) => media.offer_again(),
            Self::Direct(direct) => direct.pass_again(),
        }
    }

    pub(super) fn answer(&mut self, description: &Description) -> Result<(Bytes, Vec<Command>), Failure> {
        match self {
            Self::Relayed(media) => media.answer(description),
            Self::Direct(direct) => Ok((direct.pass(description)?, Vec::new())),
        }
    }

    /// The answer that was sent already, where it has to be the same again. One that passes untouched is the far end's to
    /// repeat.
    pub(super) fn repeated(&self) -> Option<Bytes> {
        match self {
            Self::Relayed(media) => media.repeated(),
            Self::Direct(_) => None,
        }
    }

    pub(super) fn early_answer(&mut self, body: &Bytes) -> Option<(Description, Vec<Command>)> {
        match self {
            Self::Relayed(media) => media.early_answer(body),
            Self::Direct(direct) => Some((direct.early_answer(body)?, Vec::new())),
        }
    }

    pub(super) fn final_answer(&mut self, body: &Bytes) -> Result<(Description, Vec<Command>), Failure> {
        match self {
            Self::Relayed(media) => media.final_answer(body),
            Self::Direct(direct) => Ok((direct.final_answer(body)?, Vec::new())),
        }
    }

    /// Takes the 2xx of a phone whose answer has arrived before for certain: what it says now is only repeated
    /// (RFC 3261 section 13.2.1).
    pub(super) fn settled_answer(&mut self) -> Result<(Description, Vec<Command>), Failure> {
        match self {
            Self::Relayed(media) => media.agreed().ok_or_else(no_common_codec),
            Self::Direct(direct) => Ok((direct.settled_answer()?, Vec::new())),
        }
    }

    /// What was agreed last. What passes untouched is not known here.
    pub(super) fn agreed(&mut self) -> Option<(Description, Vec<Command>)> {
        match self {
            Self::Relayed(media) => media.agreed(),
            Self::Direct(_) => None,
        }
    }

    /// Answers with what our side brought last, without asking the far end.
    ///
    /// # Errors
    /// No common codec; or the far end would have to be asked.
    pub(super) fn answer_again(&mut self) -> Result<(Description, Bytes, Vec<Command>), Failure> {
        match self {
            Self::Relayed(media) => media.answer_again(),
            Self::Direct(_) => Err(no_common_codec()),
        }
    }

    pub(super) fn withdraw(&mut self) {
        if let Self::Relayed(media) = self {
            media.withdraw();
        }
    }

    pub(super) fn refuse(&mut self) {
        if let Self::Relayed(media) = self {
            media.refuse();
        }
    }

    pub(super) fn supervise(&mut self) -> Option<Command> {
        match self {
            Self::Relayed(media) => media.supervise(),
            Self::Direct(_) => None,
        }
    }

    pub(super) fn confirmed(&mut self) -> Option<Command> {
        match self {
            Self::Relayed(media) => media.confirmed(),
            Self::Direct(_) => None,
        }
    }

    /// The half of the media that goes through the relay.
    pub(super) fn media(&self) -> Option<&Media> {
        match self {
            Self::Relayed(media) => Some(media),
            Self::Direct(_) => None,
        }
    }
}
