//! A SIP end of a call: an INVITE, the dialog it becomes, and the RTP that goes with it.
//!
//! [`SipLeg`] is sans-I/O. It is always in one of the states of [`State`], each of which has its own module:
//! [`calling`] while our INVITE is unanswered, [`ringing`] while the peer's is, [`session`] afterwards.

mod calling;
mod direct;
mod early;
mod early_update;
mod exchange;
mod ice;
mod in_band;
pub(super) mod invite;
mod media;
pub(super) mod peer;
mod redirect;
mod referral;
mod reliable;
mod ringing;
mod session;
mod signal;

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use offhook_media::{Command, Event, Inactivity, LegId};
use offhook_protocol::request::DtmfMethod;
use offhook_protocol::{ErrorCode, Failure};
use offhook_sip::dialog::{DialogId, SessionTimer};
use offhook_sip::digest::Client;
use offhook_sip::message::{NameAddr, Reason, Request, Response, SipUri, StatusCode};
use offhook_sip::transaction::{Destination, ServerId, Timing};

use super::AccountId;
use super::account::{Protocol, SipAccount};
use super::attachment::{MediaKind, MediaLocal};
use super::extras;
use super::hop::Hop;
use super::media_policy::MediaPolicy;
use super::outbox::{NextHop, RequestId, Unanswered};
use super::policy::CallPolicy;
use super::refer::{Asked, Carried};
use crate::call::{Cause, Description, Extras, LegCommand, LegEvent, failure_for_status};
use crate::config::Destinations;
use crate::webrtc::Transport;
use calling::Calling;
use direct::Direct;
use exchange::Exchange;
use media::Media;
use peer::Peer;
use ringing::Ringing;
use session::Session;

/// What a leg wants done.
#[derive(Debug)]
pub(super) enum LegOutput {
    /// Send this request; [`SipLeg::sent`] tells its name.
    Send(Box<Request>, NextHop),
    /// Send this ACK.
    Ack(Box<Request>, NextHop),
    /// Cancel this INVITE.
    Cancel(RequestId, Option<Reason>),
    /// Answer this request.
    Respond(ServerId, Box<Response>),
    /// Tell the media worker.
    Media(Command),
    /// Give the leg another connection.
    Reconnect(Transport),
    /// Tell the core.
    Event(LegEvent),
    /// The peer asks for a transfer.
    Refer(Box<Asked>),
    /// Nothing more will come of this leg.
    Forget,
}

/// Which request of a leg a name is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sending {
    /// The INVITE that begins the call.
    Invite,
    /// A change of the session.
    Reoffer,
    /// A change of the session before the answer.
    Update,
    /// The end of the dialog.
    Bye,
    /// A key as INFO.
    Key,
    /// A request for a whole picture as INFO.
    Picture,
    /// A refresh of the session as UPDATE.
    Refresh,
    /// The acknowledgement of a provisional response.
    Prack,
    /// A transfer that the peer is to make.
    Refer,
    /// News of a transfer that the peer has asked for.
    Notify,
    /// The BYE of a fork that lost; nobody waits for its response.
    Other,
}

/// What an INVITE brings.
#[derive(Debug)]
pub(super) enum Offer {
    /// No description: the answerer is to offer.
    None,
    /// A description with codecs of ours.
    Audio(Description),
}

/// What every state of a leg needs.
#[derive(Debug)]
struct Common {
    /// The account it belongs to: it makes the call, or the call came to its Contact.
    account: Option<Arc<SipAccount>>,
    /// Its name.
    account_id: Option<AccountId>,
    /// The user of the relay's own whose phone is at the far end.
    user: Option<Arc<str>>,
    /// Where the peer reaches this leg.
    contact: NameAddr,
    /// How requests go to addresses that name no transport.
    protocol: Protocol,
    /// Answers challenges, for outgoing legs.
    digest: Option<Client>,
    /// The address at which the account's own server took our INVITE.
    home: Option<IpAddr>,
    exchange: Exchange,
    peer: Peer,
    /// What our INVITE is to say that a REFER has asked for.
    carried: Carried,
    /// What is said of media.
    media_policy: Arc<MediaPolicy>,
    timing: Timing,
    user_agent: Arc<str>,
    policy: CallPolicy,
    destinations: Arc<Destinations>,
    /// The session's timer.
    timer: SessionTimer,
    /// Media may go to the caller's address before its ACK.
    is_known: bool,
    /// The media worker listens for keys in the peer's sound.
    listens: bool,
    /// The core has been told that the leg is over; what remains is good manners towards the peer.
    told: bool,
    /// The INVITE of ours that was answered.
    answered: Option<(RequestId, Request)>,
    /// The requests among the outputs, in their order, and the dialogs they belong to.
    sending: VecDeque<(Option<DialogId>, Sending)>,
    outputs: Vec<LegOutput>,
}

/// A SIP end of a call.
#[derive(Debug)]
pub(super) struct SipLeg {
    common: Common,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Opened, and nothing sent yet.
    Opened(Box<SipUri>),
    /// Our INVITE is under way.
    Calling(Box<Calling>),
    /// The peer's INVITE waits for our answer.
    Ringing(Box<Ringing>),
    /// There is a dialog.
    Session(Box<Session>),
    /// Nothing is left to do.
    Over,
}

/// Whom an outgoing leg acts for.
#[derive(Debug)]
pub(super) struct Caller {
    /// The account.
    pub(super) account: Arc<SipAccount>,
    /// Where the peer reaches the account.
    pub(super) contact: NameAddr,
    /// The challenges the account has met; none where it has no password.
    pub(super) digest: Option<Client>,
}

/// What does not change from leg to leg.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    /// The `User-Agent` and `Server` headers.
    pub(super) user_agent: Arc<str>,
    /// How calls are made and taken.
    pub(super) calls: CallPolicy,
    /// Where calls may be sent on to.
    pub(super) destinations: Arc<Destinations>,
    /// The base times of retransmissions.
    pub(super) timing: Timing,
    /// What is said of media.
    pub(super) media: Arc<MediaPolicy>,
}

impl SipLeg {
    /// A leg that will call `target`. Without an RTP port the descriptions of the far end pass through it untouched.
    pub(super) fn outgoing(
        leg: LegId,
        caller: Caller,
        local: Option<MediaLocal>,
        target: SipUri,
        identity: &Identity,
        hop: &mut Hop,
    ) -> Self {
        let Caller { account, contact, digest } = caller;
        let protocol = account.protocol;
        let exchange = match local {
            Some(local) => {
                let mut media = Media::new(leg, local.kind(), &identity.media, protocol, hop);
                media.attach(local);
                Exchange::relayed(media)
            }
            None => Exchange::Direct(Direct::new(identity.media.ice)),
        };
        let common = Common::new(Some(account), contact, protocol, digest, exchange, identity);
        Self { common, state: State::Opened(Box::new(target)) }
    }

    /// A leg for a peer's INVITE, and what it offers: untouched where it may pass to another SIP leg as it is.
    ///
    /// # Errors
    /// The status to refuse the INVITE with.
    pub(super) fn incoming(
        leg: LegId,
        (id, request): (ServerId, Request),
        (contact, protocol): (NameAddr, Protocol),
        tag: String,
        may_pass: bool,
        identity: &Identity,
        hop: &mut Hop,
    ) -> Result<(Self, Offer), StatusCode> {
        // Without an offer there is nothing to pass on, and it is the relay that offers.
        let (exchange, offer) = match may_pass && !request.body().is_empty() {
            true => {
                let direct = Direct::new(identity.media.ice);
                let offer = direct.take_offer(&request);
                (Exchange::Direct(direct), offer)
            }
            false => Exchange::of_caller(leg, &request, protocol, &identity.media, hop)?,
        };
        let offered = matches!(offer, Offer::Audio(_));
        let ringing = Ringing::new(id, request, tag, contact.clone(), offered, (identity, hop))?;
        let mut common = Common::new(None, contact, protocol, None, exchange, identity);
        common.peer.learn(ringing.invite().headers());
        Ok((Self { common, state: State::Ringing(Box::new(ringing)) }, offer))
    }

    /// Reads the offer of an incoming leg after all: it does not pass to another SIP leg as it is.
    ///
    /// # Errors
    /// The status to refuse the INVITE with.
    pub(super) fn read_offer(&mut self, leg: LegId, hop: &mut Hop) -> Result<Offer, StatusCode> {
        let State::Ringing(ringing) = &self.state else { return Err(StatusCode::SERVER_INTERNAL_ERROR) };
        let (exchange, offer) =
            Exchange::of_caller(leg, ringing.invite(), self.common.protocol, &self.common.media_policy, hop)?;
        self.common.exchange = exchange;
        if self.common.is_known {
            self.be_heard_early();
        }
        Ok(offer)
    }

    /// It is known who calls and from where, so that the caller hears what there is to be heard before its ACK.
    pub(super) fn be_heard_early(&mut self) {
        self.common.is_known = true;
        let confirmed = self.common.exchange.confirmed();
        self.common.media(confirmed);
    }

    /// What carries its media, where that goes through the relay.
    pub(super) fn media_kind(&self) -> Option<MediaKind> {
        self.common.exchange.kind()
    }

    /// Where its offer wants RTP, while it has one that is not answered.
    pub(super) fn offered_address(&self) -> Option<IpAddr> {
        self.common.exchange.offered_address()
    }

    /// The address that ports for pictures are to be at, if this description needs any that are not there yet.
    pub(super) fn wants_video(&self, description: &Description) -> Option<IpAddr> {
        self.common.exchange.wants_video(description)
    }

    /// Asks the peer for a whole picture, which takes no such request over RTCP.
    pub(super) fn ask_for_picture(&mut self, hop: &mut Hop) -> Vec<LegOutput> {
        self.step(|state, common| match state {
            State::Session(mut session) => {
                session.ask_for_picture(common, hop);
                State::Session(session)
            }
            other => other,
        })
    }

    /// Gives an incoming leg its media, or any leg another connection.
    pub(super) fn attach(&mut self, local: MediaLocal) {
        self.common.exchange.attach(local);
    }

    /// Takes what the core says.
    pub(super) fn command(&mut self, command: LegCommand, hop: &mut Hop, now: Instant) -> Vec<LegOutput> {
        // A peer that takes no events may take keys as INFO.
        if let LegCommand::Dtmf { digit, duration, method: DtmfMethod::Rfc2833 } = command
            && let Some(press) = self.common.exchange.media().and_then(|media| media.press(digit, duration))
        {
            self.common.media([press]);
            return self.finish();
        }
        self.step(|state, common| match state {
            State::Opened(target) => match command {
                LegCommand::Invite { from, to: _, offer, extras } => {
                    Calling::begin(*target, &from, (offer, &extras), common, hop)
                }
                LegCommand::End(cause, _) => common.over(cause),
                _ => State::Opened(target),
            },
            State::Calling(calling) => match command {
                LegCommand::End(cause, extras) => calling.give_up(cause, &extras, common),
                _ => State::Calling(calling),
            },
            State::Ringing(ringing) => ringing.command(command, common, hop, now),
            State::Session(session) => session.command(command, common, hop, now),
            State::Over => State::Over,
        })
    }

    /// The name of the first request among those the leg had sent that it has not heard the name of.
    pub(super) fn sent(&mut self, id: RequestId) {
        let Some((dialog, sending)) = self.common.sending.pop_front() else { return };
        match &mut self.state {
            State::Calling(calling) => calling.sent(id, dialog.as_ref()),
            State::Session(session) => session.sent(id, sending),
            State::Ringing(ringing) => ringing.update.name(id),
            State::Opened(_) | State::Over => {}
        }
    }

    /// A server was found and has answered: from here on our Contact is the one it reaches us by.
    pub(super) fn reached(&mut self, server: &Destination, hop: &Hop) {
        let common = &mut self.common;
        let (Some(account), Some(protocol)) = (&common.account, Protocol::of_transport(&server.transport)) else {
            return;
        };
        if let State::Calling(calling) = &self.state
            && calling.is_at_home(common)
        {
            common.home = Some(server.address.ip());
        }
        common.contact = hop.contact_towards(&common.contact, protocol, server.address.ip());
        if account.lets_dns_choose() {
            common.protocol = protocol;
        }
    }

    /// Takes a response to a request of this leg.
    pub(super) fn response(
        &mut self,
        id: RequestId,
        response: &Response,
        hop: &mut Hop,
        now: Instant,
    ) -> Vec<LegOutput> {
        self.step(|state, common| match state {
            State::Calling(calling) => calling.response(id, response, common, hop, now),
            State::Session(session) => session.response(id, response, common, hop, now),
            State::Ringing(ringing) => ringing.response(id, response, common, now),
            other => other,
        })
    }

    /// A request of this leg got no response.
    pub(super) fn unanswered(&mut self, id: RequestId, why: Unanswered, hop: &mut Hop, now: Instant) -> Vec<LegOutput> {
        self.step(|state, common| match state {
            State::Calling(calling) => calling.unanswered(id, why, common),
            State::Session(session) => session.unanswered(id, why, common, hop),
            State::Ringing(ringing) => ringing.unanswered(id, common, now),
            other => other,
        })
    }

    /// Takes a request within the leg's dialog.
    pub(super) fn request(&mut self, id: ServerId, request: &Request, now: Instant) -> Vec<LegOutput> {
        self.step(|state, common| match state {
            State::Session(session) => session.request(id, request, common, now),
            State::Ringing(ringing) => ringing.request(id, request, common, now),
            State::Calling(mut calling) => {
                calling.request(id, request, common);
                State::Calling(calling)
            }
            other => {
                common.respond(id, request, StatusCode::CALL_DOES_NOT_EXIST);
                other
            }
        })
    }

    /// Takes the ACK for a 2xx of ours.
    pub(super) fn acknowledged(&mut self, ack: &Request, hop: &mut Hop, now: Instant) -> Vec<LegOutput> {
        self.step(|state, common| match state {
            State::Session(session) => session.acknowledged(ack, common, hop, now),
            other => other,
        })
    }

    /// The peer gave its INVITE up; it has been answered.
    pub(super) fn cancelled(
        &mut self,
        id: ServerId,
        cancel: Option<&Request>,
        hop: &mut Hop,
        now: Instant,
    ) -> Vec<LegOutput> {
        self.step(|state, common| match state {
            State::Ringing(ringing) => {
                ringing.abandon(common);
                let extras = cancel.map(extras::of_request).unwrap_or_default();
                common.tell_end_with(Cause::Cancelled, extras);
                State::Over
            }
            State::Session(mut session) => {
                session.withdrawn(id, common, hop, now);
                State::Session(session)
            }
            other => other,
        })
    }

    /// The INVITE of ours that was answered, for answers that come after the leg is over.
    pub(super) fn answered_invite(&mut self) -> Option<(RequestId, Request, Protocol)> {
        let (id, invite) = self.common.answered.take()?;
        Some((id, invite, self.common.protocol))
    }

    /// When [`SipLeg::handle_timeout`] is due.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Session(session) => session.poll_timeout(&self.common),
            State::Ringing(ringing) => ringing.poll_timeout(),
            _ => None,
        }
    }

    /// Lets the timers that are due act.
    pub(super) fn handle_timeout(&mut self, hop: &mut Hop, now: Instant) -> Vec<LegOutput> {
        self.step(|state, common| match state {
            State::Session(session) => session.handle_timeout(common, hop, now),
            State::Ringing(ringing) => ringing.handle_timeout(common, now),
            other => other,
        })
    }

    /// Our INVITE that is unanswered.
    pub(super) fn calling(&self) -> Option<RequestId> {
        match &self.state {
            State::Calling(calling) => calling.id(),
            _ => None,
        }
    }

    /// The INVITE of the peer that waits for the leg's answer.
    pub(super) fn invite(&self) -> Option<ServerId> {
        match &self.state {
            State::Ringing(ringing) => Some(ringing.id()),
            State::Session(session) => session.offered(),
            State::Opened(_) | State::Calling(_) | State::Over => None,
        }
    }

    /// The dialogs whose requests the leg takes: one, or those of the phones its INVITE was forked to.
    pub(super) fn dialogs(&self) -> impl Iterator<Item = &DialogId> {
        let (one, forks) = match &self.state {
            State::Session(session) => (Some(session.dialog()), None),
            State::Ringing(ringing) => (Some(ringing.dialog()), None),
            State::Calling(calling) => (None, Some(calling.dialogs())),
            State::Opened(_) | State::Over => (None, None),
        };
        one.into_iter().chain(forks.into_iter().flatten())
    }

    fn step(&mut self, act: impl FnOnce(State, &mut Common) -> State) -> Vec<LegOutput> {
        let state = std::mem::replace(&mut self.state, State::Over);
        self.state = act(state, &mut self.common);
        self.finish()
    }

    fn finish(&mut self) -> Vec<LegOutput> {
        self.listen_for_keys();
        let mut outputs = std::mem::take(&mut self.common.outputs);
        if matches!(self.state, State::Over) {
            outputs.push(LegOutput::Forget);
        }
        outputs
    }
}

impl Common {
    fn new(
        account: Option<Arc<SipAccount>>,
        contact: NameAddr,
        protocol: Protocol,
        digest: Option<Client>,
        exchange: Exchange,
        identity: &Identity,
    ) -> Self {
        Self {
            account,
            contact,
            protocol,
            digest,
            home: None,
            exchange,
            account_id: None,
            is_known: false,
            user: None,
            peer: Peer::default(),
            carried: Carried::default(),
            media_policy: Arc::clone(&identity.media),
            timing: identity.timing,
            user_agent: Arc::clone(&identity.user_agent),
            policy: identity.calls,
            destinations: Arc::clone(&identity.destinations),
            timer: SessionTimer::new(identity.calls.session),
            listens: false,
            told: false,
            answered: None,
            sending: VecDeque::new(),
            outputs: Vec::new(),
        }
    }

    fn event(&mut self, event: LegEvent) {
        if !self.told {
            self.outputs.push(LegOutput::Event(event));
        }
    }

    /// Tells the media worker, which has closed the leg once the core knows that it is over.
    fn media(&mut self, commands: impl IntoIterator<Item = Command>) {
        if !self.told {
            self.outputs.extend(commands.into_iter().map(LegOutput::Media));
        }
    }

    /// Has a request sent; its name comes with [`SipLeg::sent`].
    fn send(&mut self, dialog: Option<&DialogId>, sending: Sending, request: Request, next_hop: NextHop) {
        self.sending.push_back((dialog.cloned(), sending));
        self.outputs.push(LegOutput::Send(Box::new(request), next_hop));
    }

    /// A request with our answer to a challenge got through: the next challenge does not mean a wrong password.
    fn authorized(&mut self) {
        if let Some(digest) = self.digest.as_mut() {
            digest.accepted();
        }
    }

    /// Tells the core, once, that the leg is over.
    fn tell_end(&mut self, cause: Cause) {
        self.tell_end_with(cause, Extras::default());
    }

    /// The same, with what the peer's message said of it.
    fn tell_end_with(&mut self, cause: Cause, extras: Extras) {
        self.event(LegEvent::Ended(cause, extras));
        self.told = true;
    }

    /// The leg is over, and nothing is left to say to the peer.
    fn over(&mut self, cause: Cause) -> State {
        self.tell_end(cause);
        State::Over
    }

    /// The peer refused with this response.
    fn refused(&mut self, response: &Response) -> State {
        let failure = failure_for_status(response.status().code(), &response.reason());
        self.tell_end_with(Cause::Failure(failure), extras::of_response(response));
        State::Over
    }

    fn fail(&mut self, failure: Failure) -> State {
        self.over(Cause::Failure(failure))
    }

    /// Answers a request with nothing but a status.
    fn respond(&mut self, id: ServerId, request: &Request, status: StatusCode) {
        match Response::reply(request, status).build() {
            Ok(response) => self.outputs.push(LegOutput::Respond(id, Box::new(response))),
            Err(error) => tracing::debug!(%error, "a SIP request has headers that cannot be answered"),
        }
    }
}

/// What a media worker's event means to the core.
pub(super) fn of_media(event: &Event) -> Option<(LegId, LegEvent)> {
    Some(match *event {
        Event::Connected { leg } => (leg, LegEvent::MediaConnected),
        Event::Failed { leg, cause } => (leg, LegEvent::MediaFailed(cause)),
        // A page whose network changed says so by another offer; if it does not, its silence is noticed too.
        Event::Inactive { cause: Inactivity::Consent, .. } => return None,
        Event::Inactive { leg, cause: Inactivity::Rtp } => (leg, LegEvent::MediaInactive),
        Event::Dtmf { leg, digit, duration } => (leg, LegEvent::Dtmf { digit, duration, method: DtmfMethod::Rfc2833 }),
        Event::DtmfRefused { leg } => {
            let sentence = "The far end takes no keys in RTP. Another DTMF method may work.";
            (leg, LegEvent::Warning(Failure::new(ErrorCode::Rejected, sentence)))
        }
        _ => return None,
    })
}
