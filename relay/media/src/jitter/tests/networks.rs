//! How long packets wait on networks of different kinds, and how many are late all the same.

use super::simulation::Dice;
use super::*;

/// Ten minutes of packets of 20 ms.
const COUNT: u32 = 30_000;
const LOADED: &str = include_str!("loaded.trace");

/// A network's name and how many milliseconds it holds up each packet.
type Network = (&'static str, Vec<f64>);

fn networks() -> Vec<Network> {
    let mut dice = Dice(0x5eed_0ff1_0001);
    let mut each = |name, held: &mut dyn FnMut(&mut Dice, u32) -> f64| {
        (name, (0..COUNT).map(|index| held(&mut dice, index).max(0.0)).collect::<Vec<f64>>())
    };
    let mut until = 0.0;
    let mut spike = 0.0;
    let mut networks = vec![
        each("even", &mut |_, _| 5.0),
        each("uniform 0 to 30 ms", &mut |dice, _| dice.part() * 30.0),
        each("uniform 0 to 100 ms", &mut |dice, _| dice.part() * 100.0),
        each("gaussian, 10 ms", &mut |dice, _| 40.0 + dice.normal() * 10.0),
        each("gaussian, 25 ms", &mut |dice, _| 100.0 + dice.normal() * 25.0),
        // Every five seconds on average something holds all packets up until it is over.
        each("bursts of 60 to 160 ms", &mut |dice, index| {
            let sent = f64::from(index) * 20.0;
            if dice.below(250) == 0 {
                until = sent + 60.0 + dice.part() * 100.0;
            }
            (until - sent).max(dice.part() * 4.0)
        }),
        // Contention adds up to 15 ms, exponentially distributed; each second or so a scan or a retry
        // holds packets up for as much as 120 ms, and they then come one after the other.
        each("Wi-Fi: contention and retries", &mut |dice, _| {
            spike = if dice.below(60) == 0 { 30.0 + dice.part() * 90.0 } else { f64::max(spike - 20.0, 0.0) };
            spike + (-dice.part().max(1e-9).ln() * 4.0).min(15.0)
        }),
    ];
    networks.push(("recorded: a loaded machine", recorded()));
    networks
}

/// The recording, over and over.
fn recorded() -> Vec<f64> {
    let numbers = LOADED.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace);
    let held: Vec<f64> = numbers.map(|tenths| tenths.parse::<f64>().unwrap() / 10.0).collect();
    assert_eq!(held.len(), 1500);
    held.into_iter().cycle().take(COUNT as usize).collect()
}

/// The delay at which a buffer that never changes it would have no more late packets than `late`.
fn fixed_delay(held: &[f64], late: f64) -> f64 {
    let least = held.iter().copied().fold(f64::MAX, f64::min);
    let mut sorted: Vec<f64> = held.iter().map(|held| held - least).collect();
    sorted.sort_by(f64::total_cmp);
    sorted[(((1.0 - late) * sorted.len() as f64) as usize).min(sorted.len() - 1)]
}

/// A table: delay against late packets. What a fixed delay would have to be for as few late packets stands beside it.
#[test]
fn few_are_late_and_the_delay_is_no_longer_than_it_must_be() {
    println!(
        "{:32} {:>6} {:>6} {:>7} {:>7} {:>9} {:>7} {:>7}",
        "network", "mean", "p95", "late", "made up", "paces", "fixed", "max"
    );
    for (name, held) in networks() {
        let (heard, counts) = played(stream(20, COUNT, |index| Some(held[index as usize])));
        assert!(heard.is_in_order(), "{name}");
        let mut delays = heard.delays.clone();
        delays.sort();
        let mean = heard.mean_delay(0.0).as_secs_f64() * 1000.0;
        let p95 = delays[delays.len() * 95 / 100].as_secs_f64() * 1000.0;
        let late = (counts.late + counts.skipped) as f64 / f64::from(COUNT);
        let made_up = (heard.concealed.as_secs_f64() - 0.2) / (f64::from(COUNT) * 0.02);
        let fixed = fixed_delay(&held, late.max(1.0 / f64::from(COUNT)));
        let max = fixed_delay(&held, 0.0);
        println!(
            "{name:32} {mean:>3.0} ms {p95:>3.0} ms {:>5.2} % {:>5.2} % {:>4} {:>4} {fixed:>4.0} ms {max:>4.0} ms",
            late * 100.0,
            made_up * 100.0,
            counts.shortened,
            counts.lengthened,
        );
        assert!(late <= 0.02, "{name}: {late}");
        assert!(made_up <= 0.03, "{name}: {made_up}");
        assert!(mean <= max + 30.0 && mean <= 160.0, "{name}: {mean} ms");
    }
}

#[test]
fn the_delay_comes_back_down_after_a_bad_minute() {
    let mut dice = Dice(77);
    let held: Vec<f64> = (0..9000).map(|i| if (2000..5000).contains(&i) { dice.part() * 150.0 } else { 3.0 }).collect();
    let (heard, counts) = played(stream(20, 9000, |index| Some(held[index as usize])));
    let mean =
        |range: std::ops::Range<usize>| heard.delays[range.clone()].iter().sum::<Duration>() / (range.len() as u32);
    assert!(mean(1000..1900) <= ms(45), "{:?}", mean(1000..1900));
    assert!(mean(3000..4800) >= ms(100), "{:?}", mean(3000..4800));
    let last = heard.delays.len();
    assert!(mean(last - 1000..last) <= ms(45), "{:?}", mean(last - 1000..last));
    assert!(counts.played >= 8900, "{counts:?}");
}
