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
    destinations: Destinations,
    registration: Registration,
    now: Instant,
}

impl Phone {
    fn new() -> Self {
        Self::over("udp")
    }

    #[expect(clippy::disallowed_methods, reason = "an instant to begin simulated time at")]
    fn over(transport: &str) -> Self {
        let account = SipAccount::parse(&OpenSip {
            login: "alice".into(),
            password: Secret::new("secret"),
            domain: "pbx.example".into(),
            transport: Some(transport.into()),
            register: true,
            ..OpenSip::default()
        })
        .unwrap();
        let mut seed = 0;
        let addr = "192.0.2.1:5060".parse().unwrap();
        let locals = [Protocol::Udp, Protocol::Tcp].map(|protocol| Local { protocol, addr });
        let mut hop = Hop::new(Locals::new(&locals), move || {
            seed += 1;
            seed
        });
        let contact = hop.contact("token", account.protocol);
        let terms = Terms { expires: 600, user_agent: "Offhook", instance: "urn:uuid:1", gruu: true };
        let registration = Registration::new(contact, &terms, &account, &mut hop).unwrap();
        let digest = Client::new(Credentials::new("alice", "secret"));
        let destinations = Destinations::Hosts(vec!["pbx.example".into(), "*.pbx.example".into()]);
        Self { account, digest, hop, destinations, registration, now: Instant::now() }
    }

    fn act(
        &mut self,
        act: impl FnOnce(&mut Registration, &mut Means<'_>, Instant) -> Vec<RegistrationOutput>,
    ) -> Vec<RegistrationOutput> {
        let mut means = Means {
            account: &self.account,
            digest: &mut self.digest,
            hop: &mut self.hop,
            destinations: &self.destinations,
            nat: true,
        };
        act(&mut self.registration, &mut means, self.now)
    }

    fn register(&mut self) -> Request {
        sent(self.act(|registration, means, _| registration.refresh(means)))
    }

    fn remove(&mut self) -> Vec<RegistrationOutput> {
        self.act(|registration, means, _| registration.remove(means))
    }

    fn unanswered(&mut self, why: Unanswered) -> Vec<RegistrationOutput> {
        self.act(|registration, means, now| registration.unanswered(why, means.hop, now))
    }

    fn receive(&mut self, response: &Response) -> Vec<RegistrationOutput> {
        self.act(|registration, means, now| registration.receive(response, means, now))
    }

    /// How long it waits for the next attempt.
    fn pause(&self) -> Duration {
        self.registration.poll_timeout().unwrap() - self.now
    }

    /// A phone that has been registered.
    fn registered() -> Self {
        let mut phone = Self::new();
        let first = phone.register();
        assert_eq!(changed(phone.receive(&reply(&first, 200, &[]))).0, RegistrationState::Registered);
        phone
    }
}

fn sent(mut outputs: Vec<RegistrationOutput>) -> Request {
    match (outputs.pop(), outputs.is_empty()) {
        (Some(RegistrationOutput::Send(request, _)), true) => *request,
        other => panic!("not one request: {other:?}"),
    }
}

fn changed(mut outputs: Vec<RegistrationOutput>) -> (RegistrationState, Option<Failure>) {
    match (outputs.pop(), outputs.is_empty()) {
        (Some(RegistrationOutput::Changed(state, failure)), true) => (state, failure),
        other => panic!("not one change: {other:?}"),
    }
}

fn reply(request: &Request, status: u16, headers: &[(HeaderName, &str)]) -> Response {
    let mut reply = Response::reply(request, StatusCode::new(status).unwrap()).to_tag("there");
    for (name, value) in headers {
        reply = reply.header(name.clone(), value);
    }
    reply.build().unwrap()
}

fn challenge(request: &Request) -> Response {
    reply(request, 401, &[(HeaderName::WwwAuthenticate, r#"Digest realm="pbx", nonce="n1", qop="auth""#)])
}

/// The same response from a server that saw the request come from there.
fn seen_from(mut response: Response, address: &str) -> Response {
    let mut via = response.headers().top_via().unwrap();
    via.note_source(address.parse().unwrap());
    response.headers_mut().set(HeaderName::Via, &via).unwrap();
    response
}

fn contacts(request: &Request) -> Vec<String> {
    request.headers().all(&HeaderName::Contact).map(offhook_sip::message::Header::text).collect()
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
    let ok = reply(&second, 200, &[(HeaderName::Contact, "<sip:token@192.0.2.1:5060>;expires=100")]);
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
    let (_, failure) = changed(phone.receive(&reply(&first, 403, &[])));
    assert_eq!(failure.map(|failure| (failure.code, failure.sip_status)), Some((ErrorCode::Unauthorized, Some(403))));
}

#[test]
fn a_longer_binding_is_asked_for_when_the_registrar_wants_one() {
    let mut phone = Phone::new();
    let first = phone.register();
    let second = sent(phone.receive(&reply(&first, 423, &[(HeaderName::MinExpires, "1800")])));
    assert_eq!(second.headers().expires(), Some(1800));
    // Asking for what was just sent would go on for ever.
    let (state, _) = changed(phone.receive(&reply(&second, 423, &[(HeaderName::MinExpires, "1800")])));
    assert_eq!(state, RegistrationState::Failed);
}

#[test]
fn leaving_removes_the_binding_with_an_expiry_of_zero() {
    let mut phone = Phone::new();
    let first = phone.register();
    phone.receive(&reply(&first, 200, &[]));
    let bye = sent(phone.remove());
    assert_eq!(bye.headers().expires(), Some(0));
    assert_eq!(changed(phone.receive(&reply(&bye, 200, &[]))).0, RegistrationState::Unregistered);
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

#[test]
fn a_server_that_is_not_there_yet_is_tried_again() {
    let mut phone = Phone::new();
    phone.register();
    assert_eq!(changed(phone.unanswered(Unanswered::Timeout)).0, RegistrationState::Failed);
    assert!(phone.pause() >= Duration::from_secs(15) && phone.pause() <= Duration::from_secs(30));
    phone.register();
    assert!(phone.unanswered(Unanswered::Timeout).is_empty(), "that is known already");
    assert!(phone.pause() >= Duration::from_secs(30));
    let third = phone.register();
    assert_eq!(changed(phone.receive(&reply(&third, 200, &[]))), (RegistrationState::Registered, None));
}

#[test]
fn a_server_that_is_busy_is_left_alone_for_as_long_as_it_wants() {
    for status in [480, 500, 503] {
        let mut phone = Phone::new();
        let first = phone.register();
        let busy = reply(&first, status, &[(HeaderName::RetryAfter, "120 (nightly backup)")]);
        let (state, failure) = changed(phone.receive(&busy));
        assert_eq!((state, failure.unwrap().sip_status), (RegistrationState::Failed, Some(status)));
        assert!(phone.pause() >= Duration::from_secs(120) && phone.pause() <= Duration::from_secs(132));
    }
}

#[test]
fn what_will_not_pass_is_not_tried_again() {
    for (status, code) in [
        (400, ErrorCode::Rejected),
        (403, ErrorCode::Unauthorized),
        (404, ErrorCode::NotFound),
        (423, ErrorCode::Rejected),
        (600, ErrorCode::Busy),
    ] {
        let mut phone = Phone::new();
        let first = phone.register();
        let (_, failure) = changed(phone.receive(&reply(&first, status, &[])));
        let failure = failure.unwrap();
        assert_eq!((failure.code, failure.sip_status), (code, Some(status)));
        assert_eq!(phone.registration.poll_timeout(), None, "{status}");
        assert!(!phone.registration.may_be_bound());
    }
}

#[test]
fn another_reason_is_told_too() {
    let mut phone = Phone::new();
    phone.register();
    assert_eq!(changed(phone.unanswered(Unanswered::Timeout)).1.unwrap().code, ErrorCode::Timeout);
    let second = phone.register();
    assert_eq!(changed(phone.receive(&reply(&second, 403, &[]))).1.unwrap().code, ErrorCode::Unauthorized);
}

#[test]
fn an_account_that_was_never_registered_has_nothing_to_remove() {
    let mut phone = Phone::new();
    phone.register();
    phone.unanswered(Unanswered::Timeout);
    assert!(phone.remove().is_empty() && !phone.registration.may_be_bound());
}

#[test]
fn the_registrar_is_told_who_we_are_and_what_we_can_do() {
    let mut phone = Phone::new();
    let first = phone.register();
    assert_eq!(contacts(&first), ["<sip:token@192.0.2.1:5060>;+sip.instance=\"<urn:uuid:1>\""]);
    let supported = |request: &Request| request.headers().first(&HeaderName::Supported).unwrap().text();
    assert_eq!(supported(&first), "path, gruu");
    let mut phone = Phone::over("tcp");
    let first = phone.register();
    assert!(contacts(&first)[0].ends_with(";+sip.instance=\"<urn:uuid:1>\";reg-id=1"), "{:?}", contacts(&first));
    assert_eq!(supported(&first), "path, gruu, outbound");
}

#[test]
fn a_first_hop_without_outbound_is_asked_without_it() {
    let mut phone = Phone::over("tcp");
    let first = phone.register();
    let second = sent(phone.receive(&reply(&first, 439, &[])));
    assert!(!contacts(&second)[0].contains("reg-id"));
    assert_eq!(second.headers().first(&HeaderName::Supported).unwrap().text(), "path, gruu");
}

#[test]
fn the_address_that_the_registrar_gives_is_the_one_for_dialogs() {
    let mut phone = Phone::new();
    assert_eq!(phone.registration.address().to_string(), "<sip:token@192.0.2.1:5060>");
    let first = phone.register();
    let contact = "<sip:token@192.0.2.1:5060>;pub-gruu=\"sip:alice@pbx.example;gr=urn:uuid:1\"\
                   ;temp-gruu=\"sip:tgruu.1@pbx.example;gr\";expires=600";
    phone.receive(&reply(&first, 200, &[(HeaderName::Contact, contact)]));
    assert_eq!(phone.registration.address().to_string(), "<sip:alice@pbx.example;gr=urn:uuid:1>");
    let refresh = phone.register();
    assert!(contacts(&refresh)[0].starts_with("<sip:token@192.0.2.1:5060>"), "the Contact stays what it was");
    phone.receive(&reply(&refresh, 200, &[(HeaderName::Contact, "<sip:token@192.0.2.1:5060>")]));
    assert_eq!(phone.registration.address().to_string(), "<sip:token@192.0.2.1:5060>");
}

#[test]
fn the_way_that_the_registrar_wants_is_kept_until_it_wants_another() {
    let mut phone = Phone::new();
    let first = phone.register();
    let routes = [
        (HeaderName::ServiceRoute, "<sip:a.pbx.example;lr>, <sip:b.pbx.example;lr>"),
        (HeaderName::Path, "<sip:p;lr>"),
    ];
    phone.receive(&reply(&first, 200, &routes));
    let way = |phone: &Phone| phone.registration.service_route().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(way(&phone), ["<sip:a.pbx.example;lr>", "<sip:b.pbx.example;lr>"]);
    let refresh = phone.register();
    assert!(!refresh.headers().contains(&HeaderName::Route), "it is not for REGISTER");
    phone.receive(&reply(&refresh, 200, &[]));
    assert!(way(&phone).is_empty());
    let third = phone.register();
    let endless = ["<sip:a.pbx.example;lr>"; 9].join(",");
    phone.receive(&reply(&third, 200, &[(HeaderName::ServiceRoute, &endless)]));
    assert!(way(&phone).is_empty());
}

#[test]
fn behind_a_nat_the_outside_is_registered() {
    let mut phone = Phone::new();
    let first = phone.register();
    let second = sent(phone.receive(&seen_from(reply(&first, 200, &[]), "198.51.100.7:40000")));
    assert_eq!(
        contacts(&second),
        ["<sip:token@198.51.100.7:40000>;+sip.instance=\"<urn:uuid:1>\"", "<sip:token@192.0.2.1:5060>;expires=0",],
        "the former is removed"
    );
    let told = changed(phone.receive(&seen_from(reply(&second, 200, &[]), "198.51.100.7:40000")));
    assert_eq!(told, (RegistrationState::Registered, None));
    assert_eq!(phone.registration.address().to_string(), "<sip:token@198.51.100.7:40000>");
    assert_eq!(contacts(&phone.register()).len(), 1, "once is enough");
}

#[test]
fn a_challenge_shows_the_outside_before_anything_is_registered() {
    let mut phone = Phone::new();
    let first = phone.register();
    let second = sent(phone.receive(&seen_from(challenge(&first), "198.51.100.7:40000")));
    assert_eq!(contacts(&second), ["<sip:token@198.51.100.7:40000>;+sip.instance=\"<urn:uuid:1>\""]);
}

#[test]
fn a_server_that_sees_another_address_each_time_gets_no_more_than_two_corrections() {
    let mut phone = Phone::new();
    let mut request = phone.register();
    for port in 40_000.. {
        let outputs = phone.receive(&seen_from(reply(&request, 200, &[]), &format!("198.51.100.7:{port}")));
        match outputs.as_slice() {
            [RegistrationOutput::Send(next, _)] if port < 40_002 => request = (**next).clone(),
            [RegistrationOutput::Changed(RegistrationState::Registered, None)] if port == 40_002 => break,
            other => panic!("{port}: {other:?}"),
        }
    }
}

#[test]
fn over_tcp_where_a_connection_leaves_from_is_no_contact() {
    let mut phone = Phone::over("tcp");
    let host = contacts(&phone.register())[0].clone();
    let first = phone.register();
    let told = changed(phone.receive(&seen_from(reply(&first, 200, &[]), "192.0.2.1:40000")));
    assert_eq!(told.0, RegistrationState::Registered);
    assert_eq!(contacts(&phone.register())[0], host);
    let refresh = phone.register();
    phone.receive(&seen_from(reply(&refresh, 200, &[]), "198.51.100.7:40000"));
    assert_eq!(contacts(&phone.register())[0], host);
}

fn moved(request: &Request, status: u16, to: &str) -> Response {
    reply(request, status, &[(HeaderName::Contact, to)])
}

fn sent_to(mut outputs: Vec<RegistrationOutput>) -> (Request, String) {
    match outputs.pop() {
        Some(RegistrationOutput::Send(request, hop)) => (*request, hop.host_port.to_string()),
        other => panic!("not one request: {other:?}"),
    }
}

#[test]
fn a_proxy_that_is_to_be_used_is_used_where_the_relay_may() {
    let mut phone = Phone::new();
    let first = phone.register();
    let (second, to) = sent_to(phone.receive(&moved(&first, 305, "<sip:edge.pbx.example:5070>")));
    assert_eq!(to, "edge.pbx.example:5070");
    assert_eq!(second.uri().unwrap().to_string(), "sip:pbx.example");
    assert_eq!(second.headers().first(&HeaderName::Route).unwrap().text(), "<sip:edge.pbx.example:5070;lr>");
    let told = changed(phone.receive(&reply(&second, 200, &[])));
    assert_eq!(told.0, RegistrationState::Registered);
    assert_eq!(sent_to(phone.act(|registration, means, _| registration.refresh(means))).1, "edge.pbx.example:5070");
}

#[test]
fn a_registrar_that_has_moved_is_followed_where_the_relay_may() {
    let mut phone = Phone::new();
    let first = phone.register();
    let (second, to) = sent_to(phone.receive(&moved(&first, 302, "<sip:ignored@new.pbx.example>")));
    assert_eq!((to.as_str(), second.uri().unwrap().to_string().as_str()), ("new.pbx.example", "sip:new.pbx.example"));
    assert!(!second.headers().contains(&HeaderName::Route));
}

#[test]
fn nobody_is_followed_to_where_the_relay_may_not_go_nor_for_ever() {
    let mut phone = Phone::new();
    let first = phone.register();
    let (state, failure) = changed(phone.receive(&moved(&first, 305, "<sip:evil.example>")));
    let failure = failure.unwrap();
    assert_eq!(state, RegistrationState::Failed);
    assert_eq!((failure.code, failure.sip_status), (ErrorCode::DestinationForbidden, Some(305)));
    let mut phone = Phone::new();
    let mut request = phone.register();
    for _ in 0..3 {
        request = sent(phone.receive(&moved(&request, 302, "<sip:loop.pbx.example>")));
    }
    assert_eq!(changed(phone.receive(&moved(&request, 302, "<sip:loop.pbx.example>"))).0, RegistrationState::Failed);
}

#[test]
fn the_password_is_proven_to_the_accounts_own_server_only() {
    let mut phone = Phone::new();
    let first = phone.register();
    let second = sent(phone.receive(&challenge(&first)));
    let elsewhere = sent(phone.receive(&moved(&second, 305, "<sip:edge.pbx.example>")));
    assert!(!elsewhere.headers().contains(&HeaderName::Authorization));
    let (_, failure) = changed(phone.receive(&challenge(&elsewhere)));
    let failure = failure.unwrap();
    assert_eq!((failure.code, failure.sip_status), (ErrorCode::DestinationForbidden, Some(401)));
    // The account's own server at another port is still its own.
    let mut phone = Phone::new();
    let first = phone.register();
    let second = sent(phone.receive(&moved(&first, 305, "<sip:PBX.example:5070>")));
    assert!(sent(phone.receive(&challenge(&second))).headers().contains(&HeaderName::Authorization));
}

#[test]
fn another_realm_of_the_same_server_is_answered() {
    let mut phone = Phone::new();
    let first = phone.register();
    let second = sent(phone.receive(&challenge(&first)));
    let other = [(HeaderName::WwwAuthenticate, r#"Digest realm="new", nonce="n2", qop="auth""#)];
    let third = sent(phone.receive(&reply(&second, 401, &other)));
    let answered = |request: &Request, realm: &str| {
        request.headers().all(&HeaderName::Authorization).any(|header| header.text().contains(realm))
    };
    assert!(answered(&third, "realm=\"new\""));
    assert_eq!(changed(phone.receive(&reply(&third, 401, &other))).1.unwrap().code, ErrorCode::Unauthorized);
}

#[test]
fn a_lost_connection_is_made_good_at_once() {
    let mut phone = Phone::registered();
    phone.registration.flow_lost(&mut phone.hop, phone.now);
    assert!(phone.pause() <= Duration::from_secs(1));
    let again = phone.register();
    assert!(phone.receive(&reply(&again, 200, &[])).is_empty(), "the session has noticed nothing");
    phone.registration.flow_lost(&mut phone.hop, phone.now);
    phone.register();
    assert_eq!(changed(phone.unanswered(Unanswered::Unreachable(SendFault::Refused))).0, RegistrationState::Failed);
    assert!(phone.pause() >= Duration::from_secs(15));
}

#[test]
fn the_next_nonce_saves_a_challenge() {
    let mut phone = Phone::new();
    let first = phone.register();
    let second = sent(phone.receive(&challenge(&first)));
    phone.receive(&reply(&second, 200, &[(HeaderName::AuthenticationInfo, "nextnonce=\"n2\"")]));
    let refresh = phone.register();
    assert!(refresh.headers().first(&HeaderName::Authorization).unwrap().text().contains("nonce=\"n2\""));
}
