use offhook_protocol::request::OpenSip;
use offhook_protocol::{ErrorCode, RegistrationState, Secret};
use offhook_sip::digest::{Algorithm, Password, Verdict, Verifier};
use offhook_sip::message::{HeaderName, Message, Method, Request, Transport};

use super::scene::{ACCOUNT, Scene, account, header, seconds};

fn registering() -> OpenSip {
    OpenSip { register: true, ..account() }
}

/// A registrar's challenge.
fn challenge(scene: &mut Scene, request: &Request, verifier: &Verifier, stale: bool) {
    let value = verifier.challenge(stale);
    let reply = Scene::reply(request, 401, "reg").header(HeaderName::WwwAuthenticate, value);
    scene.give(reply.build().unwrap());
}

fn accept(scene: &mut Scene, request: &Request, expires: u32) {
    let contact = request.headers().contact().unwrap().unwrap();
    let value = format!("{contact};expires={expires}");
    let reply = offhook_sip::message::Response::reply(request, offhook_sip::message::StatusCode::OK)
        .to_tag("reg")
        .header(HeaderName::Contact, value);
    scene.give(reply.build().unwrap());
}

fn registered_with(algorithm: Algorithm) -> (Scene, Verifier) {
    let mut scene = Scene::with(&registering());
    let first = scene.request(&Method::Register);
    let mut verifier = Verifier::new("pbx", "nonce1", algorithm);
    challenge(&mut scene, &first, &verifier, false);
    let second = scene.request(&Method::Register);
    assert_eq!(verifier.verify(&second, &Password::new("hunter2")), Verdict::Accepted);
    accept(&mut scene, &second, 100);
    assert_eq!(scene.registrations.pop_front(), Some((RegistrationState::Registered, None)));
    (scene, verifier)
}

#[test]
fn a_registrar_that_asks_for_md5_is_answered() {
    registered_with(Algorithm::Md5);
}

#[test]
fn a_registrar_that_asks_for_sha_256_is_answered() {
    registered_with(Algorithm::Sha256);
}

#[test]
fn the_binding_is_refreshed_before_it_expires() {
    let (mut scene, _) = registered_with(Algorithm::Md5);
    scene.wait(seconds(79));
    scene.assert_quiet();
    scene.wait(seconds(2));
    let refresh = scene.request(&Method::Register);
    assert_eq!(refresh.headers().expires(), Some(600));
}

#[test]
fn a_refresh_answers_the_challenge_met_before_with_the_next_count() {
    let (mut scene, mut verifier) = registered_with(Algorithm::Sha256);
    scene.wait(seconds(81));
    let refresh = scene.request(&Method::Register);
    assert_eq!(verifier.verify(&refresh, &Password::new("hunter2")), Verdict::Accepted);
}

#[test]
fn a_stale_nonce_is_replaced_without_asking_anybody() {
    let (mut scene, _) = registered_with(Algorithm::Md5);
    scene.wait(seconds(81));
    let refresh = scene.request(&Method::Register);
    let mut verifier = Verifier::new("pbx", "nonce2", Algorithm::Md5);
    challenge(&mut scene, &refresh, &verifier, true);
    let again = scene.request(&Method::Register);
    assert_eq!(verifier.verify(&again, &Password::new("hunter2")), Verdict::Accepted);
    accept(&mut scene, &again, 100);
    assert!(scene.registrations.is_empty(), "nothing has changed for the session");
}

#[test]
fn a_wrong_password_fails_the_registration() {
    let mut scene = Scene::with(&OpenSip { password: Secret::new("wrong"), ..registering() });
    let first = scene.request(&Method::Register);
    let verifier = Verifier::new("pbx", "nonce1", Algorithm::Md5);
    challenge(&mut scene, &first, &verifier, false);
    let second = scene.request(&Method::Register);
    challenge(&mut scene, &second, &Verifier::new("pbx", "nonce2", Algorithm::Md5), false);
    let (state, failure) = scene.registrations.pop_front().unwrap();
    assert_eq!((state, failure.unwrap().code), (RegistrationState::Failed, ErrorCode::Unauthorized));
}

#[test]
fn a_registrar_that_wants_a_longer_binding_gets_one() {
    let mut scene = Scene::with(&registering());
    let first = scene.request(&Method::Register);
    scene.give(Scene::reply(&first, 423, "reg").header(HeaderName::MinExpires, 1800).build().unwrap());
    assert_eq!(scene.request(&Method::Register).headers().expires(), Some(1800));
}

#[test]
fn leaving_removes_the_binding_and_then_the_account() {
    let (mut scene, _) = registered_with(Algorithm::Md5);
    scene.ua.unregister(ACCOUNT, scene.now);
    scene.drain();
    let removal = scene.request(&Method::Register);
    assert_eq!(removal.headers().expires(), Some(0));
    assert!(!scene.ua.is_idle());
    scene.respond(&removal, 200);
    assert_eq!(scene.registrations.pop_front(), Some((RegistrationState::Unregistered, None)));
    assert!(scene.ua.is_idle());
}

#[test]
fn leaving_while_registering_waits_for_the_registrar_first() {
    let mut scene = Scene::with(&registering());
    let first = scene.request(&Method::Register);
    scene.ua.unregister(ACCOUNT, scene.now);
    scene.drain();
    scene.assert_quiet();
    accept(&mut scene, &first, 100);
    let removal = scene.request(&Method::Register);
    assert_eq!(removal.headers().expires(), Some(0));
    scene.respond(&removal, 200);
    assert!(scene.ua.is_idle());
}

#[test]
fn leaving_a_registrar_that_is_gone_ends_in_bounded_time() {
    let (mut scene, _) = registered_with(Algorithm::Md5);
    scene.ua.unregister(ACCOUNT, scene.now);
    scene.drain();
    scene.wait(seconds(33));
    assert!(scene.ua.is_idle());
}

#[test]
fn an_account_that_is_not_to_register_sends_nothing() {
    let mut scene = Scene::with(&account());
    scene.wait(seconds(1000));
    scene.assert_quiet();
    scene.ua.unregister(ACCOUNT, scene.now);
    scene.drain();
    scene.assert_quiet();
    assert!(scene.ua.is_idle());
}

#[test]
fn a_registrar_that_does_not_answer_fails_the_registration_in_time() {
    let mut scene = Scene::with(&registering());
    scene.wait(seconds(33));
    let (state, failure) = scene.registrations.pop_front().unwrap();
    assert_eq!((state, failure.unwrap().code), (RegistrationState::Failed, ErrorCode::Timeout));
}

#[test]
fn a_registrar_that_cannot_be_reached_fails_the_registration_at_once() {
    let mut scene = Scene::with(&registering());
    scene.fail_to_send();
    let (state, failure) = scene.registrations.pop_front().unwrap();
    assert_eq!((state, failure.unwrap().code), (RegistrationState::Failed, ErrorCode::Unreachable));
}

#[test]
fn a_domain_without_an_address_fails_the_registration() {
    let mut scene = Scene::with(&OpenSip { domain: "pbx.example".into(), ..registering() });
    scene.resolve(&[]);
    let (state, failure) = scene.registrations.pop_front().unwrap();
    assert_eq!((state, failure.unwrap().code), (RegistrationState::Failed, ErrorCode::Unreachable));
}

#[test]
fn the_registrar_is_the_domain_and_the_user_the_visible_name() {
    let mut scene = Scene::with(&registering());
    let request = scene.request(&Method::Register);
    assert_eq!(request.uri().unwrap().to_string(), "sip:192.0.2.9");
    let from = request.headers().from().unwrap();
    assert_eq!(from.display_name.as_deref(), Some("Alice A."));
    assert_eq!(from.uri.to_string(), "sip:alice@192.0.2.9");
}

#[test]
fn over_tcp_the_binding_names_the_transport() {
    let mut scene = Scene::with(&OpenSip { transport: Some("tcp".into()), port: Some(5070), ..registering() });
    let (to, message) = scene.sent.pop_front().unwrap();
    assert_eq!((to.transport, to.address.port()), (Transport::Tcp, 5070));
    assert!(header(&message, &HeaderName::Contact).unwrap().contains("transport=tcp"));
    assert!(header(&message, &HeaderName::Via).unwrap().contains("SIP/2.0/TCP"));
}

#[test]
fn each_registration_has_a_contact_of_its_own() {
    let user = |scene: &mut Scene| header(&Message::from(scene.request(&Method::Register)), &HeaderName::Contact);
    let mut scene = Scene::with(&registering());
    let first = user(&mut scene);
    let other = crate::ua::SipAccount::parse(&registering()).unwrap();
    scene.ua.register(crate::ua::AccountId(2), other, scene.now);
    scene.drain();
    assert_ne!(user(&mut scene), first);
}

#[test]
fn a_binding_that_is_lost_is_tried_again_and_told_once() {
    let (mut scene, _) = registered_with(Algorithm::Md5);
    scene.wait(seconds(80 + 33));
    let (state, failure) = scene.registrations.pop_front().unwrap();
    assert_eq!((state, failure.unwrap().code), (RegistrationState::Failed, ErrorCode::Timeout));
    // The first new attempt comes within 30 seconds and fails after 32 more; the second comes within 60.
    scene.wait(seconds(30 + 33));
    scene.sent.clear();
    scene.wait(seconds(30));
    for _ in 0..60 {
        if !scene.sent.is_empty() {
            break;
        }
        scene.wait(seconds(1));
    }
    assert!(scene.registrations.is_empty());
    let latest = scene.request(&Method::Register);
    accept(&mut scene, &latest, 100);
    assert_eq!(scene.registrations.pop_front(), Some((RegistrationState::Registered, None)));
}

#[test]
fn a_refresh_that_is_forbidden_is_not_tried_again() {
    let (mut scene, _) = registered_with(Algorithm::Md5);
    scene.wait(seconds(81));
    let refresh = scene.request(&Method::Register);
    scene.respond(&refresh, 403);
    let (state, failure) = scene.registrations.pop_front().unwrap();
    assert_eq!((state, failure.unwrap().code), (RegistrationState::Failed, ErrorCode::Unauthorized));
    scene.wait(seconds(5000));
    scene.assert_quiet();
}

#[test]
fn leaving_while_the_binding_is_lost_still_removes_it() {
    let (mut scene, _) = registered_with(Algorithm::Md5);
    scene.wait(seconds(81));
    scene.fail_to_send();
    scene.sent.clear();
    scene.ua.unregister(ACCOUNT, scene.now);
    scene.drain();
    let removal = scene.request(&Method::Register);
    assert_eq!(removal.headers().expires(), Some(0));
    scene.respond(&removal, 200);
    assert!(scene.ua.is_idle());
}
