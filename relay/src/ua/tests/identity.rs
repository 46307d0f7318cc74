//! Who is shown at the far end, and what no name can do to a message.

use offhook_media::Codec;
use offhook_protocol::request::OpenSip;
use offhook_sip::message::{HeaderName, Message, Method, NameAddr};
use proptest::prelude::*;

use super::peer::{Peer, sdp};
use super::scene::{ACCOUNT, LEG, Scene, account, audio};
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
    assert_eq!(from, who("bob", Some("Bob B.")));
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

#[test]
fn who_was_diverted_is_told_as_headers() {
    let (_, extras) = shown(true, &[(HeaderName::Diversion, "<sip:100@pbx>;reason=user-busy;counter=2")]);
    assert!(extras.headers.iter().any(|header| header.name == "Diversion"));
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
