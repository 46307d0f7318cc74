//! Two machines against each other: what both agree on is the same, seen from either side.

use proptest::prelude::*;

use super::*;
use crate::sdp::{Direction, SessionDescription};

fn codec() -> impl Strategy<Value = Codec> {
    let codec = prop_oneof![
        Just(Codec::opus()),
        Just(Codec::g722()),
        Just(Codec::pcmu()),
        Just(Codec::pcma()),
        Just(Codec::telephone_event(8000)),
        Just(Codec::telephone_event(48_000)),
        Just(Codec::new(97, "iLBC", 8000)),
    ];
    (codec, 96..128_u8).prop_map(|(codec, number)| match codec.payload_type {
        0..96 => codec,
        _ => codec.with_payload_type(number),
    })
}

fn direction() -> impl Strategy<Value = Direction> {
    (any::<bool>(), any::<bool>()).prop_map(|(sends, receives)| Direction::new(sends, receives))
}

fn media(last: u8) -> impl Strategy<Value = LocalMedia> {
    let codecs = proptest::collection::vec(codec(), 1..6);
    (codecs, direction(), 1..30_000_u16).prop_map(move |(codecs, direction, half)| {
        LocalMedia::new([192, 0, 2, last].into(), half * 2, codecs).with_direction(direction)
    })
}

/// Sends a description over the wire.
fn carry(description: &SessionDescription) -> SessionDescription {
    SessionDescription::parse(description.to_text().as_bytes()).unwrap()
}

proptest! {
    #[test]
    fn both_sides_agree_after_each_exchange(
        exchanges in proptest::collection::vec((any::<bool>(), media(1), media(2)), 1..8),
    ) {
        let mut legs = [1, 2].map(|last| OfferAnswer::new(u64::from(last), [192, 0, 2, last].into()));
        for (swap, first, second) in exchanges {
            let [one, two] = &mut legs;
            let (offerer, answerer) = if swap { (two, one) } else { (one, two) };
            let (offering, answering) = if swap { (second, first) } else { (first, second) };
            let offer = offerer.create_offer(&offering).unwrap();
            answerer.receive_offer(&carry(&offer)).unwrap();
            let answer = match answerer.create_answer(&answering) {
                Ok(answer) => answer,
                Err(error) => {
                    prop_assert_eq!(error, OfferAnswerError::NoCommonCodec);
                    offerer.withdraw_offer();
                    continue;
                }
            };
            let ours = offerer.receive_answer(&carry(&answer.description)).unwrap();
            let theirs = &answer.negotiated;
            prop_assert_eq!(ours.direction, theirs.direction.reversed());
            prop_assert_eq!(ours.remote.port(), answering.port);
            prop_assert_eq!(theirs.remote.port(), offering.port);
            let numbers = |agreed: &Negotiated| -> Vec<_> {
                let all = agreed.codecs.iter().chain(&agreed.comfort_noise).chain(&agreed.telephone_events);
                all.map(|c| (c.codec.encoding.clone(), c.send_payload_type, c.codec.payload_type))
                    .collect()
            };
            prop_assert_eq!(numbers(ours), numbers(theirs));
            prop_assert_eq!(offerer.state(), State::Stable);
            prop_assert_eq!(answerer.state(), State::Stable);
        }
    }
}
