use bytes::Bytes;
use offhook_protocol::Secret;
use offhook_protocol::request::OpenSip;
use offhook_sip::digest::Credentials;
use offhook_sip::message::StatusCode;

use super::*;
use crate::ua::Protocol;
use crate::ua::locals::{Local, Locals};
use crate::ua::transport::SendFault;

struct Phone {
    account: SipAccount,
    digest: Client,
    hop: Hop,
    registration: Registration,
    now: Instant,
}

impl Phone {
    #[expect(clippy::disallowed_methods, reason = "an instant to begin simulated time at")]
    fn new() -> Self {
        let account = SipAccount::parse(&OpenSip {
            login: "alice".into(),
            password: Secret::new("secret"),
            domain: "pbx.example".into(),
            register: true,
            ..OpenSip::default()
        })
        .unwrap();
        let mut seed = 0;
        let udp = Local { protocol: Protocol::Udp, addr: "192.0.2.1:5060".parse().unwrap() };
        let mut hop = Hop::new(Locals::new(&[udp]), move || {
            seed += 1;
            seed
        });
        let contact = hop.contact("token", account.protocol);
        let registration = Registration::new(contact, 600, "Offhook", &mut hop).unwrap();
        let digest = Client::new(Credentials::new("alice", "secret"));
        Self { account, digest, hop, registration, now: Instant::now() }
    }

    fn register(&mut self) -> Request {
        sent(self.registration.refresh(&self.account, &mut self.digest, &mut self.hop))
    }

    fn remove(&mut self) -> Vec<RegistrationOutput> {
        self.registration.remove(&self.account, &mut self.digest, &mut self.hop)
    }

    fn unanswered(&mut self, why: Unanswered) -> Vec<RegistrationOutput> {
        self.registration.unanswered(why, &mut self.hop, self.now)
    }

    fn receive(&mut self, response: &Response) -> Vec<RegistrationOutput> {
        self.registration.receive(response, &self.account, &mut self.digest, &mut self.hop, self.now)
    }
}

fn sent(mut outputs: Vec<RegistrationOutput>) -> Request {
    match (outputs.pop(), outputs.is_empty()) {
        (Some(RegistrationOutput::Send(request)), true) => *request,
        other => panic!("not one request: {other:?}"),
    }
}

fn changed(mut outputs: Vec<RegistrationOutput>) -> (RegistrationState, Option<Failure>) {
    match (outputs.pop(), outputs.is_empty()) {
        (Some(RegistrationOutput::Changed(state, failure)), true) => (state, failure),
        other => panic!("not one change: {other:?}"),
    }
}

fn reply(request: &Request, status: u16, header: Option<(HeaderName, &str)>) -> Response {
    let mut reply = Response::reply(request, StatusCode::new(status).unwrap()).to_tag("there");
    if let Some((name, value)) = header {
        reply = reply.header(name, value);
    }
    reply.build().unwrap()
}

fn challenge(request: &Request) -> Response {
    reply(request, 401, Some((HeaderName::WwwAuthenticate, r#"Digest realm="pbx", nonce="n1", qop="auth""#)))
}

#[test]
fn a_challenge_is_answered_and_the_binding_refreshed_before_it_ends() {
    let mut phone = Phone::new();
    let first = phone.register();
    assert!(!first.headers().contains(&HeaderName::Authorization));
    assert_eq!(first.headers().expires(), Some(600));
    let second = sent(phone.receive(&challenge(&first)));
    assert!(second.headers().contains(&HeaderName::Authorization));
    assert!(second.headers().cseq().unwrap().number > first.headers().cseq().unwrap().number);
    assert_eq!(second.headers().call_id().unwrap(), first.headers().call_id().unwrap());
    let ok = reply(&second, 200, Some((HeaderName::Contact, "<sip:token@192.0.2.1:5060>;expires=100")));
    assert_eq!(changed(phone.receive(&ok)), (RegistrationState::Registered, None));
    assert_eq!(phone.registration.poll_timeout(), Some(phone.now + Duration::from_secs(80)));
}

#[test]
fn a_wrong_password_fails_with_its_status() {
    let mut phone = Phone::new();
    let first = phone.register();
    let second = sent(phone.receive(&challenge(&first)));
    let (state, failure) = changed(phone.receive(&challenge(&second)));
    let failure = failure.unwrap();
    assert_eq!((state, failure.code), (RegistrationState::Failed, ErrorCode::Unauthorized));
    assert_eq!(failure.sip_status, Some(401));
    assert!(!failure.message.contains("secret"));
}

#[test]
fn a_forbidden_user_fails_with_its_status() {
    let mut phone = Phone::new();
    let first = phone.register();
    let (_, failure) = changed(phone.receive(&reply(&first, 403, None)));
    assert_eq!(failure.map(|failure| (failure.code, failure.sip_status)), Some((ErrorCode::Unauthorized, Some(403))));
}

#[test]
fn a_longer_binding_is_asked_for_when_the_registrar_wants_one() {
    let mut phone = Phone::new();
    let first = phone.register();
    let second = sent(phone.receive(&reply(&first, 423, Some((HeaderName::MinExpires, "1800")))));
    assert_eq!(second.headers().expires(), Some(1800));
    // Asking for what was just sent would go on for ever.
    let (state, _) = changed(phone.receive(&reply(&second, 423, Some((HeaderName::MinExpires, "1800")))));
    assert_eq!(state, RegistrationState::Failed);
}

#[test]
fn leaving_removes_the_binding_with_an_expiry_of_zero() {
    let mut phone = Phone::new();
    let first = phone.register();
    phone.receive(&reply(&first, 200, None));
    let bye = sent(phone.remove());
    assert_eq!(bye.headers().expires(), Some(0));
    assert_eq!(changed(phone.receive(&reply(&bye, 200, None))).0, RegistrationState::Unregistered);
    assert!(phone.remove().is_empty(), "there is nothing left to remove");
}

#[test]
fn a_server_that_does_not_answer_or_cannot_be_reached_is_told_apart() {
    let mut phone = Phone::new();
    phone.register();
    let (_, failure) = changed(phone.unanswered(Unanswered::Timeout));
    assert_eq!(failure.unwrap().code, ErrorCode::Timeout);
    let mut phone = Phone::new();
    phone.register();
    let (_, failure) = changed(phone.unanswered(Unanswered::Unreachable(SendFault::Refused)));
    assert_eq!(failure.unwrap().code, ErrorCode::Unreachable);
}

#[test]
fn the_request_is_one_that_others_can_read() {
    let mut phone = Phone::new();
    let bytes = phone.register().to_bytes();
    let read = offhook_sip::message::Message::parse_datagram(Bytes::copy_from_slice(&bytes), &Default::default());
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    assert!(text.starts_with("REGISTER sip:pbx.example SIP/2.0\r\n"), "{text}");
    assert!(text.contains("rport"), "{text}");
    assert!(read.is_ok());
}
