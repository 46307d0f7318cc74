//! Which gains leave the least of the target, §3.9.2. All pairs are tried: 128 cost less than the choice among them.

use crate::SUBFRAME;
use crate::bits::Index;
use crate::filter::dot;
use crate::gain::quantised;
use crate::tables::gain::{FIRST, SECOND};

/// What the two codebooks give once they are filtered, and what they are to give together.
pub(crate) struct Parts<'a> {
    pub(crate) target: &'a [f32; SUBFRAME],
    pub(crate) past: &'a [f32; SUBFRAME],
    pub(crate) code: &'a [f32; SUBFRAME],
}

/// The indices GA and GB for the gains that leave least. The pitch gain stays below `limit`, and that of the code is
/// told as a factor to `foretold`.
pub(crate) fn search(parts: &Parts<'_>, foretold: f32, limit: f32) -> (Index<3>, Index<4>) {
    let &Parts { target, past, code } = parts;
    let (past_energy, code_energy, common) = (dot(past, past), dot(code, code), dot(past, code));
    let (past_target, code_target) = (dot(past, target), dot(code, target));
    // Equation (63) without the energy of the target, which is the same for all.
    let error = |pitch: f32, code: f32| {
        pitch * pitch * past_energy + code * code * code_energy + 2.0 * pitch * code * common
            - 2.0 * (pitch * past_target + code * code_target)
    };
    let (mut best, mut least) = ((0, 0), f32::INFINITY);
    for (first, one) in FIRST.iter().enumerate() {
        for (second, other) in SECOND.iter().enumerate() {
            let (pitch, factor) = quantised(one, other);
            let error = error(pitch, factor * foretold);
            if error < least && pitch < limit {
                (best, least) = ((first, second), error);
            }
        }
    }
    (Index::new(best.0), Index::new(best.1))
}
