//! How alike two pieces of sound are.

#![allow(dead_code, reason = "each test uses some of it")]

/// Samples out of a file of 16 bits each, little-endian.
pub(crate) fn samples(file: &[u8]) -> Vec<i16> {
    file.as_chunks::<2>().0.iter().copied().map(i16::from_le_bytes).collect()
}

/// Root mean square.
pub(crate) fn loudness(sound: &[i16]) -> f64 {
    (product(sound, sound) / sound.len().max(1) as f64).sqrt()
}

/// One where both are the same but for their level, zero where they have nothing in common.
pub(crate) fn correlation(one: &[i16], other: &[i16]) -> f64 {
    product(one, other) / (product(one, one) * product(other, other)).sqrt()
}

/// The mean, over the twentieths of a second that have sound, of how far the difference lies below the sound, in dB.
pub(crate) fn segmental_snr(sound: &[i16], copy: &[i16]) -> f64 {
    let ratios: Vec<f64> = sound
        .chunks_exact(160)
        .zip(copy.chunks_exact(160))
        .filter(|(sound, _)| loudness(sound) > 100.0)
        .map(|(sound, copy)| {
            let difference: f64 = sound.iter().zip(copy).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum();
            (10.0 * (product(sound, sound) / difference.max(1e-9)).log10()).min(60.0)
        })
        .collect();
    ratios.iter().sum::<f64>() / ratios.len() as f64
}

fn product(one: &[i16], other: &[i16]) -> f64 {
    one.iter().zip(other).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
}
