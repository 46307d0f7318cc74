//! Calls through a running worker, over real sockets of loopback.

mod peer;

use std::net::UdpSocket;
use std::time::Duration;

use offhook_media::{
    Command, Direction, Event, Inactivity, LegId, Media, MediaConfig, MediaError, MediaFailure, Service,
};
use peer::{Browser, KEYS, OPUS, PCMU, Relay, config, renumbered, until};

const MOMENT: Duration = Duration::from_millis(300);

#[test]
fn a_browser_and_a_telephone_hear_each_other() {
    let mut relay = Relay::start(config());
    let mut browser = Browser::connect(&mut relay, &[OPUS, PCMU, KEYS]);
    let (leg, mut phone) = relay.phone(vec![renumbered(OPUS, 96, 97), KEYS]);
    relay.join(browser.leg, leg);

    browser.send(OPUS.receive_pt, b"from the browser");
    let heard = phone.expect_from(&mut browser);
    assert_eq!(&heard.payload[..], b"from the browser");
    assert_eq!(heard.header.payload_type, 97);
    assert!(heard.header.marker);

    phone.send(96, b"from the telephone");
    let heard = browser.expect();
    assert_eq!(&heard.payload[..], b"from the telephone");
    assert_eq!(heard.header.payload_type, OPUS.send_pt);
    relay.expect(&Event::Connected { leg });
}

#[test]
fn two_browsers_hear_each_other() {
    let mut relay = Relay::start(config());
    let mut alice = Browser::connect(&mut relay, &[OPUS]);
    let mut bob = Browser::connect(&mut relay, &[renumbered(OPUS, 109, 109)]);
    relay.join(alice.leg, bob.leg);
    for round in 0..5u8 {
        alice.send(111, &[round; 40]);
        alice.step();
        assert_eq!(bob.expect().payload[..], [round; 40]);
        bob.send(109, &[round; 50]);
        bob.step();
        assert_eq!(alice.expect().payload[..], [round; 50]);
    }
}

#[test]
fn a_certificate_that_the_description_does_not_name_gets_no_media() {
    let mut relay = Relay::start(config());
    let mut browser = Browser::tampered(&relay, &[OPUS], |remote| {
        remote.fingerprints = vec![format!("{}01", "01:".repeat(31)).parse().unwrap()];
    });
    let leg = browser.leg;
    browser.wait_for(&mut relay, &Event::Failed { leg, cause: MediaFailure::FingerprintMismatch });
}

#[test]
fn a_browser_that_connects_before_its_description_arrives_gets_media_after_it() {
    let mut relay = Relay::start(config());
    let (mut browser, remote) = Browser::undescribed(&relay, &[OPUS]);
    let leg = browser.leg;
    let echo = relay.service(Service::Echo);
    relay.join(leg, echo);
    browser.finish();
    browser.send(111, b"too early");
    let stats = until("the packet", || Some(relay.stats(leg)).filter(|stats| stats.invalid > 0));
    assert_eq!(stats.audio.received_packets, 0);
    assert!(relay.untaken().is_empty(), "{:?}", relay.untaken());

    relay.command(Command::WebRtcRemote { leg, remote });
    browser.wait_for(&mut relay, &Event::Connected { leg });
    browser.send(111, b"in time");
    assert_eq!(&browser.expect().payload[..], b"in time");
}

#[test]
fn a_browser_whose_media_never_arrives_fails_in_time() {
    let mut relay = Relay::start(MediaConfig { connect_timeout: MOMENT, ..config() });
    let browser = Browser::tampered(&relay, &[OPUS], |_| ());
    relay.expect(&Event::Failed { leg: browser.leg, cause: MediaFailure::ConnectTimeout });
}

#[test]
fn a_browser_that_is_gone_is_noticed() {
    let mut relay = Relay::start(MediaConfig { consent_timeout: Duration::from_secs(3), ..config() });
    let browser = Browser::connect(&mut relay, &[OPUS]);
    relay.expect(&Event::Inactive { leg: browser.leg, cause: Inactivity::Consent });
}

#[test]
fn a_browser_that_closes_is_noticed_at_once() {
    let mut relay = Relay::start(config());
    let mut browser = Browser::connect(&mut relay, &[OPUS]);
    browser.close();
    relay.expect(&Event::PeerClosed { leg: browser.leg });
}

#[test]
fn a_browser_that_moved_to_another_port_is_followed() {
    let mut relay = Relay::start(config());
    let mut browser = Browser::connect(&mut relay, &[OPUS]);
    let (leg, mut phone) = relay.phone(vec![OPUS]);
    relay.join(browser.leg, leg);
    browser.rebind();
    let mut said = 0u8;
    until("sound at the new port", || {
        said = said.wrapping_add(1);
        phone.send(111, &[said; 20]);
        browser.try_expect()
    });
}

#[test]
fn a_browser_that_restarts_ice_elsewhere_goes_on_hearing_and_being_heard() {
    let mut relay = Relay::start(config());
    let mut browser = Browser::connect(&mut relay, &[OPUS]);
    let (leg, mut phone) = relay.phone(vec![OPUS]);
    relay.join(browser.leg, leg);
    browser.send(111, b"before");
    let before = phone.expect_from(&mut browser).header;

    let remote = browser.restart();
    let answer = relay.media.webrtc_restart(relay.worker, browser.leg).unwrap();
    relay.command(Command::WebRtcRemote { leg: browser.leg, remote });
    browser.answered(&answer);
    browser.wait_for(&mut relay, &Event::Connected { leg: browser.leg });

    // Until the browser has chosen its new way, what it sends goes nowhere.
    let mut said = 0u8;
    let after = until("sound from the new address", || {
        said += 1;
        browser.send(111, &[said; 20]);
        browser.step();
        phone.receive()
    });
    let number = before.sequence_number.wrapping_add(u16::from(after.payload[0]));
    assert_eq!((after.header.ssrc, after.header.sequence_number), (before.ssrc, number));
    until("sound at the new address", || {
        phone.send(111, b"back");
        browser.try_expect()
    });
}

#[test]
fn a_page_loaded_again_takes_its_call_back_and_the_far_end_hears_one_stream() {
    let mut relay = Relay::start(config());
    let mut browser = Browser::connect(&mut relay, &[OPUS]);
    let (leg, mut phone) = relay.phone(vec![OPUS]);
    relay.join(browser.leg, leg);
    browser.send(111, b"before");
    let before = phone.expect_from(&mut browser).header;

    browser.reload(&relay, &[OPUS]);
    browser.wait_for(&mut relay, &Event::Connected { leg: browser.leg });
    browser.finish();
    browser.send(111, b"after");
    let after = phone.expect_from(&mut browser);
    assert_eq!(&after.payload[..], b"after");
    let next = before.sequence_number.wrapping_add(1);
    assert_eq!((after.header.ssrc, after.header.sequence_number), (before.ssrc, next));
    phone.send(111, b"back");
    assert_eq!(&browser.expect().payload[..], b"back");
    assert!(relay.untaken().iter().all(|event| matches!(event, Event::Connected { .. })), "{:?}", relay.untaken());
}

#[test]
fn a_page_loaded_again_after_it_said_goodbye_takes_its_call_back() {
    let mut relay = Relay::start(config());
    let mut browser = Browser::connect(&mut relay, &[OPUS]);
    let echo = relay.service(Service::Echo);
    relay.join(browser.leg, echo);
    browser.close();
    relay.expect(&Event::PeerClosed { leg: browser.leg });
    browser.reload(&relay, &[OPUS]);
    browser.wait_for(&mut relay, &Event::Connected { leg: browser.leg });
    browser.finish();
    browser.send(111, b"hello again");
    assert_eq!(&browser.expect().payload[..], b"hello again");
}

#[test]
fn a_browser_that_comes_back_after_it_was_missed_is_announced() {
    let mut relay = Relay::start(MediaConfig { consent_timeout: Duration::from_secs(3), ..config() });
    let mut browser = Browser::connect(&mut relay, &[OPUS]);
    relay.expect(&Event::Inactive { leg: browser.leg, cause: Inactivity::Consent });
    browser.wait_for(&mut relay, &Event::Connected { leg: browser.leg });
}

#[test]
fn a_connection_can_be_renewed_only_while_its_leg_is_open() {
    let relay = Relay::start(config());
    let (leg, before) = relay.webrtc_leg();
    let renewed = relay.media.webrtc_restart(relay.worker, leg).unwrap();
    assert_eq!((renewed.ssrc, renewed.video_ssrc, renewed.cname), (before.ssrc, before.video_ssrc, before.cname));
    assert_ne!(renewed.ice, before.ice);
    relay.command(Command::Close { leg });
    assert!(matches!(relay.media.webrtc_restart(relay.worker, leg), Err(MediaError::NoLeg)));
    assert!(matches!(relay.media.webrtc_replace(relay.worker, leg), Err(MediaError::NoLeg)));
}

#[test]
fn a_browser_may_use_any_of_the_relays_addresses_and_is_answered_from_it() {
    let addresses = ["127.0.0.1", "127.0.0.2"].map(|ip| ip.parse().unwrap());
    let webrtc_bind = "0.0.0.0:0".parse().unwrap();
    let mut relay = Relay::start(MediaConfig { webrtc_bind, webrtc_advertised: addresses.to_vec(), ..config() });
    for address in addresses {
        let mut browser = Browser::reaching(&relay, &[OPUS], address);
        browser.wait_for(&mut relay, &Event::Connected { leg: browser.leg });
        browser.finish();
        let echo = relay.service(Service::Echo);
        relay.join(browser.leg, echo);
        browser.send(111, b"to and fro");
        assert_eq!(&browser.expect().payload[..], b"to and fro");
        assert_eq!(browser.heard_from().map(|from| from.ip()), Some(address));
    }
}

#[test]
fn the_echo_service_gives_back_what_it_hears() {
    let mut relay = Relay::start(config());
    let mut browser = Browser::connect(&mut relay, &[OPUS, PCMU]);
    let echo = relay.service(Service::Echo);
    relay.join(browser.leg, echo);
    for round in 0..5u8 {
        browser.send(111, &[round; 33]);
        let heard = browser.expect();
        assert_eq!(heard.payload[..], [round; 33]);
        assert_eq!(heard.header.payload_type, 111);
    }
}

#[test]
fn the_tone_service_is_heard_in_real_time_without_a_gap() {
    let relay = Relay::start(config());
    let (leg, phone) = relay.phone(vec![PCMU]);
    let tone = relay.service(Service::Tone);
    let began = peer::now();
    relay.join(leg, tone);
    let heard: Vec<_> = (0..50).map(|_| phone.expect()).collect();
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(900), "a second of sound came in {took:?}");
    for pair in heard.windows(2) {
        assert_eq!(pair[1].header.sequence_number, pair[0].header.sequence_number.wrapping_add(1));
        assert_eq!(pair[1].header.timestamp, pair[0].header.timestamp.wrapping_add(160));
    }
    assert!(heard.iter().all(|packet| packet.payload.len() == 160));
}

#[test]
fn strangers_who_spray_a_port_are_dropped_and_counted() {
    let mut relay = Relay::start(MediaConfig { learning_window: Duration::ZERO, ..config() });
    let mut browser = Browser::connect(&mut relay, &[PCMU]);
    let (leg, mut phone) = relay.phone(vec![PCMU]);
    relay.join(browser.leg, leg);
    phone.send(0, b"first");
    assert_eq!(&browser.expect().payload[..], b"first");

    let stranger = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    for _ in 0..100 {
        phone.send_from(&stranger, 0, b"forged");
    }
    phone.send(0, b"last");
    assert_eq!(&browser.expect().payload[..], b"last");
    assert_eq!(relay.stats(leg).strangers, 100);
    browser.send(0, b"answer");
    assert_eq!(&phone.expect_from(&mut browser).payload[..], b"answer");
}

#[test]
fn a_telephone_that_falls_silent_is_noticed_unless_it_is_held() {
    let mut relay = Relay::start(MediaConfig { rtp_inactivity: MOMENT, ..config() });
    let (held, _held_phone) = relay.phone(vec![PCMU]);
    let (leg, mut phone) = relay.phone(vec![PCMU]);
    relay.command(Command::Direction { leg: held, direction: Direction::SendOnly });
    relay.command(Command::Supervise { leg: held });
    relay.command(Command::Supervise { leg });
    phone.send(0, b"one packet");
    relay.expect(&Event::Connected { leg });
    relay.expect(&Event::Inactive { leg, cause: Inactivity::Rtp });
    let of_held = |event: &Event| matches!(event, Event::Inactive { leg, .. } if *leg == held);
    assert!(!relay.untaken().iter().any(of_held), "{:?}", relay.untaken());

    relay.command(Command::Direction { leg: held, direction: Direction::SendRecv });
    relay.expect(&Event::Inactive { leg: held, cause: Inactivity::Rtp });
}

#[test]
fn keys_pressed_by_the_relay_arrive_as_events() {
    let mut relay = Relay::start(config());
    let (a, _phone) = relay.phone(vec![PCMU, KEYS]);
    let (b, listener) = relay.phone(vec![PCMU, KEYS]);
    let digits = "42#".parse().unwrap();
    let tone = Duration::from_millis(80);
    relay.command(Command::SendDtmf { leg: b, digits, tone, gap: tone });
    let mut ended = Vec::new();
    until("all keys", || {
        let packet = listener.receive()?;
        assert_eq!(packet.header.payload_type, KEYS.send_pt);
        let end = packet.payload[1] & 0x80 != 0;
        if end && ended.last() != Some(&(packet.header.timestamp, packet.payload[0])) {
            ended.push((packet.header.timestamp, packet.payload[0]));
        }
        (ended.len() == 3).then_some(())
    });
    assert_eq!(ended.iter().map(|&(_, key)| key).collect::<Vec<_>>(), [4, 2, 11]);
    relay.expect(&Event::DtmfSent { leg: b });

    // Who has agreed on nothing.
    let (c, _mute) = relay.phone(vec![]);
    relay.command(Command::SendDtmf { leg: c, digits: "1".parse().unwrap(), tone, gap: tone });
    relay.expect(&Event::DtmfRefused { leg: c });
    relay.join(a, b);
}

#[test]
fn garbage_on_every_port_is_survived() {
    let mut relay = Relay::start(config());
    let mut browser = Browser::connect(&mut relay, &[PCMU]);
    let (leg, mut phone) = relay.phone(vec![PCMU]);
    relay.join(browser.leg, leg);
    let (_, shared) = relay.webrtc_leg();
    let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    let mut noise = 0x9e37_79b9_u32;
    for length in 0..600usize {
        let garbage: Vec<u8> = (0..length)
            .map(|_| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (noise >> 24) as u8
            })
            .collect();
        for to in [shared.candidates[0], phone.relay().addr, phone.relay().rtcp] {
            socket.send_to(&garbage, to).unwrap();
        }
    }
    // Some of the noise, and what is said into it, may be lost where a socket's queue is full.
    let heard = until("sound through the noise", || {
        phone.send(0, b"still there");
        browser.try_expect()
    });
    assert_eq!(&heard.payload[..], b"still there");
    let stats = relay.stats(leg);
    assert!(relay.media.unclaimed() > 50 && stats.strangers + stats.invalid > 50);
}

#[test]
fn everything_is_given_back_when_the_calls_are_over() {
    let mut relay = Relay::start(config());
    let idle = relay.media.counts();
    assert_eq!((idle.legs, idle.sockets, idle.rtp_ports), (0, 1, 0));
    let mut browser = Browser::connect(&mut relay, &[PCMU]);
    let (leg, phone) = relay.phone(vec![PCMU]);
    let echo = relay.service(Service::Echo);
    relay.join(browser.leg, leg);
    let busy = relay.wait_for_counts(|counts| counts.legs == 3);
    assert_eq!((busy.sockets, busy.rtp_ports), (3, 1));

    browser.send(0, b"a packet, so that there is a goodbye to say");
    phone.expect_from(&mut browser);
    for leg in [browser.leg, leg, echo] {
        relay.command(Command::Close { leg });
    }
    let goodbye = until("a goodbye", || phone.receive_report());
    assert!(goodbye.windows(2).any(|bytes| bytes == [0x81, 203]), "no BYE in {goodbye:?}");
    let over = relay.wait_for_counts(|counts| counts.legs == 0);
    assert_eq!((over.sockets, over.rtp_ports, over.quarantined_ports), (1, 0, 1));
}

#[test]
fn a_port_rests_before_it_is_used_again() {
    let start = *config().rtp_ports.start();
    let relay =
        Relay::start(MediaConfig { rtp_ports: start..=start + 3, quarantine: Duration::from_secs(2), ..config() });
    let (first, phone) = relay.phone(vec![PCMU]);
    let (_, _other) = relay.phone(vec![PCMU]);
    let refused = relay.media.rtp_leg(relay.worker, LegId(99), None);
    assert!(matches!(refused, Err(MediaError::NoPorts)));
    relay.command(Command::Close { leg: first });
    relay.wait_for_counts(|counts| counts.quarantined_ports == 1);
    assert!(relay.media.rtp_leg(relay.worker, LegId(99), None).is_err());
    let again = until("the port to be free again", || relay.media.rtp_leg(relay.worker, LegId(99), None).ok());
    assert_eq!(again.addr, phone.relay().addr);
}

#[test]
fn calls_are_spread_over_the_workers() {
    let media = Media::start(MediaConfig { workers: 3, ..config() }, |_| ()).unwrap();
    let workers: std::collections::HashSet<_> = (0..3).map(|_| media.open_call()).collect();
    assert_eq!(workers.len(), 3);
    assert_eq!(media.counts().sockets, 3);
}

#[test]
fn a_configuration_that_cannot_work_is_refused_with_a_reason() {
    let refused = |config| match Media::start(config, |_| ()) {
        Err(MediaError::Config(reason)) => reason,
        other => panic!("{other:?}"),
    };
    assert!(refused(MediaConfig { workers: 0, ..config() }).contains("workers"));
    let anywhere = "0.0.0.0:0".parse().unwrap();
    assert!(refused(MediaConfig { webrtc_bind: anywhere, ..config() }).contains("webrtc_advertised"));
    let many = vec!["127.0.0.1".parse().unwrap(); MediaConfig::MAX_ADVERTISED + 1];
    assert!(refused(MediaConfig { webrtc_advertised: many, ..config() }).contains("webrtc_advertised"));
    assert!(refused(MediaConfig { rtp_advertised: anywhere.ip(), ..config() }).contains("rtp_advertised"));
    for range in [4001..=4002, 4000..=4000, 0..=4000, 65_535..=65_535] {
        assert!(refused(MediaConfig { rtp_ports: range, ..config() }).contains("rtp_ports"));
    }
    let ever = Duration::MAX;
    assert!(refused(MediaConfig { rtp_inactivity: ever, ..config() }).contains("rtp_inactivity"));
    assert!(refused(MediaConfig { rtcp_interval: Duration::ZERO, ..config() }).contains("rtcp_interval"));
}

#[test]
fn an_address_that_is_not_ours_is_named_in_the_error() {
    let elsewhere = "203.0.113.1:0".parse().unwrap();
    let error = Media::start(MediaConfig { webrtc_bind: elsewhere, ..config() }, |_| ()).unwrap_err();
    assert!(error.to_string().contains("203.0.113.1"), "{error}");
}

#[test]
fn ending_everything_says_goodbye_to_everybody() {
    let mut relay = Relay::start(config());
    let mut browser = Browser::connect(&mut relay, &[PCMU]);
    let (leg, phone) = relay.phone(vec![PCMU]);
    relay.join(browser.leg, leg);
    browser.send(0, b"sound");
    phone.expect_from(&mut browser);
    drop(relay);
    until("a goodbye", || phone.receive_report().filter(|report| report.windows(2).any(|two| two == [0x81, 203])));
}

#[test]
fn a_flood_of_orders_is_carried_out_to_the_last() {
    let mut relay = Relay::start(config());
    let (leg, _phone) = relay.phone(vec![PCMU]);
    for _ in 0..5000 {
        relay.command(Command::Direction { leg, direction: Direction::SendRecv });
    }
    let began = peer::now();
    relay.stats(leg);
    // A turn of the loop takes 256 of them; one turn a second would need 19 s.
    assert!(began.elapsed() < Duration::from_secs(10));
}
