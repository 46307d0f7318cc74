//! The frames of a Speex payload, looked at before libspeex is given them: what makes no sense never
//! gets there, and what it would print of that never gets written.

/// Bits of a frame at 8 kHz by its mode, with the five that name it (The Speex Codec Manual,
/// section 9.1).
const NARROW: [usize; 9] = [5, 43, 119, 160, 220, 300, 364, 492, 79];
/// Bits of what comes on top at 16 kHz by its mode, with the four that name it (section 10.1).
const WIDE: [usize; 5] = [4, 36, 112, 192, 352];
/// Layers on top that a decoder passes over.
const MAX_LAYERS: usize = 2;

/// How many whole frames there are before the end, or before what is none.
pub(super) fn count(payload: &[u8], wide: bool) -> usize {
    let mut bits = Bits { payload, at: 0 };
    let mut count = 0;
    while bits.frame(wide).is_some() {
        count += 1;
    }
    count
}

struct Bits<'a> {
    payload: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    /// Passes a frame and the messages before it. `None` where there is none.
    fn frame(&mut self, wide: bool) -> Option<()> {
        loop {
            let mut layers = 0;
            while self.take(1)? == 1 {
                layers += 1;
                if layers > MAX_LAYERS {
                    return None;
                }
                // A layer without bits makes libspeex lose its way where it is to pass it over.
                self.layer().filter(|&mode| mode > 0)?;
            }
            match self.take(4)? {
                // Messages to the decoder and to the application (section 5.5).
                14 => match self.take(4)? {
                    0 | 1 => self.skip(1)?,
                    2..=7 => self.skip(4)?,
                    8 | 9 => self.skip(8)?,
                    10 | 11 => self.skip(16)?,
                    12 | 13 => self.skip(32)?,
                    _ => self.skip(64)?,
                },
                13 => {
                    let bytes = self.take(4)?;
                    self.skip(5 + 8 * bytes)?;
                }
                mode => {
                    self.skip(NARROW.get(mode)? - 5)?;
                    break;
                }
            }
        }
        if wide && self.peek() == Some(1) {
            self.take(1)?;
            self.layer()?;
        }
        Some(())
    }

    /// Passes what follows the bit that says that there is a layer. Its mode.
    fn layer(&mut self) -> Option<usize> {
        let mode = self.take(3)?;
        self.skip(WIDE.get(mode)? - 4)?;
        Some(mode)
    }

    fn peek(&self) -> Option<usize> {
        let byte = self.payload.get(self.at / 8)?;
        Some(usize::from(byte >> (7 - self.at % 8) & 1))
    }

    fn take(&mut self, count: usize) -> Option<usize> {
        (0..count).try_fold(0, |value, _| {
            let bit = self.peek()?;
            self.at += 1;
            Some(value << 1 | bit)
        })
    }

    fn skip(&mut self, count: usize) -> Option<()> {
        self.at += count;
        (self.at <= self.payload.len() * 8).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_end_with_the_payload_or_with_what_is_none() {
        // Mode 0 is five bits: two of them, and a terminator.
        assert_eq!(count(&[0, 0b0001_1111], false), 2);
        assert_eq!(count(&[0, 0, 0], false), 4);
        assert_eq!(count(&[], false), 0);
        assert_eq!(count(&[0x7f], false), 0);
        // Modes nine to twelve are none.
        assert_eq!(count(&[0b0100_1000, 0, 0, 0], false), 0);
    }

    #[test]
    fn a_frame_that_is_cut_off_does_not_count() {
        // Mode 5: 300 bits.
        let mut frame = [0; 38];
        frame[0] = 0b0010_1000;
        frame[37] = 0b0000_0111;
        assert_eq!(count(&frame, false), 1);
        assert_eq!(count(&frame[..37], false), 0);
    }

    #[test]
    fn messages_come_before_a_frame() {
        // A message of one bit, then mode 0.
        assert_eq!(count(&[0b0111_0000, 0b0000_0000, 0xff], false), 1);
    }

    #[test]
    fn layers_are_passed_over_and_three_are_none() {
        // Mode 1 of the upper band is 36 bits, mode 0 is four.
        let mut layers = [0; 14];
        (layers[0], layers[4], layers[9]) = (0b1001_0000, 0b0000_1001, 0b0000_0111);
        assert_eq!(count(&layers, false), 1);
        layers[9] = 0b1001_0000;
        assert_eq!(count(&layers, false), 0);
        assert_eq!(count(&[0b1000_0000, 0b0111_1111], false), 0);
        assert_eq!(count(&[0b0000_0100, 0b0011_1111], true), 1);
        assert_eq!(count(&[0b0000_0111, 0b0011_1111], true), 0);
    }
}
