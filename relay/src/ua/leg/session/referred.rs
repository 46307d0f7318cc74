//! A REFER of the peer's (RFC 3515): it asks for a transfer, and is told by NOTIFY how that goes.

use std::collections::VecDeque;

use offhook_sip::message::{
    Event, HeaderName, Method, NameAddr, REFER_EVENT, Request, Response, SIPFRAG, StatusCode, SubscriptionState,
    status_fragment,
};
use offhook_sip::transaction::ServerId;

use super::{Bye, Session};
use crate::call::TransferProgress;
use crate::ua::hop::Hop;
use crate::ua::leg::{Common, LegOutput, Sending};
use crate::ua::outbox::RequestId;
use crate::ua::refer::Asked;

/// How long the peer is told that it may have to wait, in seconds: longer than any transfer is waited for.
const EXPIRES: u32 = 180;

/// A transfer that the peer has asked for.
#[derive(Debug)]
pub(super) struct Referred {
    /// The REFER, until it is answered.
    asked: Option<(ServerId, Request)>,
    event: Event,
    /// It wants to hear nothing of it (RFC 4488).
    is_silent: bool,
    /// What it is still to be told, one after another.
    news: VecDeque<(StatusCode, String)>,
    /// The NOTIFY on its way, and what it says.
    sent: Option<Sent>,
    rings: bool,
    /// Its end has been told, or is about to be.
    is_over: bool,
}

#[derive(Debug)]
struct Sent {
    id: Option<RequestId>,
    news: (StatusCode, String),
    is_repeated: bool,
}

impl Referred {
    pub(super) fn is_about(&self, id: RequestId) -> bool {
        self.sent.as_ref().is_some_and(|sent| sent.id == Some(id))
    }

    pub(super) fn name(&mut self, id: RequestId) {
        if let Some(sent) = &mut self.sent {
            sent.id = Some(id);
        }
    }

    /// Whether the peer is being told something, so that the end of the dialog has to wait.
    pub(super) fn is_telling(&self) -> bool {
        self.sent.is_some()
    }
}

impl Session {
    /// Takes a REFER of the peer's. [`Session::answer_refer`] answers it.
    pub(super) fn take_refer(&mut self, id: ServerId, request: &Request, common: &mut Common) {
        if !matches!(self.bye, Bye::None) {
            return common.respond(id, request, StatusCode::CALL_DOES_NOT_EXIST);
        }
        if self.referred.is_some() {
            return common.respond(id, request, StatusCode::REQUEST_PENDING);
        }
        let to = match request.headers().refer_to() {
            Ok(to) => to,
            Err(error) => {
                tracing::debug!(%error, "a REFER cannot be read");
                return common.respond(id, request, StatusCode::BAD_REQUEST);
            }
        };
        let mut by = request.headers().addresses(&HeaderName::ReferredBy);
        let by = by.next().and_then(Result::ok).map(|by| NameAddr::new(by.uri));
        // Only the first of a dialog goes without a name of its own (RFC 3515 section 2.4.6).
        let number = request.headers().cseq().map_or(0, |cseq| cseq.number);
        let event_id = std::mem::replace(&mut self.was_referred, true).then(|| number.to_string());
        let wants = request.headers().first(&HeaderName::ReferSub).map(|header| header.text().to_ascii_lowercase());
        self.referred = Some(Referred {
            asked: Some((id, request.clone())),
            event: Event { package: REFER_EVENT.to_owned(), id: event_id },
            is_silent: wants.is_some_and(|wants| wants.trim().starts_with("false")),
            news: VecDeque::new(),
            sent: None,
            rings: false,
            is_over: false,
        });
        common.outputs.push(LegOutput::Refer(Box::new(Asked { to, by })));
    }

    /// Says whether the transfer is made.
    pub(in crate::ua::leg) fn answer_refer(
        &mut self,
        answer: Result<(), StatusCode>,
        common: &mut Common,
        hop: &mut Hop,
    ) {
        let Some(referred) = self.referred.as_mut() else { return };
        let Some((id, request)) = referred.asked.take() else { return };
        let status = match answer {
            Ok(()) => StatusCode::ACCEPTED,
            Err(status) => status,
        };
        let mut reply = common.reply(&request, status, &self.dialog.id().local_tag);
        if referred.is_silent {
            reply = reply.header(HeaderName::ReferSub, "false");
        }
        match reply.build() {
            Ok(reply) => common.outputs.push(LegOutput::Respond(id, Box::new(reply))),
            Err(error) => tracing::debug!(%error, "a REFER has headers that cannot be answered"),
        }
        match answer {
            Ok(()) => self.notify((StatusCode::TRYING, String::new()), common, hop),
            Err(_) => self.referred = None,
        }
    }

    /// Tells the peer how the transfer goes.
    pub(in crate::ua::leg) fn transfer_news(&mut self, progress: TransferProgress, common: &mut Common, hop: &mut Hop) {
        let Some(referred) = self.referred.as_mut() else { return };
        let news = match progress {
            TransferProgress::Trying => return,
            TransferProgress::Ringing if std::mem::replace(&mut referred.rings, true) => return,
            TransferProgress::Ringing => (StatusCode::RINGING, String::new()),
            TransferProgress::Completed => (StatusCode::OK, String::new()),
            TransferProgress::Failed(cause) => {
                let status = StatusCode::new(cause.refusal()).unwrap_or(StatusCode::SERVER_INTERNAL_ERROR);
                let reason = cause.failure().and_then(|failure| failure.sip_reason).unwrap_or_default();
                (status, reason)
            }
        };
        self.notify(news, common, hop);
    }

    /// Takes the response to a NOTIFY.
    pub(super) fn notify_response(&mut self, response: &Response, common: &mut Common, hop: &mut Hop) {
        if response.status().is_provisional() {
            return;
        }
        let Some(referred) = self.referred.as_mut() else { return };
        let Some(Sent { news, is_repeated, .. }) = referred.sent.take() else { return };
        match response.status().code() {
            200..=299 => {
                common.authorized();
                self.notify_next(common, hop);
            }
            401 | 407 if !is_repeated && common.challenged_in(&self.dialog, response).is_ok() => {
                self.send_notify(news, true, common, hop);
            }
            // Nobody listens any more (RFC 6665 section 4.2.2). The transfer goes on.
            _ => self.unsubscribed(common, hop),
        }
    }

    /// A NOTIFY got no response.
    pub(super) fn notify_unanswered(&mut self, common: &mut Common, hop: &mut Hop) {
        self.unsubscribed(common, hop);
    }

    fn notify(&mut self, news: (StatusCode, String), common: &mut Common, hop: &mut Hop) {
        let Some(referred) = self.referred.as_mut() else { return };
        if std::mem::replace(&mut referred.is_over, news.0.is_final()) {
            return;
        }
        if referred.is_silent {
            if news.0.is_final() {
                self.referred = None;
            }
            return;
        }
        referred.news.push_back(news);
        self.notify_next(common, hop);
    }

    /// Says what is due next, once the peer has heard what came before.
    fn notify_next(&mut self, common: &mut Common, hop: &mut Hop) {
        // A leg that has ended by itself hears of no outcome any more, and its BYE waits for nothing else.
        let is_last = matches!(self.bye, Bye::AfterNotify);
        let Some(referred) = self.referred.as_mut().filter(|referred| referred.sent.is_none()) else { return };
        match referred.news.pop_front() {
            Some(news) => self.send_notify(news, false, common, hop),
            None if referred.is_over || is_last => self.unsubscribed(common, hop),
            None => {}
        }
    }

    fn send_notify(&mut self, news: (StatusCode, String), is_repeated: bool, common: &mut Common, hop: &mut Hop) {
        let Some(event) = self.referred.as_ref().map(|referred| referred.event.clone()) else { return };
        let state = match news.0.is_final() {
            true => SubscriptionState::Terminated(Some("noresource".to_owned())),
            false => SubscriptionState::Active(Some(EXPIRES)),
        };
        let (contact, fragment) = (self.dialog.contact().clone(), status_fragment(news.0, &news.1));
        let finish = |request: offhook_sip::message::RequestBuilder| {
            let request = request.contact(&contact).header(HeaderName::Event, &event);
            request.header(HeaderName::SubscriptionState, &state).body(&format!("{SIPFRAG};version=2.0"), fragment)
        };
        match self.ask(Method::Notify, finish, common, hop) {
            Ok((request, next_hop)) => {
                common.send(Some(self.dialog.id()), Sending::Notify, request, next_hop);
                if let Some(referred) = self.referred.as_mut() {
                    referred.sent = Some(Sent { id: None, news, is_repeated });
                }
            }
            Err(failure) => {
                tracing::debug!(error = %failure.message, "a NOTIFY was not sent");
                self.unsubscribed(common, hop);
            }
        }
    }

    /// The peer has heard all it will hear. What waited for that goes on.
    fn unsubscribed(&mut self, common: &mut Common, hop: &mut Hop) {
        match self.referred.as_mut() {
            // Another transfer cannot begin before this one is over.
            Some(referred) if !referred.is_over => {
                referred.is_silent = true;
                referred.sent = None;
                referred.news.clear();
            }
            _ => self.referred = None,
        }
        if matches!(self.bye, Bye::AfterNotify) {
            self.send_bye(common, hop);
        }
    }
}
