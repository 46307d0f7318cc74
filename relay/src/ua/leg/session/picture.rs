//! Requests for whole pictures as INFO (RFC 5168), for a peer that takes none over RTCP.
//!
//! One goes at a time: while its answer is awaited another would ask for the same. That a peer refuses one changes
//! nothing: its encoder sends whole pictures now and then by itself, or none at all.

use offhook_sip::info::{self, MEDIA_CONTROL, PICTURE_FAST_UPDATE};
use offhook_sip::message::{HeaderName, Method, Request, Response};

use super::{Bye, Session};
use crate::ua::hop::Hop;
use crate::ua::leg::{Common, Sending};
use crate::ua::outbox::{NextHop, RequestId};

/// Requests of ours to the peer.
#[derive(Debug, Default)]
pub(super) struct Pictures {
    /// The one whose answer is awaited.
    sent: Option<Sent>,
    /// The peer does not know what is asked of it.
    is_in_vain: bool,
}

#[derive(Debug)]
struct Sent {
    id: Option<RequestId>,
    is_repeated: bool,
}

impl Pictures {
    pub(super) fn is_about(&self, id: RequestId) -> bool {
        self.sent.as_ref().is_some_and(|sent| sent.id == Some(id))
    }

    pub(super) fn name(&mut self, id: RequestId) {
        if let Some(sent) = &mut self.sent {
            sent.id = Some(id);
        }
    }

    /// No answer came; the next request may get one.
    pub(super) fn unanswered(&mut self) {
        self.sent = None;
    }
}

impl Session {
    /// Asks the peer for a whole picture.
    pub(in crate::ua::leg) fn ask_for_picture(&mut self, common: &mut Common, hop: &mut Hop) {
        let may = common.peer.may_take_info() && !self.pictures.is_in_vain && self.pictures.sent.is_none();
        if may && matches!(self.bye, Bye::None) && self.answer.is_none() {
            self.send_picture_request(false, common, hop);
        }
    }

    /// Takes the response to a request for one.
    pub(super) fn picture_response(&mut self, response: &Response, common: &mut Common, hop: &mut Hop) {
        if response.status().is_provisional() {
            return;
        }
        let Some(Sent { is_repeated, .. }) = self.pictures.sent.take() else { return };
        match response.status().code() {
            200..=299 => common.authorized(),
            401 | 407 if !is_repeated && common.challenged_in(&self.dialog, response).is_ok() => {
                self.send_picture_request(true, common, hop);
            }
            code => self.pictures.is_in_vain = matches!(code, 405 | 415 | 469 | 501),
        }
    }

    fn send_picture_request(&mut self, is_repeated: bool, common: &mut Common, hop: &mut Hop) {
        let Some((info, next_hop)) = self.picture_request(common, hop) else { return };
        common.send(Some(self.dialog.id()), Sending::Picture, info, next_hop);
        self.pictures.sent = Some(Sent { id: None, is_repeated });
    }

    fn picture_request(&mut self, common: &mut Common, hop: &mut Hop) -> Option<(Request, NextHop)> {
        let next_hop = NextHop::of_uri(self.dialog.next_hop(), common.protocol)?;
        let via = hop.via(next_hop.protocol).ok()?;
        let info = self.dialog.request(Method::Info, &via).header(HeaderName::UserAgent, &common.user_agent);
        let info = info.body(MEDIA_CONTROL, PICTURE_FAST_UPDATE).build();
        let mut info = info.inspect_err(|error| tracing::warn!(%error, "an INFO was not sent")).ok()?;
        common.authorize(&mut info, &next_hop, hop).ok()?;
        Some((info, next_hop))
    }
}

/// Whether an INFO of the peer's asks for a whole picture. `None` where it is about something else.
pub(super) fn asks_for_picture(request: &Request) -> Option<bool> {
    let kind = request.headers().content_type().ok().flatten().filter(|kind| kind.is(MEDIA_CONTROL))?;
    Some(info::asks_for_picture(&kind, request.body()))
}
