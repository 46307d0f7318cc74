//! A user agent with a clock of its own, and everything it has said so far.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use offhook_media::{Codec, Command, Direction, LegId, RtpLocal, RtpRemote};
use offhook_protocol::event::MessageWaiting;
use offhook_protocol::request::OpenSip;
use offhook_protocol::{Failure, RegistrationState, Secret};
use offhook_sip::locate::{Answer, Query};
use offhook_sip::message::{HeaderName, Message, Method, NameAddr, Request, Response, StatusCode};
use offhook_sip::transaction::{Destination, Timing, TransactionId};

use super::peer::{Peer, sdp};
use crate::call::{Cause, CodecPolicy, Description, Extras, Identity, LegCommand, LegEvent};
use crate::config::Destinations;
use crate::ua::transport::{SendFault, TransportEvent};
use crate::ua::{
    AccountId, Asked, Local, LookupId, MediaPolicy, MessageId, Protocol, ReferredTo, SipAccount, Source, UaConfig,
    UaOutput, UserAgent,
};
use crate::webrtc::Transport;

/// Where the peer's messages come from.
pub(super) const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 9)), 5060);

/// The account of every scene, and the leg of its calls.
pub(super) const ACCOUNT: AccountId = AccountId(1);
pub(super) const LEG: LegId = LegId(1);

/// A call that came in.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) leg: LegId,
    pub(super) source: Source,
    pub(super) dialled: String,
    pub(super) from: Identity,
    pub(super) offer: Option<Description>,
    pub(super) extras: Extras,
    pub(super) replaces: Option<LegId>,
}

pub(super) struct Scene {
    pub(super) ua: UserAgent,
    pub(super) now: Instant,
    pub(super) sent: VecDeque<(Destination, Message)>,
    /// Whom to tell that the message sent last could not be sent.
    pub(super) transaction: Option<TransactionId>,
    pub(super) events: VecDeque<(LegId, LegEvent)>,
    pub(super) media: VecDeque<Command>,
    pub(super) registrations: VecDeque<(RegistrationState, Option<Failure>)>,
    pub(super) incoming: VecDeque<Incoming>,
    /// Connections that clients in pages asked for.
    pub(super) reconnects: VecDeque<Transport>,
    pub(super) refers: VecDeque<(LegId, ReferredTo, Asked)>,
    pub(super) messages: VecDeque<(MessageId, Source, String, String, String)>,
    pub(super) sent_messages: VecDeque<Option<Failure>>,
    pub(super) waiting: VecDeque<MessageWaiting>,
    pub(super) lookups: VecDeque<(LookupId, Query)>,
    /// Everything the user agent put out and was, as `Debug` shows it; for those that look.
    pub(super) log: Option<String>,
}

/// An account at a server that needs no lookup and wants no REGISTER.
pub(super) fn account() -> OpenSip {
    OpenSip {
        login: "alice".into(),
        password: Secret::new("hunter2"),
        domain: "192.0.2.9".into(),
        visible_name: Some("Alice A.".into()),
        ..OpenSip::default()
    }
}

pub(super) fn audio(codecs: &[Codec], direction: Direction) -> Description {
    Description::new(codecs.to_vec(), true, direction)
}

pub(super) fn everything() -> Description {
    audio(&Codec::BROWSER, Direction::SendRecv)
}

pub(super) fn local() -> RtpLocal {
    RtpLocal {
        addr: SocketAddr::from(([192, 0, 2, 1], 4000)),
        rtcp: SocketAddr::from(([192, 0, 2, 1], 4001)),
        ssrc: 1,
        cname: "relay".into(),
    }
}

pub(super) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(super) fn body(message: &Bytes) -> String {
    String::from_utf8(message.to_vec()).unwrap()
}

impl Scene {
    /// A user agent with an account.
    pub(super) fn new() -> Self {
        Self::with(&account())
    }

    pub(super) fn with(open: &OpenSip) -> Self {
        // What a leg says of transcoding is the core's business.
        Self::with_media(open, MediaPolicy { spoken: CodecPolicy::default(), ..MediaPolicy::default() })
    }

    /// The same with this policy about media.
    #[expect(clippy::disallowed_methods, reason = "an instant to begin simulated time at")]
    pub(super) fn with_media(open: &OpenSip, media: MediaPolicy) -> Self {
        let config = UaConfig {
            locals: [Protocol::Udp, Protocol::Tcp]
                .map(|protocol| Local { protocol, addr: SocketAddr::from(([192, 0, 2, 1], 5060)) })
                .to_vec(),
            user_agent: "Offhook".into(),
            media,
            expires: 600,
            calls: crate::ua::CallPolicy::default(),
            timing: Timing::default(),
            destinations: Destinations::Hosts(vec!["192.0.2.9".into(), "192.0.2.77".into(), "pbx.example".into()]),
            gruu: true,
            nat: true,
            keep_alive: None,
        };
        // The copies that go to different parts of the user agent must not make the same numbers.
        let last = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
        let random = move || last.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut scene = Self {
            ua: UserAgent::new(config, random),
            now: Instant::now(),
            sent: VecDeque::new(),
            transaction: None,
            events: VecDeque::new(),
            media: VecDeque::new(),
            registrations: VecDeque::new(),
            incoming: VecDeque::new(),
            reconnects: VecDeque::new(),
            refers: VecDeque::new(),
            messages: VecDeque::new(),
            sent_messages: VecDeque::new(),
            waiting: VecDeque::new(),
            lookups: VecDeque::new(),
            log: None,
        };
        scene.ua.register(ACCOUNT, SipAccount::parse(open).unwrap(), scene.now);
        scene.drain();
        scene
    }

    /// Takes what the user agent has put out.
    pub(super) fn drain(&mut self) {
        while let Some(output) = self.ua.poll_output() {
            if let Some(log) = &mut self.log {
                log.push_str(&format!("{output:?}\n{:?}\n", self.ua));
            }
            match output {
                UaOutput::Leg(leg, event) => self.events.push_back((leg, event)),
                UaOutput::Media(_, command) => self.media.push_back(command),
                UaOutput::Transmit(transmit) => {
                    self.transaction = transmit.transaction;
                    let message = Message::parse_datagram(transmit.bytes, &Default::default()).unwrap();
                    self.sent.push_back((transmit.destination, message));
                }
                UaOutput::Lookup { id, query } => self.lookups.push_back((id, query)),
                UaOutput::Incoming { leg, source, dialled, identities: (from, _), offer, extras, replaces } => {
                    self.incoming.push_back(Incoming { leg, source, dialled, from, offer, extras, replaces });
                }
                UaOutput::Reconnect { transport, .. } => self.reconnects.push_back(transport),
                UaOutput::Refer { leg, to, asked } => self.refers.push_back((leg, to, asked)),
                UaOutput::Message { message, source, dialled, from, text } => {
                    self.messages.push_back((message, source, dialled, from.user, text));
                }
                UaOutput::MessageSent { failure, .. } => self.sent_messages.push_back(failure),
                UaOutput::Waiting { waiting, .. } => self.waiting.push_back(waiting),
                UaOutput::Registration { state, failure, .. } => self.registrations.push_back((state, failure)),
            }
        }
    }

    /// The DNS answers everything it has been asked from these records, and the rest with nothing.
    pub(super) fn resolve(&mut self, records: &[(Query, Answer)]) {
        while let Some((id, query)) = self.lookups.pop_front() {
            let known = records.iter().find(|(asked, _)| *asked == query).map(|(_, answer)| answer.clone());
            self.ua.resolved(id, &known.unwrap_or(Answer::Nothing), seconds(60), self.now);
            self.drain();
        }
    }

    /// Lets time pass, from timer to timer.
    pub(super) fn wait(&mut self, duration: Duration) {
        let end = self.now + duration;
        while let Some(at) = self.ua.poll_timeout().filter(|at| *at <= end) {
            self.now = at.max(self.now);
            self.ua.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    /// Lets time pass until everything that was sent has come to its end, and nothing more has to be said of it.
    pub(super) fn wait_out(&mut self) {
        self.wait(seconds(200));
        self.sent.clear();
    }

    pub(super) fn command(&mut self, leg: LegId, command: LegCommand) {
        self.ua.leg_command(leg, command, self.now);
        self.drain();
    }

    /// A message of the peer arrives.
    pub(super) fn give(&mut self, message: impl Into<Message>) {
        self.give_from(message, Destination::udp(PEER));
    }

    pub(super) fn give_from(&mut self, message: impl Into<Message>, from: Destination) {
        let bytes = message.into().to_bytes();
        let message = Message::parse_datagram(bytes, &Default::default()).unwrap();
        let event = TransportEvent::Message { from, message: Box::new(message) };
        self.ua.receive(event, self.now);
        self.drain();
    }

    /// The message sent last could not be sent.
    pub(super) fn fail_to_send(&mut self) {
        let transaction = self.transaction.take().unwrap();
        self.ua.receive(TransportEvent::Failed { transaction, fault: SendFault::Unreachable }, self.now);
        self.drain();
    }

    /// The next request that was sent, and with it those that only repeat it.
    pub(super) fn request(&mut self, method: &Method) -> Request {
        let request = match self.sent.pop_front() {
            Some((_, Message::Request(request))) if request.method() == method => request,
            other => panic!("not {method}: {other:?}"),
        };
        let bytes = request.to_bytes();
        while self.sent.front().is_some_and(|(_, next)| next.to_bytes() == bytes) {
            self.sent.pop_front();
        }
        request
    }

    /// The next response that was sent.
    pub(super) fn response(&mut self, status: u16) -> Response {
        match self.sent.pop_front() {
            Some((_, Message::Response(response))) if response.status().code() == status => response,
            other => panic!("not a {status}: {other:?}"),
        }
    }

    /// The next thing a leg said, without what came beside it.
    pub(super) fn event(&mut self) -> LegEvent {
        self.event_and_extras().0
    }

    /// The next thing a leg said, and what came beside it.
    pub(super) fn event_and_extras(&mut self) -> (LegEvent, Extras) {
        let (_, mut event) = self.events.pop_front().unwrap();
        let extras = match &mut event {
            LegEvent::Ringing(_, extras)
            | LegEvent::Progress(_, extras)
            | LegEvent::Answered(_, extras)
            | LegEvent::Ended(_, extras) => std::mem::take(extras),
            _ => Extras::default(),
        };
        (event, extras)
    }

    /// Nothing was said that the test has not looked at.
    pub(super) fn assert_quiet(&self) {
        assert!(self.sent.is_empty(), "sent: {:?}", self.sent);
        assert!(self.events.is_empty(), "said: {:?}", self.events);
    }

    /// Nothing is left of any call once time has passed.
    pub(super) fn assert_forgotten(&mut self) {
        self.wait_out();
        let counts = self.ua.counts();
        assert_eq!((counts.legs, counts.transactions), (0, 0));
        assert!(self.events.is_empty(), "said: {:?}", self.events);
    }

    /// Where the media worker sends RTP by now.
    pub(super) fn remote(&mut self) -> RtpRemote {
        let mut remotes = self.media.drain(..).filter_map(|command| match command {
            Command::RtpRemote { remote, .. } => Some(remote),
            _ => None,
        });
        remotes.next_back().unwrap()
    }

    /// What the media worker was told, in short.
    pub(super) fn media_told(&mut self) -> Vec<String> {
        let told = self.media.drain(..).map(|command| match command {
            Command::RtpRemote { remote, .. } => format!("remote {}", remote.rtp),
            Command::Direction { direction, .. } => format!("{direction:?}"),
            Command::Supervise { .. } => "supervise".to_owned(),
            other => panic!("no command for a SIP leg: {other:?}"),
        });
        told.collect()
    }

    /// Calls bob and gives the INVITE.
    pub(super) fn call(&mut self) -> Request {
        self.dial("bob");
        self.request(&Method::Invite)
    }

    pub(super) fn dial(&mut self, callee: &str) {
        self.dial_with(callee, Extras::default());
    }

    pub(super) fn dial_with(&mut self, callee: &str, extras: Extras) {
        self.ua.open_leg(LEG, ACCOUNT, local().into(), callee).unwrap();
        let from = Identity { user: "alice".into(), display_name: None };
        let to = Identity { user: callee.into(), display_name: None };
        self.command(LEG, LegCommand::Invite { from, to, offer: Some(everything()), extras });
    }

    /// Begins the peer's response.
    pub(super) fn reply(request: &Request, status: u16, tag: &str) -> offhook_sip::message::ResponseBuilder {
        let contact = NameAddr::parse(format!("<sip:{tag}@192.0.2.9:5060>").as_bytes()).unwrap();
        Response::reply(request, StatusCode::new(status).unwrap()).to_tag(tag).contact(&contact)
    }

    /// The peer responds without a description.
    pub(super) fn respond(&mut self, request: &Request, status: u16) {
        self.give(Self::reply(request, status, "bob").build().unwrap());
    }

    /// The peer responds with one.
    pub(super) fn respond_with(&mut self, request: &Request, status: u16, description: &str) {
        self.give(Self::reply(request, status, "bob").body("application/sdp", description.to_owned()).build().unwrap());
    }

    /// A call of ours that bob took: PCMA and keys.
    pub(super) fn established() -> (Self, Peer) {
        let mut scene = Self::new();
        let invite = scene.call();
        let ok = Self::reply(&invite, 200, "bob").body("application/sdp", sdp("")).build().unwrap();
        scene.give(ok.clone());
        scene.request(&Method::Ack);
        assert!(matches!(scene.event(), LegEvent::Answered(_, _)));
        scene.media.clear();
        let peer = Peer::callee(&invite, &ok);
        (scene, peer)
    }

    /// The same with somebody who can be asked to call somebody else, and says so.
    pub(super) fn established_with_a_transferee() -> (Self, Peer) {
        let mut scene = Self::new();
        let invite = scene.call();
        let ok = Self::reply(&invite, 200, "bob")
            .header(HeaderName::Allow, "INVITE, ACK, BYE, CANCEL, REFER, NOTIFY")
            .header(HeaderName::Supported, "replaces, timer");
        let ok = ok.body("application/sdp", sdp("")).build().unwrap();
        scene.give(ok.clone());
        scene.request(&Method::Ack);
        scene.event();
        scene.media.clear();
        let peer = Peer::callee(&invite, &ok);
        (scene, peer)
    }

    /// A call of bob's that our side took.
    pub(super) fn taken() -> (Self, Peer, LegId) {
        let (mut scene, peer, leg) = Self::ringing(&sdp(""));
        scene.command(leg, LegCommand::Answer(audio(&[Codec::Pcma], Direction::SendRecv), Extras::default()));
        let ok = scene.response(200);
        let peer = peer.answered(&ok);
        scene.give(peer.ack(1).build().unwrap());
        scene.media.clear();
        scene.assert_quiet();
        (scene, peer, leg)
    }

    /// A call of bob's that waits for its answer; 100 is not sent yet.
    pub(super) fn ringing(offer: &str) -> (Self, Peer, LegId) {
        let mut scene = Self::new();
        let peer = Peer::caller("alice");
        scene.give(peer.invite(offer));
        let incoming = scene.incoming.pop_front().unwrap();
        scene.ua.attach(incoming.leg, local().into());
        (scene, peer, incoming.leg)
    }
}

/// The failure a leg ended with.
pub(super) fn failure(event: LegEvent) -> Failure {
    match event {
        LegEvent::Ended(Cause::Failure(failure), _) | LegEvent::ReofferResult(Err(Cause::Failure(failure))) => failure,
        other => panic!("not a failure: {other:?}"),
    }
}

/// A header's only value.
pub(super) fn header(message: &Message, name: &HeaderName) -> Option<String> {
    message.headers().first(name).map(offhook_sip::message::Header::text)
}
