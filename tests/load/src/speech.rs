//! What is said: speech in pieces of 20 ms, each of which can be told from every other.

use opus::{Application, Bitrate, Channels, Encoder};

use crate::error::Error;

/// Samples of 20 ms at Opus's rate, and the most bytes they become.
const OPUS: (usize, usize) = (960, 400);
/// Bits a second, as Chromium has them for one channel.
const BITRATE: i32 = 32_000;

/// Bytes of 20 ms of G.711.
pub(crate) const FRAME: usize = 160;
/// The stream's number and the packet's, at the beginning of each payload.
const MARK: usize = 8;

/// A recording that is said over and over.
pub(crate) struct Speech {
    frames: Vec<[u8; FRAME]>,
    /// The same in Opus.
    packets: Vec<Vec<u8>>,
}

/// What a payload says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Whose it is.
    pub(crate) stream: u32,
    /// Which of the stream's, counted from 0.
    pub(crate) number: u32,
}

impl Speech {
    /// Cuts a recording in G.711 into pieces; and one of 16 bits at 48 kHz, for Opus.
    pub(crate) fn new(recording: &[u8], wide: &[u8]) -> Result<Self, Error> {
        let (frames, _) = recording.as_chunks::<FRAME>();
        if frames.len() < 50 {
            return Err(Error::Speechless);
        }
        let mut encoder = Encoder::new(48_000, Channels::Mono, Application::Voip)?;
        encoder.set_bitrate(Bitrate::Bits(BITRATE))?;
        let (samples, _) = wide.as_chunks::<2>();
        let samples: Vec<i16> = samples.iter().map(|sample| i16::from_le_bytes(*sample)).collect();
        let (pieces, _) = samples.as_chunks::<{ OPUS.0 }>();
        let packets = pieces.iter().map(|piece| encoder.encode_vec(piece, OPUS.1)).collect::<Result<_, _>>()?;
        Ok(Self { frames: frames.to_vec(), packets })
    }

    /// The packet of this number, in Opus.
    pub(crate) fn opus(&self, number: u32) -> &[u8] {
        let which = (number as usize).checked_rem(self.packets.len()).unwrap_or(0);
        self.packets.get(which).map_or(&[], Vec::as_slice)
    }

    /// Writes the payload with this mark.
    pub(crate) fn write(&self, mark: Mark, payload: &mut [u8; FRAME]) {
        *payload = self.piece(mark.number);
        if let Some((head, _)) = payload.split_first_chunk_mut::<MARK>() {
            *head = mark.bytes();
        }
    }

    /// The mark of a payload. `None` if any of it is not as it was written.
    pub(crate) fn read(&self, payload: &[u8]) -> Option<Mark> {
        let (head, rest) = payload.split_first_chunk::<MARK>()?;
        let mark = Mark::read(*head);
        let piece = self.piece(mark.number);
        (piece.get(MARK..) == Some(rest)).then_some(mark)
    }

    fn piece(&self, number: u32) -> [u8; FRAME] {
        let which = (number as usize).checked_rem(self.frames.len()).unwrap_or(0);
        self.frames.get(which).copied().unwrap_or([0; FRAME])
    }
}

impl Mark {
    const fn bytes(self) -> [u8; MARK] {
        ((self.stream as u64) << 32 | self.number as u64).to_be_bytes()
    }

    const fn read(bytes: [u8; MARK]) -> Self {
        let both = u64::from_be_bytes(bytes);
        Self { stream: (both >> 32) as u32, number: both as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speech() -> Speech {
        let recording: Vec<u8> = (0..60 * FRAME).map(|at| (at * 7 / 3) as u8).collect();
        Speech::new(&recording, &[0; 96_000]).unwrap()
    }

    #[test]
    fn a_payload_tells_whose_it_is() {
        let (speech, mark) = (speech(), Mark { stream: 7, number: 65_540 });
        let mut payload = [0; FRAME];
        speech.write(mark, &mut payload);
        assert_eq!(speech.read(&payload), Some(mark));
    }

    #[test]
    fn one_that_was_changed_anywhere_tells_nothing_or_something_else() {
        let (speech, mark) = (speech(), Mark { stream: 7, number: 3 });
        let mut payload = [0; FRAME];
        speech.write(mark, &mut payload);
        for at in 0..FRAME {
            let mut changed = payload;
            changed[at] ^= 1;
            assert_ne!(speech.read(&changed), Some(mark), "byte {at}");
        }
        assert_eq!(speech.read(&payload[..100]), None);
    }

    #[test]
    fn less_than_a_second_is_no_speech() {
        assert!(Speech::new(&[0; 49 * FRAME], &[]).is_err());
    }
}
