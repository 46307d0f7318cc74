//! Short messages (RFC 3428): sent for an account, and taken from peers.

use std::collections::HashMap;
use std::time::Instant;

use offhook_protocol::{ErrorCode, Failure};
use offhook_sip::digest::Client;
use offhook_sip::message::{CSeq, CallId, Capabilities, HeaderName, Method, NameAddr, Request, Response, StatusCode};
use offhook_sip::transaction::{Destination, ServerId};

use super::accounts::credentials;
use super::dispatch::dialled;
use super::hop::Hop;
use super::leg::invite::{of_silence, unsendable};
use super::outbox::{NextHop, Owner, RequestId, Unanswered};
use super::registration::refused;
use super::{AccountId, UaOutput, UserAgent, identity};
use crate::call::failure_for_status;

/// The longest text, either way, in bytes.
pub const MAX_TEXT: usize = 8 * 1024;

/// Messages of ours that may wait for their answer at once, and of peers for the relay's.
const LIMIT: usize = 1_000;

/// What is read. Other types are refused with 415.
const CAPABILITIES: Capabilities<'static> = Capabilities {
    methods: &[Method::Message],
    extensions: &[],
    schemes: &["sip"],
    content_types: &[TEXT],
    max_body: MAX_TEXT,
};

/// The type of what people write.
const TEXT: &str = "text/plain";

/// Names a message under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(pub u64);

/// The messages that wait for an answer.
#[derive(Debug, Default)]
pub(super) struct Messages {
    sent: HashMap<MessageId, Sent>,
    received: HashMap<MessageId, (ServerId, Request)>,
    last: u64,
}

/// One of ours.
#[derive(Debug)]
struct Sent {
    account: AccountId,
    request: Request,
    next_hop: NextHop,
    digest: Client,
    id: Option<RequestId>,
    /// Whether the next hop is the account's own server: nobody else gets an answer to a challenge.
    at_home: bool,
}

impl Messages {
    fn next(&mut self) -> MessageId {
        self.last = self.last.wrapping_add(1);
        MessageId(self.last)
    }
}

impl UserAgent {
    /// Sends a text for an account. What becomes of it comes once, as [`UaOutput::MessageSent`] with the number returned.
    ///
    /// # Errors
    /// It cannot be addressed or written, or too many are under way.
    pub fn send_message(
        &mut self,
        account: AccountId,
        to: &str,
        text: &str,
        now: Instant,
    ) -> Result<MessageId, Failure> {
        if self.messages.sent.len() >= LIMIT {
            return Err(Failure::new(ErrorCode::LimitReached, "Too many messages are on their way."));
        }
        let gone = || Failure::new(ErrorCode::InvalidSessionState, "The session has no SIP account any more.");
        let owner = std::sync::Arc::clone(self.accounts.find(account).ok_or_else(gone)?);
        let target = owner.target(to)?;
        let next_hop = NextHop::of_account(&owner);
        let built = || {
            let via = self.hop.via(next_hop.protocol)?;
            let mut builder = Request::builder(Method::Message, target.clone().into())
                .via(&via)
                .from(&owner.identity(None).with_tag(&self.hop.token())?)
                .to(&NameAddr::new(target))
                .call_id(&CallId::new(&self.hop.token())?)
                .cseq(1)
                .header(HeaderName::UserAgent, &self.config.user_agent);
            for route in owner.routes() {
                builder = builder.route(&route);
            }
            builder.body("text/plain;charset=UTF-8", text.to_owned()).build()
        };
        let request = built().map_err(|error| unsendable(&error))?;
        let message = self.messages.next();
        let at_home = owner.is_home(&next_hop.host_port.host);
        let digest = Client::new(credentials(&owner));
        self.messages.sent.insert(message, Sent { account, request, next_hop, digest, id: None, at_home });
        self.dispatch_message(message, now);
        self.settle(now);
        Ok(message)
    }

    fn dispatch_message(&mut self, message: MessageId, now: Instant) {
        let Some(sent) = self.messages.sent.get_mut(&message) else { return };
        sent.id = Some(self.outbox.send(sent.request.clone(), &sent.next_hop, Owner::Message(message), now));
    }

    /// Takes a response to a message of ours.
    pub(super) fn message_answered(&mut self, message: MessageId, id: RequestId, response: &Response, now: Instant) {
        let Some(sent) = self.messages.sent.get_mut(&message).filter(|sent| sent.id == Some(id)) else { return };
        let status = response.status().code();
        match status {
            100..=199 => {}
            200..=299 => self.message_done(message, None),
            401 | 407 if sent.at_home => match sent.again(response, &mut self.hop) {
                Ok(()) => self.dispatch_message(message, now),
                Err(failure) => self.message_done(message, Some(failure)),
            },
            _ => {
                let mut failure = failure_for_status(status, &response.reason());
                if matches!(failure.code, ErrorCode::Rejected | ErrorCode::NoAnswer | ErrorCode::NoCommonCodecs) {
                    failure.code = ErrorCode::Rejected;
                    failure.message = "The message was not taken.".to_owned();
                }
                self.message_done(message, Some(failure));
            }
        }
    }

    /// A message of ours got no response.
    pub(super) fn message_unanswered(&mut self, message: MessageId, id: RequestId, why: Unanswered) {
        if self.messages.sent.get(&message).is_some_and(|sent| sent.id == Some(id)) {
            self.message_done(message, Some(of_silence(why)));
        }
    }

    fn message_done(&mut self, message: MessageId, failure: Option<Failure>) {
        if let Some(Sent { account, .. }) = self.messages.sent.remove(&message) {
            self.outputs.push_back(UaOutput::MessageSent { account, message, failure });
        }
    }

    /// Takes a MESSAGE of a peer, within a call or without one.
    pub(super) fn message(&mut self, id: ServerId, request: Request, from: &Destination, tag: &str, now: Instant) {
        if let Err(rejection) = request.check(&CAPABILITIES) {
            if let Ok(Some(reply)) = rejection.reply(&request, tag) {
                self.answer(id, &reply, now);
            }
            return;
        }
        let is_in_dialog = self.leg_of(&request).is_some();
        let Some(dialled) = dialled(&request) else {
            return self.refuse(id, &request, StatusCode::NOT_FOUND, tag, now);
        };
        // Its characters are UTF-8 unless it says otherwise (RFC 3428 section 8).
        let Ok(text) = String::from_utf8(request.body().to_vec()) else {
            return self.refuse(id, &request, StatusCode::UNSUPPORTED_MEDIA_TYPE, tag, now);
        };
        if self.messages.received.len() >= LIMIT {
            return self.refuse(id, &request, StatusCode::SERVICE_UNAVAILABLE, tag, now);
        }
        let (source, dialled) = self.sender(dialled, &request, from);
        // Who talks with us has been let in before.
        let admitted = match is_in_dialog {
            true => Some(source),
            false => self.admitted(id, &request, (source, from), tag, now),
        };
        let Some(source) = admitted else { return };
        let from = identity::of_caller(request.headers(), source.user(), self.is_trusted(&source, from));
        let message = self.messages.next();
        self.messages.received.insert(message, (id, request));
        self.outputs.push_back(UaOutput::Message { message, source, dialled, from, text });
    }

    /// Answers a peer's message: somebody has it, or nobody does for this reason.
    pub fn answer_message(&mut self, message: MessageId, failure: Option<&Failure>, now: Instant) {
        let Some((id, request)) = self.messages.received.remove(&message) else { return };
        let status = match failure {
            None => StatusCode::OK,
            Some(failure) => {
                let refusal = crate::call::Cause::Failure(failure.clone()).refusal();
                StatusCode::new(refusal).unwrap_or(StatusCode::SERVER_INTERNAL_ERROR)
            }
        };
        let tag = self.hop.token();
        self.refuse(id, &request, status, &tag, now);
        self.settle(now);
    }
}

impl Sent {
    /// Makes it ready to be sent again, with the answer to a challenge.
    fn again(&mut self, response: &Response, hop: &mut Hop) -> Result<(), Failure> {
        self.digest.challenged(response).map_err(|error| refused(&error, response))?;
        let via = hop.via(self.next_hop.protocol).map_err(|error| unsendable(&error))?;
        let number = self.request.headers().cseq().map_or(1, |cseq| cseq.number.saturating_add(1));
        let headers = self.request.headers_mut();
        headers.set(HeaderName::Via, &via).map_err(|error| unsendable(&error))?;
        headers.set(HeaderName::CSeq, CSeq::new(number, Method::Message)).map_err(|error| unsendable(&error))?;
        self.digest.authorize(&mut self.request, &hop.token()).map_err(|error| unsendable(&error))
    }
}
