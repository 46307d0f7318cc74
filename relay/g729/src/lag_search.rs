//! The lag of a subframe: the closed-loop search of Annex A (§A.3.7), near the open-loop lag or the first subframe's.

use crate::SUBFRAME;
use crate::excitation::Excitation;
use crate::filter::dot;
use crate::lag::{LONGEST, Lag, SHORTEST};

/// The best lag of a first subframe. `backward` is the target, filtered backwards through the impulse response.
pub(crate) fn first(open_loop: usize, backward: &[f32; SUBFRAME], past: &Excitation) -> Lag {
    let shortest = open_loop.saturating_sub(3).clamp(SHORTEST, LONGEST - 6);
    let whole = best_whole(shortest, shortest + 6, backward, past);
    // Long lags are told without fractions.
    if whole > 84 { Lag::whole_samples(whole) } else { best_third(whole, backward, past) }
}

/// The best lag of a second subframe.
pub(crate) fn second(first: Lag, backward: &[f32; SUBFRAME], past: &Excitation) -> Lag {
    let shortest = first.around();
    best_third(best_whole(shortest, shortest + 9, backward, past), backward, past)
}

fn best_whole(shortest: usize, longest: usize, backward: &[f32; SUBFRAME], past: &Excitation) -> usize {
    (shortest..=longest)
        .map(|lag| (lag, dot(backward, past.back(lag))))
        .max_by(|one, other| one.1.total_cmp(&other.1))
        .map_or(shortest, |(lag, _)| lag)
}

fn best_third(whole: usize, backward: &[f32; SUBFRAME], past: &Excitation) -> Lag {
    [0, -1, 1]
        .map(|thirds| Lag::fractional(whole, thirds))
        .map(|lag| (lag, dot(backward, &past.between(lag))))
        .into_iter()
        .max_by(|one, other| one.1.total_cmp(&other.1))
        .map_or(Lag::whole_samples(whole), |(lag, _)| lag)
}
