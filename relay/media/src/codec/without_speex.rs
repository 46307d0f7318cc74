//! In the place of `speex`, for machines that it cannot be had on.

use std::convert::Infallible;

/// Whether it can be had on this machine.
pub(super) const IS_KNOWN: bool = false;
/// A frame, in milliseconds.
pub(super) const FRAME: u32 = 20;

/// There is none.
pub(super) struct Decoder(Infallible);

impl Decoder {
    /// Always `None`.
    pub(super) fn new(_: u32) -> Option<Self> {
        None
    }

    /// Never called.
    pub(super) fn decode(&mut self, _: &[u8], _: &mut Vec<i16>) -> bool {
        match self.0 {}
    }
}

/// There is none.
pub(super) struct Encoder(Infallible);

impl Encoder {
    /// Always `None`.
    pub(super) fn new(_: u32) -> Option<Self> {
        None
    }

    /// Never called.
    pub(super) fn encode(&mut self, _: &[i16], _: &mut Vec<u8>) {
        match self.0 {}
    }
}
