//! Numbers that the Recommendation gives without a formula. They are facts of the standard: an implementation with
//! others would not understand a stream.

pub(crate) mod gain;
pub(crate) mod interpolation;
pub(crate) mod lsf;
pub(crate) mod silence;
