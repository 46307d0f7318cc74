//! From one server to the next (RFC 3263 section 4.3), and from datagrams to streams (RFC 3261 section 18.1.1).

use offhook_protocol::request::OpenSip;
use offhook_protocol::{ErrorCode, RegistrationState};
use offhook_sip::digest::{Algorithm, Password, Verdict, Verifier};
use offhook_sip::locate::{Answer, Query};
use offhook_sip::message::{HeaderName, Message, Method, Request};
use offhook_sip::transaction::{ConnectionId, Destination};

use super::dns::{addresses, at_domain, srv};
use super::peer::sdp;
use super::scene::{LEG, Scene, account, failure, header, seconds};
use crate::call::{Cause, Extras, LegCommand, LegEvent};
use crate::ua::outbox::{NextHop, Owner};

/// Three servers, the first to be tried first.
fn three() -> Vec<(Query, Answer)> {
    vec![
        srv("_sip._udp.pbx.example", &[(1, 5060, "a"), (2, 5060, "b"), (3, 5060, "c")]),
        addresses("a", &["192.0.2.11"]),
        addresses("b", &["192.0.2.12"]),
        addresses("c", &["192.0.2.13"]),
    ]
}

fn open() -> OpenSip {
    OpenSip { transport: Some("udp".into()), ..at_domain() }
}

fn dialled() -> Scene {
    let mut scene = Scene::with(&open());
    scene.dial("bob");
    scene.resolve(&three());
    scene
}

/// The last octet of where the next request goes, and the request with what repeats it taken away.
fn next(scene: &mut Scene, method: &Method) -> (u8, Request) {
    let std::net::IpAddr::V4(to) = scene.sent[0].0.address.ip() else { panic!("IPv4") };
    (to.octets()[3], scene.request(method))
}

/// Lets a server be silent for as long as it may, and gives what the next one gets.
fn next_after_silence(scene: &mut Scene, silent: &Request) -> (u8, Request) {
    scene.wait(seconds(4));
    scene
        .sent
        .retain(|(_, message)| !matches!(message, Message::Request(request) if branch(request) == branch(silent)));
    next(scene, silent.method())
}

/// What must not change from server to server.
fn sameness(request: &Request) -> (String, String, String) {
    let headers = request.headers();
    (headers.call_id().unwrap().to_string(), headers.cseq().unwrap().to_string(), headers.from().unwrap().to_string())
}

fn branch(request: &Request) -> String {
    request.headers().top_via().unwrap().branch().unwrap().to_owned()
}

#[test]
fn a_server_that_is_not_there_is_followed_by_the_next_at_once() {
    let mut scene = dialled();
    let (first, invite) = next(&mut scene, &Method::Invite);
    scene.fail_to_send();
    let (second, again) = next(&mut scene, &Method::Invite);
    assert_eq!((first, second), (11, 12));
    assert_eq!(sameness(&invite), sameness(&again));
    assert_ne!(branch(&invite), branch(&again));
    scene.respond_with(&again, 200, &sdp(""));
    scene.request(&Method::Ack);
    assert!(matches!(scene.event(), LegEvent::Answered(..)));
}

#[test]
fn a_503_is_followed_by_the_next_server_and_the_owner_hears_nothing_of_it() {
    let mut scene = dialled();
    let (_, invite) = next(&mut scene, &Method::Invite);
    scene.respond(&invite, 100);
    scene.events.clear();
    scene.respond(&invite, 503);
    scene.request(&Method::Ack);
    let (second, again) = next(&mut scene, &Method::Invite);
    assert_eq!(second, 12);
    scene.assert_quiet();
    scene.respond(&again, 486);
    scene.request(&Method::Ack);
    assert_eq!(failure(scene.event()).code, ErrorCode::Busy);
    scene.assert_forgotten();
}

#[test]
fn a_silent_server_is_followed_by_the_next_after_eight_t1() {
    let mut scene = dialled();
    let (_, first) = next(&mut scene, &Method::Invite);
    scene.wait(seconds(3));
    assert!(scene.sent.iter().all(|(_, message)| message.to_bytes() == first.to_bytes()), "it may still answer");
    scene.wait(seconds(1));
    scene.sent.retain(|(_, message)| message.to_bytes() != first.to_bytes());
    let (to, second) = next(&mut scene, &Method::Invite);
    assert_eq!(to, 12);
    assert_eq!(next_after_silence(&mut scene, &second).0, 13);
    // The last one has the usual time, and nobody else gets anything.
    scene.wait(seconds(31));
    assert!(scene.sent.iter().all(|(to, _)| to.address.to_string() == "192.0.2.13:5060"), "{:?}", scene.sent);
    assert!(scene.events.is_empty());
    scene.wait(seconds(2));
    assert_eq!(failure(scene.event()).code, ErrorCode::Timeout);
    scene.assert_forgotten();
}

#[test]
fn all_servers_failing_is_one_failure() {
    let mut scene = dialled();
    scene.fail_to_send();
    let (_, second) = (scene.request(&Method::Invite), scene.request(&Method::Invite));
    scene.respond(&second, 503);
    scene.request(&Method::Ack);
    let (last, third) = next(&mut scene, &Method::Invite);
    assert_eq!(last, 13);
    scene.respond(&third, 503);
    scene.request(&Method::Ack);
    assert_eq!(failure(scene.event()).sip_status, Some(503));
    scene.assert_forgotten();
}

#[test]
fn a_late_answer_of_a_silent_server_is_acknowledged_and_ended() {
    let mut scene = dialled();
    let (_, first) = next(&mut scene, &Method::Invite);
    let (_, second) = next_after_silence(&mut scene, &first);
    scene.respond_with(&first, 200, &sdp(""));
    let ended = [scene.request(&Method::Ack), scene.request(&Method::Bye)];
    assert!(ended.iter().all(|request| request.headers().to().unwrap().tag() == Some("bob")));
    scene.assert_quiet();
    let ok = Scene::reply(&second, 200, "carol").body("application/sdp", sdp("")).build().unwrap();
    scene.give(ok);
    scene.request(&Method::Ack);
    assert!(matches!(scene.event(), LegEvent::Answered(..)));
}

#[test]
fn a_silent_server_that_rings_after_all_is_cancelled() {
    let mut scene = dialled();
    let (_, first) = next(&mut scene, &Method::Invite);
    next_after_silence(&mut scene, &first);
    scene.respond(&first, 180);
    let cancel = scene.request(&Method::Cancel);
    assert_eq!(branch(&cancel), branch(&first));
    assert!(scene.events.is_empty(), "nobody hears it ring: {:?}", scene.events);
}

#[test]
fn a_server_that_rings_is_the_one() {
    let mut scene = dialled();
    let (_, invite) = next(&mut scene, &Method::Invite);
    scene.respond(&invite, 180);
    scene.event();
    scene.respond(&invite, 503);
    scene.request(&Method::Ack);
    assert_eq!(failure(scene.event()).sip_status, Some(503));
    scene.assert_forgotten();
}

#[test]
fn a_server_that_is_working_on_it_is_waited_for() {
    let mut scene = dialled();
    let (_, invite) = next(&mut scene, &Method::Invite);
    scene.respond(&invite, 100);
    scene.wait(seconds(60));
    assert!(scene.sent.is_empty(), "{:?}", scene.sent);
}

#[test]
fn a_call_that_was_given_up_goes_to_nobody_else() {
    let mut scene = dialled();
    let (_, invite) = next(&mut scene, &Method::Invite);
    scene.command(LEG, LegCommand::End(Cause::Cancelled, Extras::default()));
    scene.wait(seconds(5));
    assert!(scene.sent.iter().all(|(to, _)| to.address.to_string() == "192.0.2.11:5060"), "{:?}", scene.sent);
    scene.sent.clear();
    scene.respond(&invite, 503);
    scene.request(&Method::Ack);
    assert!(scene.sent.is_empty(), "{:?}", scene.sent);
    scene.events.clear();
    scene.assert_forgotten();
}

#[test]
fn a_cancel_goes_to_the_server_that_has_the_call() {
    let mut scene = dialled();
    next(&mut scene, &Method::Invite);
    scene.fail_to_send();
    let (_, invite) = next(&mut scene, &Method::Invite);
    scene.respond(&invite, 180);
    scene.command(LEG, LegCommand::End(Cause::Cancelled, Extras::default()));
    let (to, cancel) = next(&mut scene, &Method::Cancel);
    assert_eq!((to, branch(&cancel)), (12, branch(&invite)));
}

#[test]
fn a_server_that_failed_rests_and_the_next_call_goes_to_the_living() {
    let mut scene = dialled();
    scene.fail_to_send();
    let (_, second) = (scene.request(&Method::Invite), scene.request(&Method::Invite));
    scene.respond(&second, 486);
    scene.request(&Method::Ack);
    scene.events.clear();
    scene.dial("carol");
    let (to, third) = next(&mut scene, &Method::Invite);
    assert_eq!(to, 12);
    scene.respond(&third, 486);
    scene.request(&Method::Ack);
    scene.events.clear();
    scene.wait(seconds(31));
    scene.dial("dave");
    assert_eq!(next(&mut scene, &Method::Invite).0, 11, "it has rested");
}

#[test]
fn a_server_rests_for_as_long_as_it_says() {
    let mut scene = dialled();
    let (_, invite) = next(&mut scene, &Method::Invite);
    let busy = Scene::reply(&invite, 503, "pbx").header(HeaderName::RetryAfter, "45 (overload)").build().unwrap();
    scene.give(busy);
    scene.request(&Method::Ack);
    let (_, again) = next(&mut scene, &Method::Invite);
    scene.respond(&again, 486);
    scene.request(&Method::Ack);
    scene.events.clear();
    scene.wait(seconds(40));
    scene.dial("carol");
    let (to, third) = next(&mut scene, &Method::Invite);
    assert_eq!(to, 12);
    scene.respond(&third, 486);
    scene.request(&Method::Ack);
    scene.events.clear();
    scene.wait(seconds(6));
    scene.dial("dave");
    assert_eq!(next(&mut scene, &Method::Invite).0, 11);
}

#[test]
fn when_all_servers_rest_they_are_tried_all_the_same() {
    let mut scene = dialled();
    for _ in 0..3 {
        scene.request(&Method::Invite);
        scene.fail_to_send();
    }
    assert_eq!(failure(scene.event()).code, ErrorCode::Unreachable);
    scene.dial("carol");
    assert_eq!(next(&mut scene, &Method::Invite).0, 11);
}

#[test]
fn a_registration_goes_to_the_next_server_too() {
    let mut scene = Scene::with(&OpenSip { register: true, ..open() });
    scene.resolve(&three());
    let (_, register) = next(&mut scene, &Method::Register);
    scene.respond(&register, 503);
    let (second, again) = next(&mut scene, &Method::Register);
    assert_eq!((second, sameness(&register)), (12, sameness(&again)));
    let (third, last) = next_after_silence(&mut scene, &again);
    assert_eq!(third, 13);
    scene.respond(&last, 200);
    assert_eq!(scene.registrations.pop_front(), Some((RegistrationState::Registered, None)));
}

#[test]
fn a_challenge_after_a_failover_is_answered_to_who_asked_and_counts_on() {
    let mut scene = dialled();
    scene.request(&Method::Invite);
    scene.fail_to_send();
    let (_, invite) = next(&mut scene, &Method::Invite);
    let mut verifier = Verifier::new("pbx", "n1", Algorithm::Md5);
    let challenge = verifier.challenge(false);
    scene.give(Scene::reply(&invite, 401, "pbx").header(HeaderName::WwwAuthenticate, challenge).build().unwrap());
    scene.request(&Method::Ack);
    let (to, again) = next(&mut scene, &Method::Invite);
    assert_eq!((to, again.headers().cseq().unwrap().number), (12, 2));
    assert_eq!(verifier.verify(&again, &Password::new("hunter2")), Verdict::Accepted);
}

/// Lines that make an INVITE too large for a datagram.
fn much() -> Extras {
    let sdp_lines = (0..40).map(|n| format!("a=x-filling:{n} which nobody reads")).collect();
    Extras { sdp_lines, ..Extras::default() }
}

fn transports(scene: &Scene) -> Vec<(String, String)> {
    let via = |message: &Message| header(message, &HeaderName::Via).unwrap()[8..11].to_owned();
    scene.sent.iter().map(|(to, message)| (to.transport.to_string(), via(message))).collect()
}

#[test]
fn a_request_too_large_for_a_datagram_goes_by_tcp() {
    let mut scene = Scene::new();
    scene.dial_with("bob", much());
    assert_eq!(transports(&scene), [("TCP".to_owned(), "TCP".to_owned())]);
    assert_eq!(scene.sent[0].0, Destination::tcp("192.0.2.9:5060".parse().unwrap(), None));
    let contact = header(&scene.sent[0].1, &HeaderName::Contact).unwrap();
    assert!(contact.contains(";transport=tcp"), "{contact}");
}

#[test]
fn where_tcp_is_refused_a_large_request_goes_as_a_datagram_and_so_does_the_next() {
    let mut scene = Scene::new();
    scene.dial_with("bob", much());
    scene.sent.clear();
    scene.fail_to_send();
    assert_eq!(transports(&scene), [("UDP".to_owned(), "UDP".to_owned())]);
    let contact = header(&scene.sent[0].1, &HeaderName::Contact).unwrap();
    assert!(!contact.contains("transport"), "{contact}");
    let invite = scene.request(&Method::Invite);
    scene.respond(&invite, 486);
    scene.request(&Method::Ack);
    scene.events.clear();
    scene.dial_with("carol", much());
    assert_eq!(transports(&scene), [("UDP".to_owned(), "UDP".to_owned())]);
}

#[test]
fn a_small_request_stays_a_datagram() {
    let mut scene = Scene::with(&account());
    scene.dial("bob");
    assert_eq!(transports(&scene), [("UDP".to_owned(), "UDP".to_owned())]);
}

#[test]
fn a_flow_is_used_and_nothing_else() {
    let mut scene = Scene::new();
    let flow = Destination::tcp("192.0.2.50:40000".parse().unwrap(), Some(ConnectionId(7)));
    let hop = NextHop::over(flow.clone());
    let invite = scene.call();
    scene.sent.clear();
    let mut request = invite.clone();
    request.headers_mut().set(HeaderName::Via, "SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bKflow;rport").unwrap();
    scene.ua.outbox.send(request, &hop, Owner::Leg(LEG), scene.now);
    scene.drain();
    assert_eq!(scene.sent[0].0, flow);
    scene.sent.clear();
    scene.fail_to_send();
    scene.wait(seconds(4));
    assert!(scene.sent.iter().all(|(to, _)| to.connection.is_none()), "{:?}", scene.sent);
}
