//! The filter b30 that reads the past excitation between its samples, §3.7.1: a sinc under a Hamming window,
//! as the Recommendation prints it.

/// One side of it in steps of a third of a sample, the middle first: × 2^15.
pub(crate) static THIRDS: [i16; 31] = [
    29443, 25207, 14701, 3143, -4402, -5850, -2783, 1211, 3130, 2259, 0, -1652, -1666, -464, 756, 1099, 550, -245,
    -634, -451, 0, 308, 296, 78, -120, -165, -79, 34, 91, 70, 0,
];
