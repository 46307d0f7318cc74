//! Frames, and how RTP carries them (RFC 3551 §4.5.6).

/// Ten milliseconds of speech, coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// Speech.
    Speech([u8; 10]),
    /// A silence descriptor, Annex B: what the background noise of a pause is like.
    Sid([u8; 2]),
    /// Nothing is sent: the pause goes on as described.
    Untransmitted,
}

impl Frame {
    /// The octets that are sent for it.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        match self {
            Self::Speech(octets) => octets,
            Self::Sid(octets) => octets,
            Self::Untransmitted => &[],
        }
    }
}

/// The frames of an RTP payload: any number of speech frames, then a silence descriptor or not. `None` where the
/// length is that of no such payload.
pub fn frames(payload: &[u8]) -> Option<impl Iterator<Item = Frame>> {
    let (speech, rest) = payload.as_chunks::<10>();
    let sid = match rest {
        [] => None,
        &[first, second] => Some(Frame::Sid([first, second])),
        _ => return None,
    };
    Some(speech.iter().copied().map(Frame::Speech).chain(sid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_has_speech_frames_and_perhaps_a_descriptor_behind_them() {
        let payload: Vec<u8> = (0..22).collect();
        let parts: Vec<_> = frames(&payload).unwrap().collect();
        assert_eq!(parts.len(), 3);
        assert_eq!(parts.iter().flat_map(Frame::octets).copied().collect::<Vec<_>>(), payload);
        assert_eq!(parts[2], Frame::Sid([20, 21]));
        assert_eq!(frames(&payload[..2]).unwrap().collect::<Vec<_>>(), [Frame::Sid([0, 1])]);
    }

    #[test]
    fn other_lengths_are_no_payload() {
        for length in [1, 3, 9, 11, 15, 19, 21] {
            assert!(frames(&vec![0; length]).is_none(), "{length}");
        }
        assert_eq!(frames(&[]).unwrap().count(), 0);
    }
}
