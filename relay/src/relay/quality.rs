//! What calls are like: figures that browsers ask for, and news of sound that turns bad or is good again.

use std::time::{Duration, Instant};

use offhook_media::{Causes, Command, LegId, LegStats, QualityReport, Sound, StreamStats, Way};
use offhook_protocol::event::CallQuality;
use offhook_protocol::quality::{End, Figures, LegFigures, Quality, QualityCause, StreamFigures, WayFigures};
use offhook_protocol::reply::{CallStats, ReplyBody};
use offhook_protocol::{ErrorCode, EventBody, Failure, Json};

use super::calls::Driver;
use super::{MediaPlane, Relay, Timer};
use crate::call::Party;
use crate::session::{ConnectionId, SessionId};

/// Browsers that may wait for figures at the same time.
const MAX_ASKED: usize = 1024;

/// How long the workers may take. They answer at once, unless the leg has just been closed.
const PATIENCE: Duration = Duration::from_secs(2);

/// A browser that waits for a call's figures.
#[derive(Debug)]
pub(super) struct Asked {
    connection: ConnectionId,
    request: u32,
    own: LegId,
    /// The far end's leg, where the media workers have it.
    far: Option<LegId>,
    own_figures: Option<LegFigures>,
    far_figures: Option<LegFigures>,
    until: Instant,
}

impl Asked {
    fn take(&mut self, leg: LegId, stats: &LegStats) {
        if self.own == leg {
            self.own_figures = Some(figures(stats));
        } else if self.far == Some(leg) {
            self.far_figures = Some(figures(stats));
        }
    }

    fn is_complete(&self) -> bool {
        self.own_figures.is_some() && self.far.is_some() == self.far_figures.is_some()
    }
}

impl<M: MediaPlane> Relay<M> {
    /// Asks the media worker for the figures of a session's call; the request is replied to when they have come.
    pub(super) fn ask_stats(
        &mut self,
        (connection, request): (ConnectionId, u32),
        session: SessionId,
        call_id: &str,
        now: Instant,
    ) -> Result<(), Failure> {
        if self.asked.len() >= MAX_ASKED {
            return Err(Failure::new(
                ErrorCode::LimitReached,
                "Too many figures are asked for. Try again in a moment.",
            ));
        }
        let own = self.leg_of(session, call_id)?;
        let far = self.opposite(own);
        for leg in [Some(own), far].into_iter().flatten() {
            let worker = self.legs.get(&leg).map(|entry| entry.worker);
            let asked = worker.map(|worker| self.media.command(worker, Command::Snapshot { leg }));
            if !matches!(asked, Some(Ok(()))) {
                return Err(Failure::new(ErrorCode::LimitReached, "The relay's media side is overloaded."));
            }
        }
        let until = now + PATIENCE;
        self.asked.push(Asked { connection, request, own, far, own_figures: None, far_figures: None, until });
        self.schedule.put(until, Timer::Figures(connection));
        Ok(())
    }

    /// The leg that a leg's media is joined with, if any.
    fn opposite(&self, leg: LegId) -> Option<LegId> {
        let entry = self.legs.get(&leg)?;
        let other = match entry.party {
            Party::Caller => Party::Callee,
            Party::Callee => Party::Caller,
            Party::Third => return None,
        };
        let other = self.calls.get(&entry.call)?.leg(other)?;
        self.legs.get(&other).is_some_and(|other| other.driver.has_media()).then_some(other)
    }

    /// A worker says what a leg's counters are: whoever waits for them is told when all are there.
    pub(super) fn stats_came(&mut self, leg: LegId, stats: &LegStats) {
        for asked in &mut self.asked {
            asked.take(leg, stats);
        }
        while let Some(complete) = self.asked.iter().position(Asked::is_complete) {
            let asked = self.asked.swap_remove(complete);
            let figures = Figures { own: asked.own_figures.unwrap_or_default(), far: asked.far_figures };
            let body = ReplyBody::Stats(CallStats { stats: Json::of(&figures) });
            self.reply(asked.connection, Some(asked.request), Ok(body));
        }
    }

    /// Tells a browser what there is of the figures that it has waited for long enough.
    pub(super) fn give_up_figures(&mut self, connection: ConnectionId, now: Instant) {
        let late = |asked: &Asked| asked.connection == connection && asked.until <= now;
        while let Some(at) = self.asked.iter().position(late) {
            let asked = self.asked.swap_remove(at);
            let body = match asked.own_figures {
                Some(own) => {
                    Ok(ReplyBody::Stats(CallStats { stats: Json::of(&Figures { own, far: asked.far_figures }) }))
                }
                None => Err(Failure::new(ErrorCode::UnknownCall, "The call has just ended.")),
            };
            self.reply(connection, Some(asked.request), body);
        }
    }

    /// A browser is gone and waits for nothing any more.
    pub(super) fn forget_asked(&mut self, connection: ConnectionId) {
        self.asked.retain(|asked| asked.connection != connection);
    }

    /// The sound of a leg has turned bad, or is good again: the browsers of its call are told.
    pub(super) fn quality_changed(&mut self, leg: LegId, report: &QualityReport) {
        let Some(entry) = self.legs.get(&leg) else { return };
        let QualityReport { way, bad, mos, loss, jitter, round_trip, .. } = report;
        tracing::info!(call = entry.call.0, party = ?entry.party, ?way, bad, causes = ?causes(report.causes), mos, loss,
            jitter = jitter.as_millis(), round_trip = round_trip.map(|time| time.as_millis()), "quality of sound");
        let Some(call) = self.calls.get(&entry.call) else { return };
        let news: Vec<_> = call
            .legs()
            .filter_map(|browser| match &self.legs.get(&browser)?.driver {
                Driver::Browser(session, driver) => {
                    let quality = Json::of(&quality(report, browser == leg));
                    Some((*session, CallQuality { call_id: driver.call_id().to_owned(), quality }))
                }
                Driver::Service(_) | Driver::Sip | Driver::DirectSip => None,
            })
            .collect();
        for (session, news) in news {
            self.emit(session, EventBody::Quality(news));
        }
    }
}

/// A report as it is told a browser, about its own leg or that of the far end.
fn quality(report: &QualityReport, is_own: bool) -> Quality {
    let (own, other) = if is_own { (End::Own, End::Far) } else { (End::Far, End::Own) };
    Quality {
        bad: report.bad,
        // What a leg is sent it hears itself.
        hearer: if report.way == Way::Sent { own } else { other },
        side: own,
        causes: causes(report.causes),
        mos: report.mos.map(rounded),
        loss: rounded(report.loss),
        jitter_ms: millis(report.jitter),
        round_trip_ms: report.round_trip.map(millis),
    }
}

fn causes(causes: Causes) -> Vec<QualityCause> {
    let Causes { loss, jitter, delay, silence } = causes;
    let all = [
        (loss, QualityCause::Loss),
        (jitter, QualityCause::Jitter),
        (delay, QualityCause::Delay),
        (silence, QualityCause::Silence),
    ];
    all.into_iter().filter_map(|(is, cause)| is.then_some(cause)).collect()
}

/// A leg's counters as they are told.
pub(super) fn figures(stats: &LegStats) -> LegFigures {
    let LegStats { audio, video, .. } = stats;
    let received = StreamFigures {
        packets: audio.received_packets,
        bytes: audio.received_bytes,
        concealed_ms: Some(u64::try_from(stats.received.concealed.as_millis()).unwrap_or(u64::MAX)),
        late: Some(stats.received.late),
        ..sound(&stats.received)
    };
    let sent = StreamFigures { packets: audio.sent_packets, bytes: audio.sent_bytes, ..sound(&stats.sent) };
    LegFigures {
        received: WayFigures { audio: received, video: seen(video, true) },
        sent: WayFigures { audio: sent, video: seen(video, false) },
        round_trip_ms: stats.round_trip.map(millis),
    }
}

fn sound(sound: &Sound) -> StreamFigures {
    StreamFigures {
        codec: sound.codec.map(|codec| codec.label().to_owned()),
        lost: sound.lost,
        jitter_ms: sound.jitter.map(millis),
        burst_ratio: sound.burst_ratio.map(rounded),
        mos: sound.mos.map(rounded),
        mos_mean: sound.mos_mean.map(rounded),
        mos_lowest: sound.mos_lowest.map(rounded),
        ..StreamFigures::default()
    }
}

/// Pictures, where there have been any.
fn seen(video: &StreamStats, received: bool) -> Option<StreamFigures> {
    let (packets, bytes) = match received {
        true => (video.received_packets, video.received_bytes),
        false => (video.sent_packets, video.sent_bytes),
    };
    let lost = if received { u64::try_from(video.lost).unwrap_or(0) } else { 0 };
    (packets > 0).then(|| StreamFigures { packets, bytes, lost, ..StreamFigures::default() })
}

/// To two places: an estimate is no better.
fn rounded(value: f32) -> f64 {
    (f64::from(value) * 100.0).round() / 100.0
}

fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}
