//! Known losses have known opinions.

use super::*;

const THRESHOLDS: Thresholds = Thresholds::DEFAULT;

/// A leg's counters, and what its watch says of them.
struct Leg {
    watch: Watch,
    now: Instant,
    window: Window,
}

impl Leg {
    fn new() -> Self {
        let now = crate::simulated::origin();
        let mut watch = Watch::default();
        watch.begin(now, &THRESHOLDS);
        let window = Window {
            receives: true,
            sends: true,
            pauses: false,
            received: 0,
            lost: 0,
            gaps: Gaps::default(),
            jitter: Duration::ZERO,
            playout: Playout::default(),
            heard: None,
            round_trip: None,
            codecs: (Some(Codec::Pcmu), Some(Codec::Pcmu)),
        };
        Self { watch, now, window }
    }

    /// Five seconds in which so many of 250 packets from it were lost, one at a time.
    fn loses(&mut self, lost: u64) -> Vec<QualityReport> {
        self.window.received += 250 - lost;
        self.window.lost += lost as i64;
        self.window.gaps.count += lost;
        self.window.gaps.missing += lost;
        self.pass()
    }

    /// Five seconds after which it reports so many of 250 packets lost.
    fn reports(&mut self, lost: u64) -> Vec<QualityReport> {
        let before = self.window.heard.unwrap_or(Heard { lost: 0, sent: 0, jitter: Duration::ZERO });
        self.window.heard = Some(Heard { lost: before.lost + lost, sent: before.sent + 250, ..before });
        self.loses(0)
    }

    fn pass(&mut self) -> Vec<QualityReport> {
        let mut told = Vec::new();
        self.watch.expire(self.now + Duration::from_millis(4999), self.window, &THRESHOLDS, |report| told.push(report));
        assert!(told.is_empty(), "nothing is said before its time");
        self.now += THRESHOLDS.interval;
        self.watch.expire(self.now, self.window, &THRESHOLDS, |report| told.push(report));
        told
    }

    fn sounds(&self) -> (Sound, Sound) {
        self.watch.sounds(&self.window)
    }
}

fn near(mos: Option<f32>, expected: f32) {
    assert!(mos.is_some_and(|mos| (mos - expected).abs() < 0.02), "{mos:?} is not {expected}");
}

#[test]
fn sound_without_loss_has_the_opinion_of_g_107s_default_values() {
    let mut leg = Leg::new();
    assert_eq!(leg.loses(0), []);
    near(leg.sounds().0.mos, 4.41);
    assert_eq!(leg.sounds().1.mos, None, "nothing is known of what it hears");
    leg.reports(0);
    near(leg.sounds().1.mos, 4.41);
}

#[test]
fn a_fifth_lost_is_bad_and_good_again_ten_seconds_after() {
    let mut leg = Leg::new();
    leg.loses(0);
    let told = leg.loses(50);
    let [report] = told[..] else { panic!("{told:?}") };
    assert_eq!((report.way, report.bad), (Way::Received, true));
    assert_eq!(report.causes, Causes { loss: true, ..Causes::default() });
    assert_eq!(report.loss, 0.2);
    near(report.mos, 2.63);
    assert_eq!(leg.loses(50), [], "it is said once");
    assert_eq!(leg.loses(0), []);
    let told = leg.loses(0);
    let [report] = told[..] else { panic!("{told:?}") };
    assert_eq!((report.bad, report.causes), (false, Causes::default()));
    near(leg.sounds().0.mos, 4.41);
    near(leg.sounds().0.mos_lowest, 2.63);
    near(leg.sounds().0.mos_mean, (3.0 * 4.41 + 2.0 * 2.63) / 5.0);
}

#[test]
fn what_the_peer_reports_is_about_what_it_hears() {
    let mut leg = Leg::new();
    leg.reports(0);
    let told = leg.reports(50);
    let [report] = told[..] else { panic!("{told:?}") };
    assert_eq!((report.way, report.bad, report.causes.loss), (Way::Sent, true, true));
    near(leg.sounds().0.mos, 4.41);
    near(leg.sounds().1.mos, 2.63);
    assert_eq!(leg.sounds().1.lost, 50);
}

#[test]
fn without_a_new_report_nothing_is_judged() {
    let mut leg = Leg::new();
    leg.reports(50);
    assert_eq!([leg.loses(0), leg.loses(0), leg.loses(0)], [const { Vec::new() }; 3]);
    near(leg.sounds().1.mos, 2.63);
}

#[test]
fn losses_in_a_row_weigh_more() {
    let mut leg = Leg::new();
    leg.window.gaps = Gaps { count: 2, missing: 20 };
    leg.window.lost = 20;
    leg.window.received = 230;
    leg.pass();
    let (received, _) = leg.sounds();
    assert!(received.burst_ratio.is_some_and(|ratio| (ratio - 9.2).abs() < 0.01));
    let mut chance = Leg::new();
    chance.loses(20);
    assert!(received.mos < chance.sounds().0.mos);
}

#[test]
fn a_long_way_and_uneven_arrival_are_causes_of_their_own() {
    let mut far = Leg::new();
    far.window.round_trip = Some(Duration::from_millis(1600));
    let told = far.loses(0);
    assert!(matches!(told[..], [QualityReport { causes: Causes { delay: true, loss: false, jitter: false, .. }, .. }]));
    let mut uneven = Leg::new();
    uneven.window.round_trip = Some(Duration::from_millis(700));
    uneven.window.jitter = Duration::from_millis(120);
    let told = uneven.loses(0);
    assert!(matches!(told[..], [QualityReport { causes: Causes { jitter: true, loss: false, .. }, .. }]), "{told:?}");
}

#[test]
fn one_way_sound_is_silence_unless_the_leg_is_held() {
    let mut leg = Leg::new();
    leg.loses(0);
    assert_eq!(leg.pass(), []);
    let told = leg.pass();
    let [report] = told[..] else { panic!("{told:?}") };
    assert_eq!(report.causes, Causes { silence: true, ..Causes::default() });
    assert_eq!((report.way, report.mos), (Way::Received, None));

    let mut held = Leg::new();
    held.loses(0);
    held.window.receives = false;
    assert_eq!([held.pass(), held.pass(), held.pass()], [const { Vec::new() }; 3]);
    held.window.receives = true;
    assert_eq!([held.pass(), held.pass()], [const { Vec::new() }; 2], "the silence of the hold does not count");
}

#[test]
fn who_may_say_nothing_while_nobody_speaks_is_not_called_silent() {
    let mut leg = Leg::new();
    leg.window.pauses = true;
    leg.loses(0);
    assert_eq!([leg.pass(), leg.pass(), leg.pass()], [const { Vec::new() }; 3]);
}

#[test]
fn what_is_decoded_here_counts_what_came_too_late_and_how_long_it_waits() {
    let mut leg = Leg::new();
    leg.window.playout =
        Playout { concealed: Duration::from_secs(1), late: 50, delay: Some(Duration::from_millis(60)) };
    leg.window.received = 250;
    leg.pass();
    let (received, _) = leg.sounds();
    near(received.mos, 2.63);
    assert_eq!((received.late, received.concealed), (50, Duration::from_secs(1)));
}
