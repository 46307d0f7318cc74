//! Records for the DNS of a scene, and the way requests take by them (RFC 3263).

use offhook_protocol::request::OpenSip;
use offhook_sip::locate::{Answer, Naptr, Query, Srv};
use offhook_sip::message::{HeaderName, Method, Transport};
use offhook_sip::transaction::Destination;

use super::peer::sdp;
use super::scene::{ACCOUNT, LEG, Scene, account, header, local, seconds};
use crate::call::{Cause, Extras, Identity, LegCommand};
use crate::ua::attachment::MediaLocal;

/// A name's addresses; one family is enough for a test, the answer to A.
pub(super) fn addresses(name: &str, addresses: &[&str]) -> (Query, Answer) {
    let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
    (Query::A(name.to_owned()), Answer::Addresses(addresses))
}

pub(super) fn srv(name: &str, records: &[(u16, u16, &str)]) -> (Query, Answer) {
    let records = records.iter().map(|(priority, port, target)| Srv {
        priority: *priority,
        weight: 0,
        port: *port,
        target: (*target).to_owned(),
    });
    (Query::Srv(name.to_owned()), Answer::Srv(records.collect()))
}

fn naptr(name: &str, service: &str, replacement: &str) -> (Query, Answer) {
    let record = Naptr {
        order: 1,
        preference: 1,
        flags: "S".into(),
        service: service.into(),
        regexp: String::new(),
        replacement: replacement.into(),
    };
    (Query::Naptr(name.to_owned()), Answer::Naptr(vec![record]))
}

/// An account at a domain that the DNS is asked for.
pub(super) fn at_domain() -> OpenSip {
    OpenSip { domain: "pbx.example".into(), ..account() }
}

fn wanting_tcp() -> [(Query, Answer); 3] {
    [
        naptr("pbx.example", "SIP+D2T", "_sip._tcp.pbx.example."),
        srv("_sip._tcp.pbx.example", &[(0, 5070, "a.pbx.example.")]),
        addresses("a.pbx.example", &["192.0.2.9"]),
    ]
}

#[test]
fn the_dns_chooses_the_transport_and_the_invite_says_so() {
    let mut scene = Scene::with(&at_domain());
    scene.dial("bob");
    scene.resolve(&wanting_tcp());
    let (to, message) = scene.sent.pop_front().unwrap();
    assert_eq!(to, Destination::tcp("192.0.2.9:5070".parse().unwrap(), None));
    assert!(header(&message, &HeaderName::Via).unwrap().starts_with("SIP/2.0/TCP 192.0.2.1:5060;"));
    assert!(header(&message, &HeaderName::Contact).unwrap().ends_with("@192.0.2.1:5060;transport=tcp>"));
}

#[test]
fn a_dialog_keeps_to_the_transport_that_the_dns_chose() {
    let mut scene = Scene::with(&at_domain());
    scene.dial("bob");
    scene.resolve(&wanting_tcp());
    let invite = scene.request(&Method::Invite);
    scene.respond_with(&invite, 200, &sdp(""));
    scene.command(LEG, LegCommand::End(Cause::Normal, Extras::default()));
    for _ in [Method::Ack, Method::Bye] {
        let (to, message) = scene.sent.pop_front().unwrap();
        assert_eq!(to.transport, Transport::Tcp);
        assert!(header(&message, &HeaderName::Via).unwrap().starts_with("SIP/2.0/TCP"));
    }
}

#[test]
fn a_named_transport_is_kept_whatever_the_dns_offers() {
    let mut scene = Scene::with(&OpenSip { transport: Some("udp".into()), ..at_domain() });
    scene.dial("bob");
    let mut records = wanting_tcp().to_vec();
    records.push(addresses("pbx.example", &["192.0.2.7"]));
    scene.resolve(&records);
    assert_eq!(scene.sent[0].0, Destination::udp("192.0.2.7:5060".parse().unwrap()));
}

#[test]
fn what_was_found_is_used_again_for_as_long_as_it_holds() {
    let mut scene = Scene::with(&at_domain());
    scene.dial("bob");
    scene.resolve(&wanting_tcp());
    let dial = |scene: &mut Scene, leg| {
        scene.ua.open_leg(leg, ACCOUNT, MediaLocal::Rtp(local()), "carol").unwrap();
        let who = Identity::default();
        scene.command(leg, LegCommand::Invite { from: who.clone(), to: who, offer: None, extras: Extras::default() });
    };
    dial(&mut scene, offhook_media::LegId(2));
    assert!(scene.lookups.is_empty(), "{:?}", scene.lookups);
    scene.wait(seconds(61));
    dial(&mut scene, offhook_media::LegId(3));
    assert_eq!(scene.lookups.len(), 1, "asked again: {:?}", scene.lookups);
}

#[test]
fn a_call_given_up_while_its_server_is_sought_is_over() {
    let mut scene = Scene::with(&at_domain());
    scene.dial("bob");
    scene.command(LEG, LegCommand::End(Cause::Cancelled, Extras::default()));
    scene.events.clear();
    scene.resolve(&wanting_tcp());
    scene.assert_quiet();
    scene.assert_forgotten();
}
