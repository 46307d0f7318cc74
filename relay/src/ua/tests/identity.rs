//! Who is shown at the far end, and what no name can do to a message.

use offhook_media::Codec;
use offhook_protocol::Diversion;
use offhook_protocol::request::OpenSip;
use offhook_sip::message::{HeaderName, Message, Method, NameAddr};
use proptest::prelude::*;

use super::peer::{Peer, sdp};
use super::scene::{ACCOUNT, LEG, Scene, account, audio, header};
use crate::call::{Extras, Identity, LegCommand, LegEvent};
use crate::ua::SipAccount;

fn who(user: &str, display_name: Option<&str>) -> Identity {
    Identity { user: user.into(), display_name: display_name.map(str::to_owned) }
}

/// Who is shown of a call from "Bob B." at the account's server, or from elsewhere, with these headers.
fn shown(at_the_account: bool, headers: &[(HeaderName, &str)]) -> (Identity, Extras) {
    let (mut scene, peer) = Scene::established();
    let dialled = if at_the_account { peer.contact_user() } else { "alice".to_owned() };
    let mut invite = Peer::caller(&dialled).invite(&sdp(""));
    for (name, value) in headers {
        invite.headers_mut().push(name.clone(), value).unwrap();
    }
    scene.give(invite);
    let incoming = scene.incoming.pop_front().unwrap();
    (incoming.from, incoming.extras)
}

#[test]
fn what_the_accounts_server_asserts_is_shown() {
    let asserted = [(HeaderName::PAssertedIdentity, "\"The Boss\" <sip:+49301@pbx>")];
    assert_eq!(shown(true, &asserted).0, who("+49301", Some("The Boss")));
    assert_eq!(shown(true, &[(HeaderName::PAssertedIdentity, "<tel:+49301>")]).0, who("+49301", Some("Bob B.")));
    assert_eq!(shown(true, &[(HeaderName::RemotePartyId, "<sip:77@pbx>;party=calling")]).0, who("77", Some("Bob B.")));
}

#[test]
fn what_a_stranger_asserts_is_a_header_and_no_more() {
    let (from, extras) = shown(false, &[(HeaderName::PAssertedIdentity, "\"The Boss\" <sip:+49301@pbx>")]);
    assert_eq!(from, who("bob@192.0.2.9", Some("Bob B.")));
    assert!(extras.headers.iter().any(|header| header.name == "P-Asserted-Identity"));
}

#[test]
fn whoever_does_not_want_to_be_known_is_anonymous() {
    for privacy in ["id", "header", "user;critical"] {
        let asserted = (HeaderName::PAssertedIdentity, "\"The Boss\" <sip:+49301@pbx>");
        let (from, extras) = shown(true, &[asserted, (HeaderName::Privacy, privacy)]);
        assert_eq!(from, who("anonymous", None));
        assert!(!extras.headers.iter().any(|header| header.name == "P-Asserted-Identity"), "{privacy}");
    }
}

fn diversions(at_the_account: bool, name: HeaderName, value: &str) -> (Vec<Diversion>, bool) {
    let (_, extras) = shown(at_the_account, &[(name, value)]);
    let is_header = |name: &str| ["Diversion", "History-Info"].contains(&name);
    let as_header = extras.headers.iter().any(|header| is_header(&header.name));
    (extras.diversions, as_header)
}

#[test]
fn who_had_the_call_sent_on_is_told_and_stays_a_header() {
    let told = diversions(true, HeaderName::Diversion, "\"Desk\" <sip:100@pbx>;reason=user-busy;counter=2");
    let (display_name, reason) = (Some("Desk".to_owned()), Some("user-busy".to_owned()));
    assert_eq!(told, (vec![Diversion { user: "100".into(), display_name, reason, counter: Some(2) }], true));
    let history = "<sip:100@pbx>;index=1, <sip:alice@pbx;cause=486>;index=1.1;mp=1";
    let (told, as_header) = diversions(true, HeaderName::HistoryInfo, history);
    assert_eq!((told[0].user.as_str(), told[0].reason.as_deref(), as_header), ("100", Some("user-busy"), true));
}

#[test]
fn what_a_stranger_says_of_diversions_is_a_header_and_no_more() {
    assert_eq!(diversions(false, HeaderName::Diversion, "<sip:boss@pbx>;reason=user-busy"), (vec![], true));
}

#[test]
fn who_had_the_call_sent_on_may_be_nobody_to_know() {
    let (told, as_header) = diversions(true, HeaderName::Diversion, "\"Desk\" <sip:100@pbx>;privacy=full");
    assert_eq!((told, as_header), (vec![Diversion { user: "anonymous".into(), ..Diversion::default() }], false));
}

#[test]
fn a_hostile_diversion_is_short_and_plain() {
    let long = format!("\"{}\" <sip:{}@pbx>;reason=%0d%0aVia", "x".repeat(900), "%0d%0a1".repeat(300));
    let (told, _) = diversions(true, HeaderName::Diversion, &long);
    let Diversion { user, display_name, .. } = &told[0];
    assert!(user.chars().count() <= 128 && user.chars().all(|c| c == '1'), "{user}");
    assert_eq!(display_name.as_ref().map(|name| name.len()), Some(128));
}

/// The account's INVITE for a call that hides who makes it.
fn hidden(hidden: Identity) -> Message {
    let mut scene = Scene::new();
    scene.dial_with("bob", Extras { hidden: Some(hidden), ..Extras::default() });
    scene.request(&Method::Invite).into()
}

#[test]
fn a_hidden_call_says_nothing_of_its_caller() {
    let invite = hidden(who("alice", Some("Alice A.")));
    let from = header(&invite, &HeaderName::From).unwrap();
    assert!(from.starts_with("\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag="), "{from}");
    assert_eq!(header(&invite, &HeaderName::Privacy).as_deref(), Some("id"));
    assert_eq!(header(&invite, &HeaderName::PAssertedIdentity), None, "no trunk of ours is trusted with it");
    let Message::Request(invite) = invite else { panic!("a response") };
    let telling = |header: &offhook_sip::message::Header| header.text().to_ascii_lowercase().contains("alice");
    assert!(!invite.headers().iter().any(telling));
}

#[test]
fn who_answered_is_told() {
    let mut scene = Scene::new();
    let invite = scene.call();
    let ok = Scene::reply(&invite, 200, "bob").header(HeaderName::PAssertedIdentity, "\"Bob's desk\" <sip:bob@pbx>");
    scene.give(ok.body("application/sdp", sdp("")).build().unwrap());
    scene.request(&Method::Ack);
    assert!(matches!(scene.event(), LegEvent::Answered(..)));
    assert_eq!(scene.event(), LegEvent::Party(who("bob", Some("Bob's desk"))));
}

#[test]
fn who_is_there_after_a_change_is_told() {
    let (mut scene, peer) = Scene::established();
    let mut change = peer.reinvite(2, &sdp("sendonly"));
    change.headers_mut().push(HeaderName::PAssertedIdentity, "<sip:carol@pbx>").unwrap();
    scene.give(change);
    assert_eq!(scene.event(), LegEvent::Party(who("carol", None)));
    assert!(matches!(scene.event(), LegEvent::Reoffer(_)));
    scene.command(LEG, LegCommand::ReofferAnswer(Ok(audio(&[Codec::Pcma], offhook_media::Direction::RecvOnly))));
    scene.response(200);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Whatever an app calls itself or dials is refused at the door, or reads back as it was meant and is all there is.
    #[test]
    fn no_name_and_no_number_writes_a_header(name in any::<String>(), callee in "\\PC{1,20}", login in "\\PC{1,12}") {
        let open = OpenSip { visible_name: Some(name.clone()), login, ..account() };
        let Ok(parsed) = SipAccount::parse(&open) else { return Ok(()) };
        let mut scene = Scene::new();
        let plain = {
            let invite = scene.call();
            invite.headers().len()
        };
        let mut scene = Scene::new();
        let login = parsed.login.clone();
        scene.ua.register(ACCOUNT, parsed, scene.now);
        scene.drain();
        if scene.ua.open_leg(LEG, ACCOUNT, super::scene::local().into(), &callee).is_err() {
            return Ok(());
        }
        let nobody = Identity::default();
        let offer = Some(super::scene::everything());
        scene.command(LEG, LegCommand::Invite { from: nobody.clone(), to: nobody, offer, extras: Extras::default() });
        // A name that is an address somewhere else is looked up first.
        let Some((_, Message::Request(invite))) = scene.sent.pop_front() else { return Ok(()) };
        prop_assert_eq!(invite.headers().len(), plain);
        let from: NameAddr = invite.headers().from().unwrap();
        let user = from.uri.sip().unwrap().user_decoded().unwrap().into_owned();
        prop_assert_eq!(String::from_utf8(user).unwrap(), login);
        prop_assert_eq!(from.display_name.unwrap_or_default(), name);
        prop_assert_eq!(from.params.iter().count(), 1, "a tag and nothing else");
    }
}
