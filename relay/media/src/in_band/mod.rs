//! Keys as tones in the sound itself (ITU-T Q.23 and Q.24), for peers that know no other way.

mod coding;
mod detector;
mod listener;
mod sender;

pub(crate) use coding::is_heard_in;
pub(crate) use listener::{Listener, Order};
pub(crate) use sender::{FRAME, FRAME_LEN, Sender, Step};

use crate::dtmf::Digit;

/// Samples per second.
const RATE: u32 = 8000;
/// The peak of a sine of 0 dBm0 in 16 bits (ITU-T G.711).
const REFERENCE: f32 = 22_302.0;
/// Frequencies of the lower group, one for each row of keys.
const ROWS: usize = 4;
/// Frequencies of the higher group, one for each column.
const COLUMNS: usize = 4;
/// The frequencies in Hz: rows, then columns (Q.23).
const FREQUENCIES: [f32; ROWS + COLUMNS] = [697.0, 770.0, 852.0, 941.0, 1209.0, 1336.0, 1477.0, 1633.0];
/// The keys as they stand on a telephone.
const KEYPAD: [[char; COLUMNS]; ROWS] =
    [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];

/// The key of a row and a column.
fn digit_at(row: usize, column: usize) -> Option<Digit> {
    Digit::from_char(*KEYPAD.get(row)?.get(column)?)
}

/// Row and column of a key.
fn place_of(digit: Digit) -> Option<(usize, usize)> {
    let key = digit.as_char();
    KEYPAD.iter().enumerate().find_map(|(row, keys)| Some((row, keys.iter().position(|&known| known == key)?)))
}
