//! The quantiser of a silence descriptor, §B.4.2: which vectors of the speech quantiser it may use, and how far its
//! second predictor is from that of speech. Numbers of the Recommendation.

/// The 32 vectors of the first stage.
pub(crate) static FIRST: [u8; 32] = [
    96, 52, 20, 54, 86, 114, 82, 68, 36, 121, 48, 92, 18, 120, 94, 124, 50, 125, 4, 100, 28, 76, 12, 117, 81, 22, 90,
    116, 127, 21, 108, 66,
];

/// The 16 pairs of the second stage: where the lower five frequencies come from, and the upper five.
pub(crate) static SECOND: [[u8; 2]; 16] = [
    [31, 16],
    [21, 1],
    [9, 0],
    [3, 0],
    [10, 8],
    [2, 25],
    [19, 22],
    [26, 20],
    [4, 19],
    [3, 23],
    [11, 20],
    [29, 31],
    [15, 4],
    [27, 31],
    [21, 20],
    [12, 31],
];

/// What the predictor of the second mode has of the first and second mode's of speech.
pub(crate) const MIXED: [f32; 2] = [0.6, 0.4];
