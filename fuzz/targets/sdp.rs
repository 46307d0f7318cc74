//! Session descriptions: read and written again they are the same, and any of them in any place of a negotiation leaves
//! it able to go on.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_sip::offer_answer::{Codec, LocalMedia, OfferAnswer};
use offhook_sip::sdp::SessionDescription;

fuzz_target!(|data: &[u8]| {
    let Some((&order, text)) = data.split_first() else { return };
    // Several descriptions in a row, as a call has them.
    let bodies = text.split(|byte| *byte == 0);
    let described: Vec<_> = bodies.take(4).filter_map(|body| SessionDescription::parse(body).ok()).collect();
    for description in &described {
        let written = description.to_text();
        let again = SessionDescription::parse(written.as_bytes()).expect("what was written is read");
        assert_eq!(again.to_text(), written);
        read_all(description);
    }
    negotiate(order, &described);
});

fn read_all(description: &SessionDescription) {
    drop(format!("{description:?} {:?}", description.attributes));
    for media in &description.media {
        drop((media.rtp_formats(), media.rtcp(), media.ptime(), media.maxptime()));
        let _ = (description.ip_of(media), description.direction_of(media));
        let _ = (media.attributes.fingerprints().count(), media.attributes.mid().is_some());
    }
}

/// Offers and answers, ours and theirs, in the order of the bits.
fn negotiate(order: u8, described: &[SessionDescription]) {
    let mut call = OfferAnswer::new(1, [192, 0, 2, 1].into());
    let codecs = vec![Codec::opus(), Codec::pcmu(), Codec::pcma(), Codec::telephone_event(8000)];
    let local = LocalMedia::new([192, 0, 2, 1].into(), 4000, codecs);
    for (step, description) in described.iter().enumerate() {
        let sections = description.media.len();
        let answered = if order >> (step % 8) & 1 == 0 {
            let offered = call.receive_offer(description).is_ok();
            let answer = call.create_answer(&local);
            if let (true, Ok(answer)) = (offered, &answer) {
                assert_eq!(answer.description.media.len(), sections, "RFC 3264 section 6: a section for each");
            }
            answer.is_ok()
        } else {
            call.create_offer(&local).is_ok() && call.receive_answer(description).is_ok()
        };
        if let Some(agreed) = call.negotiated() {
            assert!(!agreed.codecs.is_empty() && agreed.remote.port() != 0);
            assert!(!(agreed.remote.ip().is_unspecified() && agreed.direction.sends()));
        }
        if !answered {
            call.withdraw_offer();
            call.refuse_offer();
        }
    }
    assert!(call.create_offer(&local).is_ok(), "there is always a way on");
}
