//! Session timers (RFC 4028): a call whose peer has vanished ends although nobody hears it hang up.

use std::time::{Duration, Instant};

use crate::message::{HeaderName, Headers, Refresher, SessionExpires};

/// The option tag of RFC 4028.
pub const TIMER: &str = "timer";

/// The shortest interval there is, in seconds (RFC 4028 section 5).
pub const SHORTEST: u32 = 90;

/// The longest Min-SE of a peer that is believed, in seconds: a day.
const LONGEST_MINIMUM: u32 = 86_400;

/// How long a refresh that failed for the moment waits.
const AGAIN: Duration = Duration::from_secs(5);

/// What our side wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionPolicy {
    /// The interval asked for, in seconds. `None` asks for none; a peer that does gets its own.
    pub expires: Option<u32>,
    /// The shortest interval taken, in seconds; [`SHORTEST`] at least.
    pub min_se: u32,
}

/// Which side refreshes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshedBy {
    /// We do.
    Us,
    /// The peer does.
    Peer,
}

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionTimeout {
    /// Nothing yet.
    Wait,
    /// Send a refresh: an UPDATE or a re-INVITE.
    Refresh,
    /// No refresh came or succeeded: send BYE.
    Expired,
}

/// The timer of one session.
#[derive(Debug, Clone)]
pub struct SessionTimer {
    policy: SessionPolicy,
    /// The largest Min-SE met; ours goes up to it.
    minimum: u32,
    running: Option<Running>,
}

#[derive(Debug, Clone, Copy)]
struct Running {
    seconds: u32,
    by: RefreshedBy,
    /// When our refresh is due; `None` for the peer's, and while ours is under way.
    refresh: Option<Instant>,
    end: Instant,
}

impl SessionTimer {
    /// None runs yet.
    pub fn new(policy: SessionPolicy) -> Self {
        Self { policy, minimum: policy.min_se.max(SHORTEST), running: None }
    }

    /// The interval in seconds and who refreshes, while a timer runs.
    pub fn running(&self) -> Option<(u32, RefreshedBy)> {
        self.running.map(|running| (running.seconds, running.by))
    }

    /// What an INVITE or UPDATE of ours says of it (section 7.1 and 7.4), besides `Supported: timer`.
    pub fn request_headers(&self) -> Vec<(HeaderName, String)> {
        let asked = match self.running {
            // The roles stay: they are named by their part in this request.
            Some(Running { seconds, by, .. }) => {
                let refresher = if by == RefreshedBy::Us { Refresher::Uac } else { Refresher::Uas };
                Some(SessionExpires { seconds, refresher: Some(refresher) })
            }
            None => self.policy.expires.map(|seconds| SessionExpires { seconds, refresher: None }),
        };
        let Some(asked) = asked else { return Vec::new() };
        let asked = SessionExpires { seconds: asked.seconds.max(self.minimum), ..asked };
        let mut headers = vec![(HeaderName::SessionExpires, asked.to_string())];
        if self.minimum > SHORTEST {
            headers.push((HeaderName::MinSe, self.minimum.to_string()));
        }
        headers
    }

    /// Takes a 422 to a request of ours. `true` when it can be tried again with a longer interval (section 7.3).
    pub fn too_small(&mut self, response: &Headers) -> bool {
        let wanted = response.min_se().filter(|seconds| (self.minimum..=LONGEST_MINIMUM).contains(seconds));
        let asked = self.running.map(|running| running.seconds).or(self.policy.expires);
        let Some(wanted) = wanted.filter(|wanted| asked.is_some_and(|asked| asked.max(self.minimum) < *wanted)) else {
            return false;
        };
        self.minimum = wanted;
        true
    }

    /// Takes the 2xx to an INVITE or UPDATE of ours (section 7.2): the timer begins anew, or there is none.
    pub fn accepted(&mut self, response: &Headers, now: Instant) {
        self.running = response.session_expires().ok().flatten().map(|told| {
            let by = if told.refresher == Some(Refresher::Uas) { RefreshedBy::Peer } else { RefreshedBy::Us };
            // A shorter interval than there is would only make us busy.
            Running::new(told.seconds.max(SHORTEST), by, now)
        });
    }

    /// Whether the interval a peer's INVITE or UPDATE asks for is long enough (section 9). One who does not know what 422
    /// means gets what it asks for.
    ///
    /// # Errors
    /// The Min-SE to answer 422 with.
    pub fn check(&self, request: &Headers) -> Result<(), u32> {
        let asked = request.session_expires().ok().flatten();
        let too_short = asked.is_some_and(|asked| asked.seconds < self.minimum);
        if too_short && is_supported(request) { Err(self.minimum) } else { Ok(()) }
    }

    /// What the 2xx to a peer's INVITE or UPDATE says (section 9); the timer begins anew, or there is none.
    pub fn answer(&mut self, request: &Headers, now: Instant) -> Vec<(HeaderName, String)> {
        let is_supported = is_supported(request);
        let asked = request.session_expires().ok().flatten();
        let shortest = request.min_se().unwrap_or(SHORTEST).min(LONGEST_MINIMUM).max(self.minimum);
        let former = self.running;
        let wanted = match asked {
            // No longer than what was asked, but what no interval may be has no say.
            Some(asked) => {
                let wanted = self.policy.expires.unwrap_or(asked.seconds).max(shortest);
                Some(wanted.min(asked.seconds).max(SHORTEST))
            }
            // Our own wish; it needs a peer that knows of timers, unless one runs already.
            None => {
                let wanted = former.map(|running| running.seconds).or(self.policy.expires.filter(|_| is_supported));
                wanted.map(|seconds| seconds.max(shortest))
            }
        };
        let Some(seconds) = wanted else {
            self.running = None;
            return Vec::new();
        };
        let by = match asked.and_then(|asked| asked.refresher) {
            // Who does not know of timers refreshes nothing; a proxy asked for them.
            _ if !is_supported => RefreshedBy::Us,
            Some(Refresher::Uac) => RefreshedBy::Peer,
            Some(Refresher::Uas) => RefreshedBy::Us,
            None => match former {
                Some(former) => former.by,
                None if asked.is_some() => RefreshedBy::Peer,
                None => RefreshedBy::Us,
            },
        };
        self.running = Some(Running::new(seconds, by, now));
        let refresher = if by == RefreshedBy::Peer { Refresher::Uac } else { Refresher::Uas };
        let told = SessionExpires { seconds, refresher: Some(refresher) };
        let mut headers = vec![(HeaderName::SessionExpires, told.to_string())];
        if by == RefreshedBy::Peer {
            headers.push((HeaderName::Require, TIMER.to_owned()));
        }
        headers
    }

    /// A refresh of ours failed for the moment; it is tried again while the session lasts.
    pub fn try_again(&mut self, now: Instant) {
        if let Some(running) = self.running.as_mut().filter(|running| running.by == RefreshedBy::Us) {
            running.refresh = Some(now + AGAIN);
        }
    }

    /// When [`SessionTimer::handle_timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let running = self.running.as_ref()?;
        Some(running.refresh.map_or(running.end, |refresh| refresh.min(running.end)))
    }

    /// What is due now. A refresh is asked for once, until its outcome is told.
    pub fn handle_timeout(&mut self, now: Instant) -> SessionTimeout {
        let Some(running) = self.running.as_mut() else { return SessionTimeout::Wait };
        if running.end <= now {
            self.running = None;
            return SessionTimeout::Expired;
        }
        match running.refresh.take_if(|at| *at <= now) {
            Some(_) => SessionTimeout::Refresh,
            None => SessionTimeout::Wait,
        }
    }
}

impl Running {
    fn new(seconds: u32, by: RefreshedBy, now: Instant) -> Self {
        let interval = Duration::from_secs(seconds.into());
        // Section 10: half the interval for a refresh; the BYE goes a little before the end.
        let refresh = (by == RefreshedBy::Us).then(|| now + interval / 2);
        let margin = Duration::from_secs(32).min(interval / 3);
        Self { seconds, by, refresh, end: now + interval.saturating_sub(margin) }
    }
}

/// Whether the sender of a request knows of session timers.
fn is_supported(request: &Headers) -> bool {
    [HeaderName::Supported, HeaderName::Require].iter().any(|name| request.has_option(name, TIMER))
}
