//! How speech sounds that came through a network: the E-model (ITU-T G.107), as far as a relay can know its terms.
//!
//! `R = Ro - Is - Id - Ie,eff + A`. Nothing is known of rooms, handsets and analogue lines, so `Ro - Is` is that of the
//! Recommendation's default values; nobody is granted an advantage, so `A` is 0. What is left is what a network does:
//! delay (`Id`), coding and loss (`Ie,eff`).

use std::time::Duration;

use crate::format::Codec;

/// `R` of the default values: no delay, G.711, nothing lost.
pub const BEST: f64 = 93.2;
/// No impairment by coding and loss is larger than this (G.107 equation 7-29).
const WORST: f64 = 95.0;
/// Up to here delay does no harm (G.107 equation 7-27), in milliseconds.
const UNNOTICED: f64 = 100.0;

/// What a codec does to speech: its equipment impairment factor, and its robustness against random loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Equipment {
    /// `Ie`: what coding alone costs.
    pub ie: f64,
    /// `Bpl`: the share of lost packets, in percent, that costs half of what is left.
    pub bpl: f64,
    /// How long sound is on its way for the codec alone, ahead of the packet's own duration.
    pub delay: Duration,
}

impl Equipment {
    /// G.711 where a lost packet is silence (G.113 Appendix I).
    pub const G711_BARE: Self = Self::new(0.0, 4.3, 0);
    /// G.711 whose receiver conceals losses as G.711 Appendix I does (G.113 Appendix I).
    pub const G711: Self = Self::new(0.0, 25.1, 4);
    /// G.729 Annex A, whose decoder conceals (G.113 Appendix I; with silence suppression 11 and 19 as well).
    pub const G729A: Self = Self::new(11.0, 19.0, 15);
    /// G.722 at 64 kbit/s. G.113 Appendix IV gives it 13 of 129 points on the wideband scale, on which G.711 loses 36:
    /// on this one, which ends at G.711, it loses nothing. Its concealment is counted as that of G.711.
    pub const G722: Self = Self::new(0.0, 25.1, 4);
    /// Opus. G.113 has no values: without loss it is better than G.711 by any measure, and its own concealment, with
    /// losses spread out by its lookahead, is counted as that of G.711. Forward error correction, where it is used, does
    /// better than this says.
    pub const OPUS: Self = Self::new(0.0, 25.1, 7);
    /// Speex at 8 kHz. G.113 has no values: at 15 kbit/s it is taken for one with G.726 at 32 kbit/s, with the
    /// robustness of G.729A, which it resembles.
    pub const SPEEX: Self = Self::new(7.0, 19.0, 10);
    /// Speex at 16 kHz, likewise, and wider than this scale knows.
    pub const SPEEX_WIDE: Self = Self::new(0.0, 19.0, 14);

    const fn new(ie: f64, bpl: f64, delay_ms: u64) -> Self {
        Self { ie, bpl, delay: Duration::from_millis(delay_ms) }
    }

    /// That of a codec whose receiver conceals losses, as browsers do and all but the simplest phones.
    #[must_use]
    pub const fn of(codec: Codec) -> Self {
        match codec {
            Codec::Pcmu | Codec::Pcma => Self::G711,
            Codec::G722 => Self::G722,
            Codec::Opus => Self::OPUS,
            Codec::G729 => Self::G729A,
            Codec::Speex8 => Self::SPEEX,
            Codec::Speex16 => Self::SPEEX_WIDE,
        }
    }
}

/// What a network did to packets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Network {
    /// The share of packets that could not be played, 0.0 to 1.0.
    pub loss: f64,
    /// How many packets in a row were lost, compared with losses by chance: 1.0 for these (`BurstR`).
    pub burst_ratio: f64,
    /// From mouth to ear, as far as it is known.
    pub delay: Duration,
}

/// The rating factor `R`: 0 is useless, from 80 on people are satisfied (G.107 Annex B).
#[must_use]
pub fn rating(equipment: Equipment, network: Network) -> f64 {
    (BEST - delay_impairment(network.delay) - effective_impairment(equipment, network)).clamp(0.0, BEST)
}

/// `Ie,eff`: what coding and loss cost (G.107 equation 7-29).
#[must_use]
pub fn effective_impairment(equipment: Equipment, network: Network) -> f64 {
    let loss = network.loss.clamp(0.0, 1.0) * 100.0;
    let burst_ratio = network.burst_ratio.max(1.0);
    equipment.ie + (WORST - equipment.ie) * loss / (loss / burst_ratio + equipment.bpl)
}

/// `Idd`: what delay costs people who want to speak with each other (G.107 equation 7-27). Echo is taken for cancelled.
#[must_use]
pub fn delay_impairment(delay: Duration) -> f64 {
    let delay = delay.as_secs_f64() * 1000.0;
    if delay <= UNNOTICED {
        return 0.0;
    }
    let x = (delay / UNNOTICED).log2();
    let sixth = |x: f64| (1.0 + x.powi(6)).powf(1.0 / 6.0);
    25.0 * (sixth(x) - 3.0 * sixth(x / 3.0) + 2.0)
}

/// The mean opinion that listeners would have of it, 1.0 to 4.5 (G.107 Annex B).
#[must_use]
pub fn mos(rating: f64) -> f64 {
    let r = rating.clamp(0.0, 100.0);
    // The polynomial dips below 1 for the worst.
    (1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lossy(percent: f64) -> Network {
        Network { loss: percent / 100.0, burst_ratio: 1.0, delay: Duration::ZERO }
    }

    fn mos_at(equipment: Equipment, network: Network) -> f64 {
        mos(rating(equipment, network))
    }

    fn near(one: f64, other: f64, by: f64) {
        assert!((one - other).abs() < by, "{one} is not {other}");
    }

    /// G.107 sections 7.2 and 7.3 and the echo terms of 7.4, with the default values of its Table 2.
    fn rating_of_the_default_values() -> f64 {
        let (slr, rlr, stmr, lstr, d, telr, wepl, qdu) = (8.0, 2.0, 15.0, 18.0, 3.0, 65.0, 110.0, 1.0_f64);
        let (nc, nfor, room) = (-70.0, -64.0, 35.0);
        let power = |db: f64| 10f64.powf(db / 10.0);
        let olr = slr + rlr;
        let nos = room - slr - d - 100.0 + 0.004 * (room - olr - d - 14.0_f64).powi(2);
        let pre = room + 10.0 * (1.0 + power(10.0 - lstr)).log10();
        let nor = rlr - 121.0 + pre + 0.008 * (pre - 35.0_f64).powi(2);
        let no = 10.0 * (power(nc) + power(nos) + power(nor) + power(nfor + rlr)).log10();
        let ro = 15.0 - 1.5 * (slr + no);

        let smooth = |x: f64, n: i32| (1.0 + x.powi(n)).powf(1.0 / f64::from(n));
        let xolr = (olr + 0.2 * (64.0 + no - rlr)) / 8.0;
        let iolr = 20.0 * (smooth(xolr, 8) - xolr);
        let stmro = -10.0 * (power(-stmr) + power(-telr)).log10();
        let ist = 12.0 * smooth((stmro - 13.0) / 6.0, 8)
            - 28.0 * smooth((stmro + 1.0) / 19.4, 35)
            - 13.0 * smooth((stmro - 3.0) / 33.0, 13)
            + 29.0;
        let q = 37.0 - 15.0 * qdu.log10();
        let g = 1.07 + 0.258 * q + 0.0602 * q * q;
        let y = (ro - 100.0) / 15.0 + 46.0 / 8.4 - g / 9.0;
        let z = 46.0 / 30.0 - g / 40.0;
        let iq = 15.0 * (1.0 + 10f64.powf(y) + 10f64.powf(z)).log10();

        // Without delay there is no talker echo; the listener's costs a little.
        let rle = 10.5 * (wepl + 7.0);
        let idle = (ro - rle) / 2.0 + ((ro - rle).powi(2) / 4.0 + 169.0).sqrt();
        ro - (iolr + ist + iq) - idle
    }

    #[test]
    fn the_default_values_of_g_107_give_its_rating_and_its_opinion() {
        near(rating_of_the_default_values(), BEST, 0.05);
        near(rating(Equipment::G711, lossy(0.0)), 93.2, 1e-9);
        near(mos_at(Equipment::G711, lossy(0.0)), 4.41, 0.005);
    }

    /// G.107 Annex B, table B.1.
    #[test]
    fn opinions_are_those_of_annex_b() {
        for (rating, opinion) in [(90.0, 4.34), (80.0, 4.03), (70.0, 3.60), (60.0, 3.10), (50.0, 2.58)] {
            near(mos(rating), opinion, 0.01);
        }
        assert_eq!([mos(-5.0), mos(0.0), mos(3.0)], [1.0, 1.0, 1.0]);
        near(mos(120.0), 4.5, 1e-9);
    }

    #[test]
    fn loss_costs_what_the_codec_lets_it() {
        near(effective_impairment(Equipment::G711_BARE, lossy(1.0)), 95.0 / 5.3, 1e-9);
        near(effective_impairment(Equipment::G711, lossy(5.0)), 95.0 * 5.0 / 30.1, 1e-9);
        near(effective_impairment(Equipment::G729A, lossy(0.0)), 11.0, 1e-9);
        near(mos_at(Equipment::G711, lossy(20.0)), 2.63, 0.02);
        near(mos_at(Equipment::G711, lossy(5.0)), 3.93, 0.02);
        near(mos_at(Equipment::G729A, lossy(0.0)), 4.10, 0.02);
        assert_eq!(mos_at(Equipment::G711_BARE, lossy(100.0)), 1.0);
    }

    #[test]
    fn losses_in_a_row_cost_more_than_as_many_by_chance() {
        let bursty = Network { burst_ratio: 2.0, ..lossy(5.0) };
        assert!(mos_at(Equipment::G711, bursty) < mos_at(Equipment::G711, lossy(5.0)));
        let even = Network { burst_ratio: 0.2, ..lossy(5.0) };
        assert_eq!(mos_at(Equipment::G711, even), mos_at(Equipment::G711, lossy(5.0)));
    }

    /// G.107's curve, and G.114's advice: up to 150 ms one-way nobody minds, 400 ms is the limit of what is bearable.
    #[test]
    fn delay_costs_nothing_at_first_and_much_in_the_end() {
        let at = |ms| delay_impairment(Duration::from_millis(ms));
        assert_eq!(at(100), 0.0);
        assert!(at(150) < 1.0);
        near(at(400), 24.0, 1.5);
        assert!(at(1000) > 35.0);
    }

    proptest::proptest! {
        #[test]
        fn nothing_leaves_the_scale(
            ie in 0.0..60.0f64, bpl in 1.0..40.0f64, loss in -1.0..3.0f64, burst_ratio in 0.0..9.0f64, ms in 0u64..100_000
        ) {
            let equipment = Equipment { ie, bpl, delay: Duration::ZERO };
            let opinion = mos_at(equipment, Network { loss, burst_ratio, delay: Duration::from_millis(ms) });
            proptest::prop_assert!((1.0..=4.5).contains(&opinion));
        }
    }
}
