//! Calls from trunk to trunk, from trunks to the relay's own users, and from these to trunks.

use offhook_sip::message::{HeaderName, Message, Method, Request, Response};

use super::sip_peer::{SipPeer, sdp};
use super::*;

const CONFIG: &str = r#"
    [trunks.carrier]
    host = "192.0.2.10"
    [trunks.gateway]
    host = "192.0.2.20:5080"
    [trunks.one]
    host = "192.0.2.30"
    direct_media = true
    [trunks.two]
    host = "192.0.2.40"
    direct_media = true
    [trunks.office]
    host = "192.0.2.50"
    username = "4930"
    password = "hunter2"
    [users]
    alice = {}
    [[routes]]
    number = "+49*"
    from = "carrier"
    trunk = "gateway"
    strip = 3
    prepend = "0"
    [[routes]]
    number = "2*"
    from = ["carrier", "one"]
    trunk = "two"
    [[routes]]
    number = "9*"
    from = "users"
    trunk = "office"
    strip = 1
    [[routes]]
    number = "777"
    from = "office"
    trunk = "gateway"
    [[routes]]
    number = "desk"
    user = "alice"
"#;

fn world() -> World {
    World::new(Config::from_toml(CONFIG).unwrap())
}

fn peers() -> [SipPeer; 5] {
    ["192.0.2.10:5060", "192.0.2.20:5080", "192.0.2.30:5060", "192.0.2.40:5060", "192.0.2.50:5060"].map(SipPeer::at)
}

fn value(message: &Message, name: &HeaderName) -> String {
    message.headers().first(name).unwrap().text()
}

fn body(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A call of `one`'s to `two`, which leaves the media to them: what they were sent last.
fn direct_call(world: &mut World) -> (Request, Response) {
    let [_, _, one, two, _] = peers();
    let offer = sdp("198.51.100.1", "18 120");
    world.sip(&one, one.request("INVITE", "200", "", &offer));
    let invite = world.sip_request(&two, Method::Invite);
    assert_eq!(body(invite.body()), offer);
    let answer = sdp("203.0.113.1", "18");
    world.sip(&two, two.reply(&invite, 200, &answer));
    world.sip_request(&two, Method::Ack);
    let ok = world.sip_response(&one, 200);
    assert_eq!(body(ok.body()), answer);
    world.sip(&one, one.within("ACK", 1, &ok, ""));
    world.sip_quiet();
    (invite, ok)
}

#[test]
fn a_call_goes_from_trunk_to_trunk_through_the_relay() {
    let mut world = world();
    let [carrier, gateway, ..] = peers();
    world.sip(&carrier, carrier.request("INVITE", "+4930123", "Max-Forwards: 8\r\n", &sdp("192.0.2.10", "8")));
    let invite = world.sip_request(&gateway, Method::Invite);
    assert_eq!(invite.uri().unwrap().to_string(), "sip:030123@192.0.2.20:5080");
    let message = Message::from(invite.clone());
    assert!(value(&message, &HeaderName::From).starts_with("\"Peer\" <sip:peer@192.0.2.20>;tag="));
    assert_eq!(value(&message, &HeaderName::MaxForwards), "7");
    assert!(body(invite.body()).contains("c=IN IP4 127.0.0.1"), "the relay's own address");
    world.sip(&gateway, gateway.reply(&invite, 180, ""));
    world.sip_response(&carrier, 180);
    world.sip(&gateway, gateway.reply(&invite, 200, &sdp("192.0.2.20", "8")));
    let ok = world.sip_response(&carrier, 200);
    world.sip(&carrier, carrier.within("ACK", 1, &ok, ""));
    assert_eq!(world.media.open_legs().len(), 2);
    world.sip_request(&gateway, Method::Ack);
    world.sip(&carrier, carrier.within("BYE", 2, &ok, ""));
    world.sip_response(&carrier, 200);
    let bye = world.sip_request(&gateway, Method::Bye);
    world.sip(&gateway, gateway.reply(&bye, 200, ""));
    world.nothing_is_left();
}

#[test]
fn a_callee_that_refuses_refuses_the_caller() {
    let mut world = world();
    let [carrier, gateway, ..] = peers();
    for (status, seen) in [(486, 486), (404, 404), (401, 403), (503, 500)] {
        let user = format!("+49{status}");
        world.sip(&carrier, carrier.request("INVITE", &user, "", &sdp("192.0.2.10", "8")));
        let invite = world.sip_request(&gateway, Method::Invite);
        world.sip(&gateway, gateway.reply(&invite, status, ""));
        world.sip_request(&gateway, Method::Ack);
        world.sip_response(&carrier, seen);
        world.nothing_is_left();
    }
}

#[test]
fn a_caller_that_gives_up_gives_up_the_callee() {
    let mut world = world();
    let [carrier, gateway, ..] = peers();
    world.sip(&carrier, carrier.request("INVITE", "+491", "", &sdp("192.0.2.10", "8")));
    let invite = world.sip_request(&gateway, Method::Invite);
    world.sip(&gateway, gateway.reply(&invite, 180, ""));
    world.sip_response(&carrier, 180);
    let Message::Request(mut cancel) = carrier.request("CANCEL", "+491", "", "") else { panic!("a response") };
    let via = "SIP/2.0/UDP 192.0.2.10:5060;rport;branch=z9hG4bKINVITE+491";
    cancel.headers_mut().set(HeaderName::Via, via).unwrap();
    world.sip(&carrier, cancel.into());
    world.sip_response(&carrier, 200);
    world.sip_response(&carrier, 487);
    world.sip_request(&gateway, Method::Cancel);
    world.sip(&gateway, gateway.reply(&invite, 487, ""));
    world.sip_request(&gateway, Method::Ack);
    world.nothing_is_left();
}

#[test]
fn ends_that_may_send_each_other_their_media_directly_do() {
    let mut world = world();
    let (invite, ok) = direct_call(&mut world);
    assert_eq!(world.relay.counts().calls, 1);
    assert_eq!(world.media.open_legs(), Vec::<LegId>::new());
    let [_, _, one, two, _] = peers();
    world.sip(&two, two.back("BYE", &invite, ""));
    world.sip_response(&two, 200);
    let bye = world.sip_request(&one, Method::Bye);
    world.sip(&one, one.reply(&bye, 200, ""));
    world.nothing_is_left();
    drop(ok);
}

/// RFC 3261 section 13.2.1: what arrived for certain need not be said again.
#[test]
fn an_answer_that_arrived_before_for_certain_is_the_answer_of_a_direct_call() {
    let mut world = world();
    let [_, _, one, two, _] = peers();
    world.sip(&one, one.request("INVITE", "200", "", &sdp("198.51.100.1", "18")));
    let invite = world.sip_request(&two, Method::Invite);
    let answer = sdp("203.0.113.1", "18");
    let Message::Response(mut progress) = two.reply(&invite, 183, &answer) else { panic!("a request") };
    progress.headers_mut().set(HeaderName::Require, "100rel").unwrap();
    progress.headers_mut().set(HeaderName::RSeq, 1).unwrap();
    world.sip(&two, progress.into());
    let prack = world.sip_request(&two, Method::Prack);
    world.sip_response(&one, 183);
    world.sip(&two, two.reply(&prack, 200, ""));
    world.sip(&two, two.reply(&invite, 200, ""));
    world.sip_request(&two, Method::Ack);
    let ok = world.sip_response(&one, 200);
    assert_eq!(body(ok.body()), answer);
    world.sip(&one, one.within("ACK", 1, &ok, ""));
    world.sip_quiet();
}

#[test]
fn changes_of_a_direct_call_pass_both_ways() {
    let mut world = world();
    let (invite, ok) = direct_call(&mut world);
    let [_, _, one, two, _] = peers();
    let (hold, held) = (sdp("198.51.100.9", "18\r\na=sendonly"), sdp("203.0.113.9", "18\r\na=recvonly"));
    world.sip(&one, one.within("INVITE", 2, &ok, &hold));
    let again = world.sip_request(&two, Method::Invite);
    assert_eq!(body(again.body()), hold);
    world.sip(&two, two.reply(&again, 200, &held));
    world.sip_request(&two, Method::Ack);
    let answered = world.sip_response(&one, 200);
    assert_eq!(body(answered.body()), held);
    world.sip(&one, one.within("ACK", 2, &ok, ""));
    world.sip(&two, two.back("INVITE", &invite, &held));
    let again = world.sip_request(&one, Method::Invite);
    assert_eq!(body(again.body()), held);
    world.sip(&one, one.reply(&again, 488, ""));
    world.sip_request(&one, Method::Ack);
    world.sip_response(&two, 488);
    world.sip_quiet();
    assert_eq!(world.relay.counts().calls, 1, "a refused change leaves the call as it was");
}

#[test]
fn who_asks_for_an_offer_in_a_direct_call_gets_the_far_ends_description() {
    let mut world = world();
    let (_, ok) = direct_call(&mut world);
    let [_, _, one, two, _] = peers();
    world.sip(&one, one.within("INVITE", 2, &ok, ""));
    let offered = world.sip_response(&one, 200);
    assert_eq!(body(offered.body()), sdp("203.0.113.1", "18"));
    let answer = sdp("198.51.100.5", "18");
    world.sip(&one, one.within("ACK", 2, &ok, &answer));
    let passed = world.sip_request(&two, Method::Invite);
    assert_eq!(body(passed.body()), answer, "the far end learns of it");
}

#[test]
fn media_goes_through_the_relay_where_one_end_wants_that() {
    let mut world = world();
    let [carrier, _, _, two, _] = peers();
    world.sip(&carrier, carrier.request("INVITE", "200", "", &sdp("192.0.2.10", "8")));
    let invite = world.sip_request(&two, Method::Invite);
    assert!(body(invite.body()).contains("c=IN IP4 127.0.0.1"));
    assert_eq!(world.media.open_legs().len(), 2);
}

#[test]
fn a_direct_trunk_reaches_users_through_the_relay() {
    let mut world = world();
    let alice = world.user("alice");
    let [_, _, one, ..] = peers();
    world.sip(&one, one.request("INVITE", "desk", "", &sdp("192.0.2.30", "8")));
    world.last(alice, "incomingCall");
    assert_eq!(world.media.open_legs().len(), 2);
}

#[test]
fn a_direct_trunk_that_speaks_nothing_of_ours_is_refused_where_media_goes_through_the_relay() {
    let mut world = world();
    world.user("alice");
    let [_, _, one, ..] = peers();
    world.sip(&one, one.request("INVITE", "desk", "", &sdp("192.0.2.30", "4")));
    world.sip_response(&one, 488);
    world.nothing_is_left();
}

#[test]
fn a_stranger_uses_no_route() {
    let mut world = world();
    let stranger = SipPeer::at("203.0.113.66:5060");
    for number in ["+491", "200", "91", "desk"] {
        world.sip(&stranger, stranger.request("INVITE", number, "", &sdp("203.0.113.66", "8")));
        world.sip_response(&stranger, 404);
    }
    world.sip_quiet();
    world.nothing_is_left();
}

#[test]
fn a_trunk_uses_no_route_of_others() {
    let mut world = world();
    let [_, gateway, ..] = peers();
    world.sip(&gateway, gateway.request("INVITE", "+491", "", &sdp("192.0.2.20", "8")));
    world.sip_response(&gateway, 404);
    world.sip_quiet();
}

#[test]
fn a_local_user_dials_out_with_the_trunks_account() {
    let mut world = world();
    let alice = world.user("alice");
    let [.., office] = peers();
    world.call(alice, "c1", "9110");
    let invite = world.sip_request(&office, Method::Invite);
    assert_eq!(invite.uri().unwrap().to_string(), "sip:110@192.0.2.50");
    let from = invite.headers().from().unwrap().to_string();
    assert!(from.starts_with("\"alice\" <sip:4930@192.0.2.50>"), "{from}");
    let Message::Response(mut challenge) = office.reply(&invite, 407, "") else { panic!("a request") };
    challenge.headers_mut().set(HeaderName::ProxyAuthenticate, r#"Digest realm="office", nonce="n""#).unwrap();
    world.sip(&office, challenge.into());
    world.sip_request(&office, Method::Ack);
    let again = world.sip_request(&office, Method::Invite);
    assert!(value(&again.into(), &HeaderName::ProxyAuthorization).contains("username=\"4930\""));
}

#[test]
fn a_call_that_went_round_in_circles_ends() {
    let mut world = world();
    let [carrier, gateway, ..] = peers();
    world.sip(&carrier, carrier.request("INVITE", "+491", "Max-Forwards: 0\r\n", &sdp("192.0.2.10", "8")));
    world.sip_response(&carrier, 483);
    world.sip(&carrier, carrier.request("INVITE", "+492", "Max-Forwards: 1\r\n", &sdp("192.0.2.10", "8")));
    let invite = world.sip_request(&gateway, Method::Invite);
    assert_eq!(value(&invite.into(), &HeaderName::MaxForwards), "0");
}

#[test]
fn a_trunk_that_wants_it_is_registered_with_and_left_in_good_order() {
    let mut config = Config::from_toml(CONFIG).unwrap();
    config.trunks.iter_mut().find(|trunk| trunk.name == "office").unwrap().register = true;
    let mut world = World::new(config);
    let [.., office] = peers();
    world.relay.start(world.now);
    world.collect();
    let register = world.sip_request(&office, Method::Register);
    assert!(register.headers().to().unwrap().to_string().contains("sip:4930@192.0.2.50"));
    let Message::Response(mut ok) = office.reply(&register, 200, "") else { panic!("a request") };
    let contact = register.headers().first(&HeaderName::Contact).unwrap().text();
    ok.headers_mut().set(HeaderName::Contact, format!("{contact};expires=300")).unwrap();
    world.sip(&office, ok.into());
    assert_eq!(world.relay.counts().accounts, 0, "it is no session's");
    // Its calls come to that Contact, with their number in To.
    let user = contact.split_once(':').unwrap().1.split_once('@').unwrap().0.to_owned();
    let Message::Request(mut invite) = office.request("INVITE", &user, "", &sdp("192.0.2.50", "8")) else {
        panic!("a response")
    };
    invite.headers_mut().set(HeaderName::To, "<sip:echo@192.0.2.50>").unwrap();
    // Whom the trunk has passed a call on to knows that Contact, and has no rights by it.
    let stranger = SipPeer::at("203.0.113.66:5060");
    let Message::Request(mut forged) = stranger.request("INVITE", &user, "", &sdp("203.0.113.66", "8")) else {
        panic!("a response")
    };
    forged.headers_mut().set(HeaderName::To, "<sip:777@192.0.2.50>").unwrap();
    world.sip(&stranger, forged.into());
    world.sip_response(&stranger, 404);
    world.sip(&office, invite.into());
    world.sip_response(&office, 180);
    let ok = world.sip_response(&office, 200);
    let Message::Request(mut ack) = office.within("ACK", 1, &ok, "") else { panic!("a response") };
    ack.headers_mut().set(HeaderName::To, ok.headers().to().unwrap()).unwrap();
    world.sip(&office, ack.into());
    world.relay.stop(world.now);
    world.collect();
    world.sip_request(&office, Method::Bye);
    let removal = world.sip_request(&office, Method::Register);
    assert_eq!(value(&removal.into(), &HeaderName::Expires), "0");
}
