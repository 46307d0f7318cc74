//! Any operation in any order with any description: an error at most, and never a dead end.

use proptest::prelude::*;

use super::*;
use crate::sdp::SessionDescription;

fn description() -> impl Strategy<Value = SessionDescription> {
    let section = (
        "(audio|video|image)",
        prop_oneof![Just(0_u16), any::<u16>()],
        "(RTP/AVP|RTP/AVPF|RTP/SAVP|udptl)",
        proptest::collection::vec(0..130_u8, 0..5),
        "(|c=IN IP4 0[.]0[.]0[.]0\n|c=IN IP6 ff02::1\n|a=inactive\n|a=rtpmap:96 opus/48000/2\n|a=rtcp:65535\n)",
    );
    proptest::collection::vec(section, 0..4).prop_map(|sections| {
        let mut text = "v=0\no=- 1 1 IN IP4 192.0.2.9\nc=IN IP4 192.0.2.9\n".to_owned();
        for (media, port, protocol, formats, more) in sections {
            let formats: Vec<_> = formats.iter().map(u8::to_string).collect();
            text += &format!("m={media} {port} {protocol} {}\n{more}", formats.join(" "));
        }
        SessionDescription::parse(text.as_bytes()).unwrap()
    })
}

proptest! {
    #[test]
    fn any_order_of_operations_is_survived(
        operations in proptest::collection::vec((0..8_u8, description()), 0..30),
    ) {
        let mut leg = OfferAnswer::new(1, [192, 0, 2, 1].into());
        let codecs = vec![Codec::opus(), Codec::pcmu(), Codec::telephone_event(8000)];
        let local = LocalMedia::new([192, 0, 2, 1].into(), 4000, codecs);
        for (operation, description) in operations {
            match operation {
                0 => drop(leg.create_offer(&local)),
                1 => drop(leg.receive_answer(&description).cloned()),
                2 => drop(leg.receive_early_answer(&description).cloned()),
                3 => drop(leg.confirm_early_answer().cloned()),
                4 => drop(leg.receive_offer(&description).cloned()),
                5 => drop(leg.create_answer(&local)),
                6 => leg.withdraw_offer(),
                _ => leg.refuse_offer(),
            }
            if let Some(agreed) = leg.negotiated() {
                prop_assert!(!agreed.codecs.is_empty());
                prop_assert!(agreed.remote.port() != 0);
                prop_assert!(!(agreed.remote.ip().is_unspecified() && agreed.direction.sends()));
            }
        }
        leg.withdraw_offer();
        leg.refuse_offer();
        prop_assert!(leg.create_offer(&local).is_ok());
    }
}
