//! Pictures between two browsers, or a browser and a telephone, through a running worker.

mod peer;

use offhook_media::{
    Command, Direction, Event, LegId, RtpLocal, RtpRemote, Service, SoundWishes, VideoFeedback, VideoRemote,
};
use peer::{Browser, OPUS, Phone, Relay, VP8, config, renumbered, until};
use rtc::rtcp::payload_feedbacks::full_intra_request::{FirEntry, FullIntraRequest};
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::payload_feedbacks::receiver_estimated_maximum_bitrate::ReceiverEstimatedMaximumBitrate;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::{NackPair, TransportLayerNack};
use rtc::rtp::packet::Packet;

/// Two browsers in a call with sound and pictures, who call VP8 by different numbers.
fn call() -> (Relay, Browser, Browser) {
    let mut relay = Relay::start(config());
    let alice = Browser::connect(&mut relay, &[OPUS, VP8]);
    let bob = Browser::connect(&mut relay, &[OPUS, renumbered(VP8, 120, 120)]);
    relay.join(alice.leg, bob.leg);
    (relay, alice, bob)
}

/// What one is shown while the other's connection runs as well.
fn shown(viewer: &mut Browser, shower: &mut Browser) -> Packet {
    until("a picture", || {
        shower.step();
        viewer.try_expect()
    })
}

/// Waits until the relay has asked for whole pictures more often than before.
fn asked_for_a_picture(browser: &mut Browser, before: usize) {
    until("a request for a whole picture", || (browser.wanted_pictures() > before).then_some(()));
}

#[test]
fn two_browsers_see_and_hear_each_other() {
    let (_relay, mut alice, mut bob) = call();
    for round in 0..5u8 {
        alice.show(96, &[round; 1000]);
        let picture = shown(&mut bob, &mut alice);
        assert_eq!((picture.header.payload_type, picture.header.marker), (120, true));
        assert_eq!(picture.payload[..], [round; 1000]);
        bob.show(120, &[round; 900]);
        assert_eq!(shown(&mut alice, &mut bob).payload[..], [round; 900]);
        alice.send(111, &[round; 40]);
        let sound = shown(&mut bob, &mut alice);
        assert_eq!((sound.header.payload_type, sound.payload.len()), (111, 40));
    }
}

#[test]
fn sound_and_pictures_are_streams_of_their_own() {
    let (mut relay, mut alice, mut bob) = call();
    alice.show(96, b"picture");
    let picture = shown(&mut bob, &mut alice).header;
    alice.send(111, b"sound");
    let sound = shown(&mut bob, &mut alice).header;
    assert_ne!(picture.ssrc, sound.ssrc);
    let stats = relay.stats(bob.leg);
    assert_eq!((stats.audio.sent_packets, stats.video.sent_packets), (1, 1));
    assert_eq!(relay.stats(alice.leg).video.received_bytes, 7);
}

#[test]
fn a_picture_that_got_lost_is_asked_for_again_in_the_senders_own_numbers() {
    let (_relay, mut alice, mut bob) = call();
    alice.show_again(96, 1000, b"one");
    let first = shown(&mut bob, &mut alice).header;
    alice.show_again(96, 1002, b"three");
    assert_eq!(shown(&mut bob, &mut alice).header.sequence_number, first.sequence_number.wrapping_add(2));

    let missing = first.sequence_number.wrapping_add(1);
    let nacks = vec![NackPair { packet_id: missing, lost_packets: 0 }];
    bob.ask(TransportLayerNack { sender_ssrc: 1, media_ssrc: first.ssrc, nacks });
    let wanted = until("a request for the packet", || Some(alice.wanted_packets()).filter(|wanted| !wanted.is_empty()));
    assert_eq!(wanted, [1001]);
    alice.show_again(96, 1001, b"two");
    let again = shown(&mut bob, &mut alice);
    assert_eq!((again.header.sequence_number, &again.payload[..]), (missing, &b"two"[..]));
}

#[test]
fn a_picture_that_got_lost_behind_the_relay_is_sent_again_by_the_relay() {
    let (_relay, mut alice, mut bob) = call();
    alice.show(96, b"picture");
    let first = shown(&mut bob, &mut alice).header;
    bob.lose_one();
    alice.show(96, b"lost");
    until("the loss", || {
        alice.step();
        bob.step();
        bob.has_lost().then_some(())
    });
    let nacks = vec![NackPair { packet_id: first.sequence_number.wrapping_add(1), lost_packets: 0 }];
    bob.ask(TransportLayerNack { sender_ssrc: 1, media_ssrc: first.ssrc, nacks });
    assert_eq!(&bob.expect().payload[..], b"lost");
    assert!(alice.wanted_packets().is_empty());
}

#[test]
fn a_decoder_that_needs_a_whole_picture_gets_its_wish_to_the_encoder() {
    let (_relay, mut alice, mut bob) = call();
    alice.show(96, b"picture");
    let media_ssrc = shown(&mut bob, &mut alice).header.ssrc;
    let before = alice.wanted_pictures();
    bob.ask(PictureLossIndication { sender_ssrc: 1, media_ssrc });
    asked_for_a_picture(&mut alice, before);
    let before = alice.wanted_pictures();
    let fir = vec![FirEntry { ssrc: media_ssrc, sequence_number: 1 }];
    bob.ask(FullIntraRequest { sender_ssrc: 1, media_ssrc: 0, fir });
    asked_for_a_picture(&mut alice, before);
}

#[test]
fn what_is_asked_a_hundred_times_at_once_is_asked_of_the_encoder_once() {
    let (_relay, mut alice, mut bob) = call();
    alice.show(96, b"picture");
    let media_ssrc = shown(&mut bob, &mut alice).header.ssrc;
    let before = alice.wanted_pictures();
    let fir = (0..100).map(|sequence_number| FirEntry { ssrc: media_ssrc, sequence_number }).collect();
    bob.ask(FullIntraRequest { sender_ssrc: 1, media_ssrc: 0, fir });
    bob.show(120, b"and now this");
    shown(&mut alice, &mut bob);
    assert_eq!(alice.wanted_pictures(), before + 1);
}

#[test]
fn what_a_receivers_network_bears_is_told_to_the_sender() {
    let (_relay, mut alice, mut bob) = call();
    alice.show(96, b"picture");
    let ssrc = shown(&mut bob, &mut alice).header.ssrc;
    bob.ask(ReceiverEstimatedMaximumBitrate { sender_ssrc: 1, bitrate: 250_000.0, ssrcs: vec![4711, ssrc] });
    assert_eq!(until("the estimate", || alice.allowed()), 250_000.0);
}

#[test]
fn what_is_asked_of_another_stream_reaches_nobody() {
    let (_relay, mut alice, mut bob) = call();
    alice.show(96, b"picture");
    shown(&mut bob, &mut alice);
    let before = alice.wanted_pictures();
    bob.ask(PictureLossIndication { sender_ssrc: 1, media_ssrc: 4711 });
    bob.show(120, b"and now this");
    shown(&mut alice, &mut bob);
    assert_eq!(alice.wanted_pictures(), before);
}

#[test]
fn whoever_is_joined_later_begins_with_a_whole_picture() {
    let (relay, mut alice, mut bob) = call();
    alice.show(96, b"picture");
    shown(&mut bob, &mut alice);
    let before = alice.wanted_pictures();
    relay.command(Command::Unjoin { leg: bob.leg });
    relay.join(alice.leg, bob.leg);
    asked_for_a_picture(&mut alice, before);
}

#[test]
fn a_held_browser_is_shown_nothing_and_begins_with_a_whole_picture_after() {
    let (mut relay, mut alice, mut bob) = call();
    alice.show(96, b"picture");
    let before_hold = shown(&mut bob, &mut alice).header;
    let direct = |relay: &Relay, leg: LegId, direction| relay.command(Command::Direction { leg, direction });
    direct(&relay, bob.leg, Direction::Inactive);
    alice.show(96, b"unseen");
    until("the picture at the gate", || {
        alice.step();
        (relay.stats(alice.leg).gated == 1).then_some(())
    });
    let before = alice.wanted_pictures();
    direct(&relay, bob.leg, Direction::SendRecv);
    asked_for_a_picture(&mut alice, before);
    alice.show(96, b"seen again");
    let again = shown(&mut bob, &mut alice);
    assert_eq!(&again.payload[..], b"seen again");
    // What was held back is nothing to ask for.
    assert_eq!(again.header.sequence_number, before_hold.sequence_number.wrapping_add(1));
}

#[test]
fn a_page_loaded_again_is_shown_a_whole_picture_and_its_pictures_continue_the_stream() {
    let (mut relay, mut alice, mut bob) = call();
    alice.show(96, b"picture");
    shown(&mut bob, &mut alice);
    bob.show(120, b"before");
    let before = shown(&mut alice, &mut bob).header;
    let asked = alice.wanted_pictures();

    bob.reload(&relay, &[OPUS, renumbered(VP8, 96, 96)]);
    bob.wait_for(&mut relay, &Event::Connected { leg: bob.leg });
    bob.finish();
    asked_for_a_picture(&mut alice, asked);
    bob.show(96, b"after");
    let after = shown(&mut alice, &mut bob).header;
    assert_eq!((after.ssrc, after.sequence_number), (before.ssrc, before.sequence_number.wrapping_add(1)));
}

#[test]
fn the_echo_service_gives_back_pictures_and_asks_for_whole_ones() {
    let mut relay = Relay::start(config());
    let mut browser = Browser::connect(&mut relay, &[OPUS, VP8]);
    let echo = relay.service(Service::Echo);
    relay.join(browser.leg, echo);
    browser.show(96, b"picture");
    let media_ssrc = browser.expect().header.ssrc;
    let before = browser.wanted_pictures();
    browser.ask(PictureLossIndication { sender_ssrc: 1, media_ssrc });
    asked_for_a_picture(&mut browser, before);
}

#[test]
fn a_browser_without_pictures_hears_and_the_others_pictures_go_nowhere() {
    let mut relay = Relay::start(config());
    let mut alice = Browser::connect(&mut relay, &[OPUS, VP8]);
    let mut bob = Browser::connect(&mut relay, &[OPUS]);
    relay.join(alice.leg, bob.leg);
    alice.show(96, b"picture");
    alice.send(111, b"sound");
    assert_eq!(&shown(&mut bob, &mut alice).payload[..], b"sound");
    until("the picture to be counted", || (relay.stats(alice.leg).untranslatable == 1).then_some(()));
}

#[test]
fn a_browser_and_a_telephone_see_each_other() {
    let mut relay = Relay::start(config());
    let mut alice = Browser::connect(&mut relay, &[OPUS, VP8]);
    let (leg, _sound) = relay.phone(vec![OPUS]);
    let ports = relay.media.rtp_video(relay.worker, leg, None).unwrap();
    let local = RtpLocal { addr: ports.addr, rtcp: ports.rtcp, ssrc: 0, cname: String::new() };
    let mut camera = Phone::new(&local);
    let rtp = RtpRemote {
        rtp: camera.address(),
        rtcp: None,
        rtcp_mux: false,
        srtp: None,
        formats: vec![renumbered(VP8, 97, 98)],
        sound: SoundWishes::default(),
    };
    let feedback = VideoFeedback { nack: true, pli: true, fir: true };
    let remote = VideoRemote { rtp, direction: Direction::SendRecv, feedback };
    relay.command(Command::VideoRemote { leg, remote: Some(remote) });
    relay.join(alice.leg, leg);
    for round in 0..3u8 {
        alice.show(96, &[round; 1000]);
        let seen = camera.expect_from(&mut alice);
        assert_eq!((seen.header.payload_type, &seen.payload[..]), (98, &[round; 1000][..]));
        camera.send(97, &[round; 900]);
        assert_eq!(alice.expect().payload[..], [round; 900]);
    }
    let before = relay.wait_for_counts(|counts| counts.rtp_ports == 2).sockets;
    relay.command(Command::VideoRemote { leg, remote: None });
    assert_eq!(relay.wait_for_counts(|counts| counts.rtp_ports == 1).sockets, before - 2);
}
