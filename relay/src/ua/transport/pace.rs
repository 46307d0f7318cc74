//! How long a connection may take for what: sans-I/O, so that its hours are tested in no time.
//!
//! Whoever connects must say something whole soon, and finish what it begins: a half-open or dripping connection holds
//! its place for seconds only. Keep-alives (RFC 5626 section 4.4.1, RFC 7118 section 6) find the dead; the idle are
//! closed, but never a flow that a registration relies on.

use std::time::{Duration, Instant};

/// How long a flow may take to answer a keep-alive (RFC 5626 section 4.4.1).
const PONG: Duration = Duration::from_secs(10);

/// The times of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// Until a peer that connected has said its first whole message, and until one that was begun is whole.
    pub(super) message: Duration,
    /// Without a message.
    pub(super) idle: Duration,
    /// Between keep-alives of ours.
    pub(super) keep_alive: Duration,
}

/// What a connection owes, and what we owe it.
#[derive(Debug)]
pub(super) struct Pace {
    times: Times,
    /// The whole message that is waited for.
    message: Option<Instant>,
    idle: Instant,
    /// A registration relies on the flow until then.
    kept: Option<Instant>,
    ping: Option<Instant>,
    pong: Option<Instant>,
    /// The peer is known to answer keep-alives.
    answers: bool,
}

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing yet.
    Nothing,
    /// A keep-alive.
    Ping,
    /// The end, and why.
    End(&'static str),
}

impl Pace {
    /// A connection that we opened: we keep it alive. Not all servers answer keep-alives; one that did once must again.
    pub(super) fn opened(times: Times, now: Instant) -> Self {
        let ping = Some(now + times.keep_alive);
        Self { times, message: None, idle: now + times.idle, kept: None, ping, pong: None, answers: false }
    }

    /// A connection that a peer opened, and keeps alive where it wants to.
    pub(super) fn accepted(times: Times, now: Instant) -> Self {
        Self { message: Some(now + times.message), ping: None, ..Self::opened(times, now) }
    }

    /// A WebSocket: its peer opened it, and must answer pings (RFC 6455 section 5.5.2).
    pub(super) fn websocket(times: Times, now: Instant) -> Self {
        Self { ping: Some(now + times.keep_alive), answers: true, ..Self::accepted(times, now) }
    }

    /// A whole message came or went.
    pub(super) fn message(&mut self, now: Instant) {
        self.message = None;
        self.idle = now + self.times.idle;
    }

    /// The beginning of a message was read, and not its end.
    pub(super) fn begun(&mut self, now: Instant) {
        self.message = self.message.or(Some(now + self.times.message));
    }

    /// The peer answered a keep-alive.
    pub(super) fn pong(&mut self) {
        if self.pong.take().is_some() {
            self.answers = true;
        }
    }

    /// A registration relies on this flow for so long.
    pub(super) fn keep(&mut self, duration: Duration, now: Instant) {
        self.kept = self.kept.max(now.checked_add(duration));
    }

    /// When [`Pace::due`] has something to say.
    pub(super) fn next(&self) -> Instant {
        let idle = self.kept.map_or(self.idle, |kept| kept.max(self.idle));
        let pong = self.pong.filter(|_| self.answers);
        [self.message, self.ping, pong].into_iter().flatten().fold(idle, Instant::min)
    }

    /// What is due.
    pub(super) fn due(&mut self, now: Instant) -> Due {
        let is_past = |at: &Instant| *at <= now;
        if self.message.is_some_and(|at| is_past(&at)) {
            return Due::End("no whole message came in time");
        }
        if self.answers && self.pong.is_some_and(|at| is_past(&at)) {
            return Due::End("keep-alives are not answered any more");
        }
        if is_past(&self.idle) && self.kept.is_none_or(|kept| is_past(&kept)) {
            return Due::End("it was idle");
        }
        if self.ping.is_some_and(|at| is_past(&at)) {
            self.ping = Some(now + self.times.keep_alive);
            self.pong = self.pong.or(Some(now + PONG));
            return Due::Ping;
        }
        Due::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: Times = Times {
        message: Duration::from_secs(10),
        idle: Duration::from_secs(600),
        keep_alive: Duration::from_secs(100),
    };

    #[expect(clippy::disallowed_methods, reason = "an instant to begin simulated time at")]
    fn begin(make: impl FnOnce(Times, Instant) -> Pace) -> (Pace, Instant) {
        let now = Instant::now();
        (make(TIMES, now), now)
    }

    /// What becomes due next that is not a keep-alive, and after how many seconds; each ping is answered or not.
    fn end(pace: &mut Pace, begin: Instant, answering: bool) -> (&'static str, u64) {
        loop {
            let now = pace.next();
            match pace.due(now) {
                Due::Ping if answering => pace.pong(),
                Due::Ping | Due::Nothing => {}
                Due::End(why) => return (why, (now - begin).as_secs()),
            }
        }
    }

    #[test]
    fn whoever_connects_says_something_whole_soon() {
        let (mut pace, now) = begin(Pace::accepted);
        assert_eq!(end(&mut pace, now, true), ("no whole message came in time", 10));
    }

    #[test]
    fn drops_of_a_message_do_not_buy_time() {
        let (mut pace, now) = begin(Pace::accepted);
        pace.message(now);
        for second in 0..9 {
            pace.begun(now + Duration::from_secs(second));
        }
        assert_eq!(end(&mut pace, now, true), ("no whole message came in time", 10));
    }

    #[test]
    fn an_idle_connection_is_closed_unless_a_registration_relies_on_it() {
        let (mut pace, now) = begin(Pace::accepted);
        pace.message(now);
        assert_eq!(end(&mut pace, now, true), ("it was idle", 600));
        let (mut pace, now) = begin(Pace::accepted);
        pace.message(now);
        pace.keep(Duration::from_secs(3600), now);
        pace.keep(Duration::from_secs(60), now);
        assert_eq!(end(&mut pace, now, true), ("it was idle", 3600));
    }

    /// RFC 5626 section 4.4.1.
    #[test]
    fn a_peer_that_answered_keep_alives_once_must_go_on_to() {
        let (mut pace, now) = begin(Pace::opened);
        assert_eq!(pace.next(), now + Duration::from_secs(100));
        assert_eq!(pace.due(pace.next()), Due::Ping);
        pace.pong();
        assert_eq!(end(&mut pace, now, false), ("keep-alives are not answered any more", 210));
    }

    #[test]
    fn a_server_that_never_answers_them_keeps_its_connection() {
        let (mut pace, now) = begin(Pace::opened);
        pace.keep(Duration::from_secs(3600), now);
        assert_eq!(end(&mut pace, now, false), ("it was idle", 3600));
    }

    #[test]
    fn a_websocket_that_does_not_answer_is_closed() {
        let (mut pace, now) = begin(Pace::websocket);
        pace.message(now);
        assert_eq!(end(&mut pace, now, false), ("keep-alives are not answered any more", 110));
    }
}
