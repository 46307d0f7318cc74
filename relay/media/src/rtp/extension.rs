//! Elements of a header extension, RFC 8285.

use super::HEADER_LEN;

/// The profile of elements with headers of one byte (§4.2).
const ONE_BYTE: u16 = 0xbede;
/// That of elements with headers of two; its low four bits are anybody's (§4.3).
const TWO_BYTE: u16 = 0x1000;

/// The data of the element with this number in a packet's header. `None` where there is none.
#[must_use]
pub(crate) fn element(packet: &[u8], wanted: u8) -> Option<&[u8]> {
    let (&[first, ..], rest) = packet.split_first_chunk::<HEADER_LEN>()?;
    if first & 0x10 == 0 {
        return None;
    }
    let (&[p0, p1, l0, l1], rest) = rest.get(usize::from(first & 0x0f) * 4..)?.split_first_chunk::<4>()?;
    let words = usize::from(u16::from_be_bytes([l0, l1]));
    let profile = u16::from_be_bytes([p0, p1]);
    let mut left = rest.get(..words * 4)?;
    loop {
        let (number, length, body) = match (profile, left) {
            // Padding is a byte by itself.
            (_, [0, rest @ ..]) => {
                left = rest;
                continue;
            }
            (ONE_BYTE, [head, body @ ..]) => (head >> 4, usize::from(head & 0x0f) + 1, body),
            (profile, [number, length, body @ ..]) if profile & 0xfff0 == TWO_BYTE => {
                (*number, usize::from(*length), body)
            }
            _ => return None,
        };
        if profile == ONE_BYTE && number == 15 {
            return None;
        }
        let (data, rest) = body.split_at_checked(length)?;
        if number == wanted {
            return Some(data);
        }
        left = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packet(profile: [u8; 2], elements: &[u8]) -> Vec<u8> {
        let words = (elements.len() / 4) as u8;
        [&[0x90, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9][..], &profile, &[0, words], elements, b"picture"].concat()
    }

    #[test]
    fn elements_of_either_kind_are_found_behind_others_and_padding() {
        let one = packet([0xbe, 0xde], &[0x10, 0xff, 0, 0, 0x31, 0x12, 0x34, 0]);
        assert_eq!(element(&one, 3), Some(&[0x12, 0x34][..]));
        assert_eq!(element(&one, 1), Some(&[0xff][..]));
        assert_eq!(element(&one, 2), None);
        let two = packet([0x10, 0x05], &[1, 0, 0, 3, 2, 0x12, 0x34, 0]);
        assert_eq!(element(&two, 3), Some(&[0x12, 0x34][..]));
        assert_eq!(element(&two, 1), Some(&[][..]));
    }

    #[test]
    fn what_ends_too_soon_has_none() {
        assert_eq!(element(&packet([0xbe, 0xde], &[0x3f, 1, 2, 3]), 3), None);
        assert_eq!(element(&packet([0xbe, 0xde], &[0xf0, 0, 0x31, 1]), 3), None);
        assert_eq!(element(&packet([1, 2], &[0x31, 1, 2, 0]), 3), None);
        assert_eq!(element(&[0x80; 12], 3), None);
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..80), wanted: u8) {
            if let Some(first) = bytes.first_mut() {
                *first = 0x90 | (*first & 0x0f);
            }
            let _ = element(&bytes, wanted);
        }
    }
}
