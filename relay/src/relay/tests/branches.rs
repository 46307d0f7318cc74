//! Calls with several ways to their callee: phones that ring at once, and trunks that stand in for one another.

use offhook_sip::message::{HeaderName, Message, Method, Request, Response};

use super::phones::register;
use super::sip_peer::{SipPeer, sdp};
use super::*;

const CONFIG: &str = r#"
    [trunks.carrier]
    host = "192.0.2.10"
    [trunks.first]
    host = "192.0.2.20"
    [trunks.second]
    host = "192.0.2.30"
    [trunks.third]
    host = "192.0.2.40"
    [users]
    alice = { password = "hunter2" }
    [[routes]]
    number = "0*"
    from = "carrier"
    trunk = ["first", "second", "third"]
"#;

struct Scene {
    world: World,
    carrier: SipPeer,
    /// Phones, or trunks.
    peers: [SipPeer; 3],
}

impl Scene {
    /// A carrier's call of a number that has three trunks.
    fn trunks() -> Self {
        let peers = ["192.0.2.20:5060", "192.0.2.30:5060", "192.0.2.40:5060"].map(SipPeer::at);
        Self::calling("030", peers, |_, _| ())
    }

    /// A carrier's call of a user with three phones.
    fn phones() -> Self {
        let peers = ["198.51.100.7:40000", "198.51.100.8:40000", "198.51.100.9:40000"].map(SipPeer::at);
        Self::calling("alice", peers, |world, phone| {
            let contact = format!("Contact: <sip:alice@{}>\r\nExpires: 300\r\n", phone.address);
            register(world, phone, 1, &contact, 200);
        })
    }

    fn calling(number: &str, peers: [SipPeer; 3], prepare: impl Fn(&mut World, &SipPeer)) -> Self {
        let mut world = World::new(Config::from_toml(CONFIG).unwrap());
        for peer in &peers {
            prepare(&mut world, peer);
        }
        let carrier = SipPeer::at("192.0.2.10:5060");
        world.sip(&carrier, carrier.request("INVITE", number, "", &sdp("192.0.2.10", "8")));
        Self { world, carrier, peers }
    }

    fn invited(&mut self, at: usize) -> Request {
        let peer = self.peers[at].clone();
        self.world.sip_request(&peer, Method::Invite)
    }

    fn says(&mut self, at: usize, invite: &Request, status: u16) {
        let peer = self.peers[at].clone();
        let body = if status == 200 { sdp(&peer.address.ip().to_string(), "8") } else { String::new() };
        self.world.sip(&peer, peer.reply(invite, status, &body));
    }

    fn hears(&mut self, at: usize, method: Method) -> Request {
        let peer = self.peers[at].clone();
        self.world.sip_request(&peer, method)
    }

    fn refuses(&mut self, at: usize, invite: &Request, status: u16) {
        self.says(at, invite, status);
        self.hears(at, Method::Ack);
    }

    /// Rings, and is told to stop; the reason it is given.
    fn is_cancelled(&mut self, at: usize, invite: &Request) -> Option<String> {
        let peer = self.peers[at].clone();
        let cancel = self.hears(at, Method::Cancel);
        self.world.sip(&peer, peer.reply(&cancel, 200, ""));
        self.refuses(at, invite, 487);
        cancel.headers().first(&HeaderName::Reason).map(|reason| reason.text())
    }

    /// The caller gives up, with these further header lines.
    fn gives_up(&mut self, more: &str) {
        let Message::Request(mut cancel) = self.carrier.request("CANCEL", "alice", more, "") else {
            panic!("a response")
        };
        let via = "SIP/2.0/UDP 192.0.2.10:5060;rport;branch=z9hG4bKINVITEalice";
        cancel.headers_mut().set(HeaderName::Via, via).unwrap();
        let carrier = self.carrier.clone();
        self.world.sip(&carrier, cancel.into());
        self.caller_hears(200);
        self.caller_hears(487);
    }

    /// A colleague takes the place of the phone that rings with this INVITE (RFC 3891), and has the call.
    fn picked_up(&mut self, invite: &Request) -> (SipPeer, Response) {
        let colleague = SipPeer::at("203.0.113.5:5060");
        let (call, from) = (invite.headers().call_id().unwrap(), invite.headers().from().unwrap());
        let replaces = format!("Replaces: {call};to-tag={};from-tag=peer\r\n", from.tag().unwrap());
        self.world.sip(&colleague, colleague.request("INVITE", "alice", &replaces, &sdp("203.0.113.5", "8")));
        let taken = self.world.sip_response(&colleague, 200);
        self.world.sip(&colleague, colleague.within("ACK", 1, &taken, ""));
        let ok = self.caller_hears(200);
        let carrier = self.carrier.clone();
        self.world.sip(&carrier, carrier.within("ACK", 1, &ok, ""));
        (colleague, taken)
    }

    /// The colleague hangs up: the caller is told so, and of no phone's refusal.
    fn is_hung_up_by(&mut self, (colleague, taken): (SipPeer, Response)) {
        self.world.sip(&colleague, colleague.within("BYE", 2, &taken, ""));
        self.world.sip_response(&colleague, 200);
        let carrier = self.carrier.clone();
        let bye = self.world.sip_request(&carrier, Method::Bye);
        assert!(!bye.headers().contains(&HeaderName::Reason));
        self.world.sip(&carrier, carrier.reply(&bye, 200, ""));
        self.world.nothing_is_left();
    }

    /// Three phones that ring.
    fn ringing() -> (Self, [Request; 3]) {
        let mut scene = Self::phones();
        let invites = [0, 1, 2].map(|at| scene.invited(at));
        for (at, invite) in invites.iter().enumerate() {
            scene.says(at, invite, 180);
        }
        scene.caller_hears(180);
        (scene, invites)
    }

    fn caller_hears(&mut self, status: u16) -> Response {
        let carrier = self.carrier.clone();
        self.world.sip_response(&carrier, status)
    }

    /// The caller acknowledges, and hangs up: this peer is told.
    fn hangs_up(&mut self, ok: &Response, at: usize) {
        let carrier = self.carrier.clone();
        self.world.sip(&carrier, carrier.within("ACK", 1, ok, ""));
        self.world.sip(&carrier, carrier.within("BYE", 2, ok, ""));
        self.caller_hears(200);
        let bye = self.hears(at, Method::Bye);
        self.says(at, &bye, 202);
        self.world.nothing_is_left();
    }
}

/// What phones are told that somebody else was quicker than.
const ELSEWHERE: Option<&str> = Some("SIP;cause=200;text=\"Call completed elsewhere\"");

#[test]
fn phones_of_one_user_ring_at_once_and_the_first_that_answers_has_the_call() {
    let mut scene = Scene::phones();
    let invites = [0, 1, 2].map(|at| scene.invited(at));
    for (at, invite) in invites.iter().enumerate() {
        scene.says(at, invite, 180);
    }
    scene.caller_hears(180);
    scene.world.sip_quiet();
    scene.says(1, &invites[1], 200);
    scene.hears(1, Method::Ack);
    assert_eq!(scene.is_cancelled(0, &invites[0]).as_deref(), ELSEWHERE, "no missed call");
    assert_eq!(scene.is_cancelled(2, &invites[2]).as_deref(), ELSEWHERE);
    let ok = scene.caller_hears(200);
    assert_eq!(scene.world.media.open_legs().len(), 2, "those who speak with each other");
    scene.hangs_up(&ok, 1);
}

#[test]
fn a_phone_that_answers_too_late_is_hung_up_on() {
    let mut scene = Scene::phones();
    let invites = [0, 1, 2].map(|at| scene.invited(at));
    for (at, invite) in invites.iter().enumerate() {
        scene.says(at, invite, 180);
    }
    scene.caller_hears(180);
    scene.says(2, &invites[2], 200);
    scene.hears(2, Method::Ack);
    let ok = scene.caller_hears(200);
    // Its answer and the CANCEL cross.
    scene.says(0, &invites[0], 200);
    scene.hears(0, Method::Cancel);
    scene.hears(0, Method::Ack);
    let bye = scene.hears(0, Method::Bye);
    scene.says(0, &bye, 202);
    scene.is_cancelled(1, &invites[1]);
    scene.hangs_up(&ok, 2);
}

#[test]
fn the_best_refusal_is_the_callers_when_no_phone_answers() {
    let mut scene = Scene::phones();
    let invites = [0, 1, 2].map(|at| scene.invited(at));
    for (at, status) in [(0, 480), (2, 486), (1, 500)] {
        scene.world.sip_quiet();
        scene.refuses(at, &invites[at], status);
    }
    scene.caller_hears(486);
    scene.world.nothing_is_left();
}

#[test]
fn a_phone_that_declines_for_all_ends_the_ringing_of_the_others() {
    let mut scene = Scene::phones();
    let invites = [0, 1, 2].map(|at| scene.invited(at));
    scene.says(0, &invites[0], 180);
    scene.says(2, &invites[2], 180);
    scene.caller_hears(180);
    scene.refuses(1, &invites[1], 603);
    scene.caller_hears(603);
    for at in [0, 2] {
        let reason = scene.is_cancelled(at, &invites[at]);
        assert_eq!(reason.as_deref(), Some("SIP;cause=603;text=\"Decline\""));
    }
    scene.world.nothing_is_left();
}

#[test]
fn a_caller_that_gives_up_stops_all_phones_and_its_reason_is_theirs() {
    let said = "SIP;cause=200;text=\"Call completed elsewhere\"";
    for (more, heard) in [(String::new(), None), (format!("Reason: {said}\r\n"), Some(said))] {
        let (mut scene, invites) = Scene::ringing();
        scene.gives_up(&more);
        for (at, invite) in invites.iter().enumerate() {
            assert_eq!(scene.is_cancelled(at, invite).as_deref(), heard);
        }
        scene.world.nothing_is_left();
    }
}

#[test]
fn a_call_that_rings_at_several_phones_and_is_picked_up_rings_at_none() {
    for named in [0, 1, 2] {
        let (mut scene, invites) = Scene::ringing();
        let colleague = scene.picked_up(&invites[named]);
        for at in [0, 1] {
            assert_eq!(scene.is_cancelled(at, &invites[at]).as_deref(), ELSEWHERE, "{named}");
        }
        // One answers all the same: it cannot take the call any more.
        scene.says(2, &invites[2], 200);
        scene.hears(2, Method::Cancel);
        scene.hears(2, Method::Ack);
        let bye = scene.hears(2, Method::Bye);
        scene.says(2, &bye, 202);
        scene.world.sip_quiet();
        assert_eq!(scene.world.media.open_legs().len(), 2);
        scene.is_hung_up_by(colleague);
    }
}

#[test]
fn a_refusal_before_a_call_is_picked_up_is_forgotten() {
    let (mut scene, invites) = Scene::ringing();
    scene.refuses(1, &invites[1], 486);
    let colleague = scene.picked_up(&invites[0]);
    scene.is_cancelled(0, &invites[0]);
    scene.is_cancelled(2, &invites[2]);
    scene.is_hung_up_by(colleague);
}

#[test]
fn phones_that_say_no_more_than_that_they_progress_ring() {
    let mut scene = Scene::phones();
    let invites = [0, 1, 2].map(|at| scene.invited(at));
    for (at, invite) in invites.iter().enumerate() {
        scene.says(at, invite, 183);
    }
    let ringing = scene.caller_hears(180);
    assert!(ringing.body().is_empty(), "who hears several hears none");
    scene.world.sip_quiet();
    scene.gives_up("");
    for (at, invite) in invites.iter().enumerate() {
        scene.is_cancelled(at, invite);
    }
    scene.world.nothing_is_left();
}

#[test]
fn a_phone_whose_media_fails_while_others_ring_is_the_only_one_to_end() {
    let (mut scene, invites) = Scene::ringing();
    // The legs are opened before the caller's, that of the phone registered last first.
    let failed = scene.world.media.open_legs()[0];
    let event = offhook_media::Event::Failed { leg: failed, cause: offhook_media::MediaFailure::Dtls };
    scene.world.input(Input::Media(event));
    let reason = scene.is_cancelled(2, &invites[2]).unwrap();
    assert!(reason.starts_with("Q.850;cause=41"), "{reason}");
    scene.world.sip_quiet();
    scene.says(1, &invites[1], 200);
    scene.hears(1, Method::Ack);
    scene.is_cancelled(0, &invites[0]);
    let ok = scene.caller_hears(200);
    scene.hangs_up(&ok, 1);
}

#[test]
fn a_phone_that_sends_its_calls_on_is_not_asked_again() {
    let mut scene = Scene::phones();
    let invites = [0, 1, 2].map(|at| scene.invited(at));
    let phone = scene.peers[0].clone();
    let Message::Response(mut moved) = phone.reply(&invites[0], 302, "") else { panic!("a request") };
    moved.headers_mut().set(HeaderName::Contact, "<sip:0301234@127.0.0.1>").unwrap();
    scene.world.sip(&phone, moved.into());
    scene.hears(0, Method::Ack);
    scene.world.sip_quiet();
    scene.refuses(1, &invites[1], 408);
    scene.refuses(2, &invites[2], 500);
    scene.caller_hears(480);
    scene.world.nothing_is_left();
}

#[test]
fn a_trunk_that_cannot_take_the_call_is_followed_by_the_next() {
    let mut scene = Scene::trunks();
    let first = scene.invited(0);
    scene.world.sip_quiet();
    scene.refuses(0, &first, 503);
    let second = scene.invited(1);
    let media = |invite: &Request| String::from_utf8_lossy(invite.body()).split_once("m=").unwrap().1.to_owned();
    assert_eq!(media(&first), media(&second));
    scene.refuses(1, &second, 503);
    let third = scene.invited(2);
    scene.says(2, &third, 180);
    scene.caller_hears(180);
    scene.says(2, &third, 200);
    scene.hears(2, Method::Ack);
    let ok = scene.caller_hears(200);
    assert_eq!(scene.world.media.open_legs().len(), 2);
    scene.hangs_up(&ok, 2);
}

#[test]
fn a_silent_trunk_is_followed_by_the_next_and_is_no_more_heard() {
    let mut scene = Scene::trunks();
    let first = scene.invited(0);
    scene.world.later(Duration::from_secs(3));
    scene.world.transmitted.retain(|(to, _)| to.ip().to_string() != "192.0.2.20");
    scene.world.sip_quiet();
    scene.world.later(Duration::from_millis(1100));
    let second = scene.invited(1);
    scene.says(1, &second, 200);
    scene.hears(1, Method::Ack);
    let ok = scene.caller_hears(200);
    scene.world.transmitted.clear();
    // It was only slow.
    scene.says(0, &first, 200);
    scene.hears(0, Method::Ack);
    let bye = scene.hears(0, Method::Bye);
    scene.says(0, &bye, 202);
    scene.hangs_up(&ok, 1);
}

#[test]
fn a_silent_trunk_is_not_asked_again_once_the_next_one_is() {
    let mut scene = Scene::trunks();
    let first = scene.invited(0);
    scene.world.later(Duration::from_millis(4100));
    scene.world.transmitted.retain(|(to, _)| to.ip().to_string() != "192.0.2.20");
    let second = scene.invited(1);
    scene.says(1, &second, 180);
    scene.caller_hears(180);
    for _ in 0..8 {
        scene.world.later(Duration::from_secs(2));
        scene.world.sip_quiet();
    }
    // It was only slow, and is cancelled then.
    scene.says(0, &first, 180);
    assert_eq!(scene.is_cancelled(0, &first), None);
    scene.says(1, &second, 200);
    scene.hears(1, Method::Ack);
    let ok = scene.caller_hears(200);
    scene.hangs_up(&ok, 1);
}

#[test]
fn a_callee_that_refuses_or_was_heard_of_is_asked_on_no_other_trunk() {
    for (statuses, seen) in [(&[486][..], 486), (&[404], 404), (&[180, 503], 500)] {
        let mut scene = Scene::trunks();
        let first = scene.invited(0);
        for status in statuses {
            scene.says(0, &first, *status);
        }
        scene.hears(0, Method::Ack);
        if statuses.len() > 1 {
            scene.caller_hears(180);
        }
        scene.caller_hears(seen);
        scene.world.nothing_is_left();
    }
}

#[test]
fn the_best_refusal_is_the_callers_when_no_trunk_takes_the_call() {
    let mut scene = Scene::trunks();
    for (at, status) in [(0, 503), (1, 503), (2, 404)] {
        let invite = scene.invited(at);
        scene.refuses(at, &invite, status);
    }
    scene.caller_hears(404);
    scene.world.nothing_is_left();
}

#[test]
fn trunks_that_are_overloaded_do_not_make_the_relay_look_so() {
    let mut scene = Scene::trunks();
    for at in [0, 1, 2] {
        let invite = scene.invited(at);
        scene.refuses(at, &invite, 503);
    }
    scene.caller_hears(500);
    scene.world.nothing_is_left();
}
