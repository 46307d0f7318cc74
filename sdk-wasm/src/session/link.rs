//! The connection to the relay: how far it is, when it is tried again, and whether the relay is still there.

use crate::Millis;
use crate::account;
use crate::clock::Earliest;

/// How long the WebSocket may take to open.
const CONNECT: Millis = 10_000;
/// How long the balancer may take to answer.
const BALANCER: Millis = 5_000;
/// After how much silence the relay is asked for a sign of life.
const IDLE: Millis = 15_000;
/// The longest pause before the first retry, and the longest of all (full jitter between 0 and that).
const FIRST_RETRY: Millis = 250;
const LAST_RETRY: Millis = 15_000;
/// From this retry on the balancer is asked again: the relay of the session may be gone for good.
const ELSEWHERE: u32 = 3;
/// A connection that held this long was a good one: the pauses begin anew.
const STEADY: Millis = 5_000;
/// How long the relay may take to notice that a socket is lost. Its grace time begins only then.
const RELAY_NOTICES: Millis = 40_000;

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// For the balancer's answer.
    Balancing,
    /// For the WebSocket to open.
    Opening,
    /// For the session, on an open WebSocket.
    Claiming,
    /// For nothing: the session is there.
    Up,
    /// For the next attempt.
    Waiting,
}

/// A loss of the connection that is not made good yet.
#[derive(Clone, Copy, Debug)]
struct Loss {
    at: Millis,
    /// The calls have been given up meanwhile.
    mourned: bool,
}

/// What the passing of time asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// To connect, or to connect elsewhere than the balancer would have said.
    Connect,
    /// To give this attempt up.
    Unreachable,
    /// To take the connection for lost.
    Silent,
    /// To ask for a sign of life.
    Ping,
    /// To give up the calls: the relay has done so.
    Mourn,
    /// To give up the session.
    GiveUp,
}

/// The connection of one session.
#[derive(Debug)]
pub(super) struct Link {
    options: account::Link,
    stage: Stage,
    /// When the stage has lasted too long.
    deadline: Option<Millis>,
    /// Until when the first connection has to be there.
    opens_by: Option<Millis>,
    heard: Millis,
    pinged: Millis,
    up_since: Millis,
    retries: u32,
    loss: Option<Loss>,
    chance: u64,
}

impl Link {
    pub(super) fn new(options: account::Link, seed: u64, now: Millis) -> Self {
        let opens_by = options.timeout.map(|timeout| now.saturating_add(timeout));
        Self {
            options,
            stage: Stage::Waiting,
            deadline: None,
            opens_by,
            heard: now,
            pinged: now,
            up_since: now,
            retries: 0,
            loss: None,
            chance: seed,
        }
    }

    pub(super) fn stage(&self) -> Stage {
        self.stage
    }

    pub(super) fn is_up(&self) -> bool {
        self.stage == Stage::Up
    }

    /// Whether the connection was there and is being tried again.
    pub(super) fn is_lost(&self) -> bool {
        self.loss.is_some()
    }

    /// Whether a lost connection may be tried again at all.
    pub(super) fn may_retry(&self) -> bool {
        self.options.reconnect > 0
    }

    /// The balancer to ask before connecting.
    pub(super) fn balancer(&self) -> Option<&String> {
        let due = self.loss.is_none() || self.retries >= ELSEWHERE;
        self.options.balancer.as_ref().filter(|_| due)
    }

    pub(super) fn enter(&mut self, stage: Stage, now: Millis) {
        self.stage = stage;
        let wait = match stage {
            Stage::Balancing => Some(BALANCER),
            Stage::Opening => Some(CONNECT),
            Stage::Claiming | Stage::Up | Stage::Waiting => None,
        };
        self.deadline = wait.map(|wait| now.saturating_add(wait));
    }

    /// The relay has greeted.
    pub(super) fn greeted(&mut self) {
        self.opens_by = None;
    }

    /// The session is there. `true` if it had been lost before.
    pub(super) fn up(&mut self, now: Millis) -> bool {
        self.enter(Stage::Up, now);
        self.up_since = now;
        self.pinged = now;
        self.loss.take().is_some()
    }

    /// The connection is lost, or was not to be had again: it will be tried after a pause. `true` if this is news.
    pub(super) fn lost(&mut self, now: Millis) -> bool {
        let news = self.loss.is_none();
        if news && now.saturating_sub(self.up_since) >= STEADY {
            self.retries = 0;
        }
        self.loss.get_or_insert(Loss { at: now, mourned: false });
        let longest = FIRST_RETRY.saturating_mul(1 << self.retries.min(6)).min(LAST_RETRY);
        let pause = self.random() % longest.saturating_add(1);
        self.retries = self.retries.saturating_add(1);
        self.stage = Stage::Waiting;
        self.deadline = Some(now.saturating_add(pause));
        news
    }

    /// A frame has come.
    pub(super) fn heard(&mut self, now: Millis) {
        self.heard = now;
    }

    /// When the relay was last heard.
    pub(super) fn last_heard(&self) -> Millis {
        self.heard
    }

    pub(super) fn pinged(&mut self, now: Millis) {
        self.pinged = now;
    }

    /// The calls have been given up, or there are none.
    pub(super) fn mourned(&mut self) {
        if let Some(loss) = &mut self.loss {
            loss.mourned = true;
        }
    }

    /// When something is due, and what. `grace` is how long the relay keeps a session without a socket.
    pub(super) fn due(&self, grace: Millis) -> Option<(Millis, Due)> {
        let mut earliest = Earliest::none();
        if let Some(loss) = self.loss {
            // An attempt under way is waited for: a computer that has slept for hours deserves one.
            let last = loss.at.saturating_add(self.options.reconnect);
            earliest.consider((self.stage == Stage::Waiting).then_some(last), Due::GiveUp);
            let gone = loss.at.saturating_add(grace).saturating_add(RELAY_NOTICES);
            earliest.consider((!loss.mourned).then_some(gone), Due::Mourn);
        }
        earliest.consider(self.opens_by, Due::Unreachable);
        let attempt = matches!(self.stage, Stage::Balancing | Stage::Waiting);
        earliest.consider(self.deadline, if attempt { Due::Connect } else { Due::Unreachable });
        if self.is_up() {
            let silence = self.options.silence;
            earliest.consider(silence.map(|silence| self.heard.saturating_add(silence)), Due::Silent);
            earliest.consider(Some(self.ping_due()), Due::Ping);
        }
        earliest.get()
    }

    /// When an open connection is to be asked for a sign of life.
    fn ping_due(&self) -> Millis {
        match self.options.ping_every {
            Some(every) => self.pinged.saturating_add(every),
            None => {
                let idle = self.options.silence.map_or(IDLE, |silence| (silence / 2).min(IDLE));
                self.heard.max(self.pinged).saturating_add(idle)
            }
        }
    }

    /// The next number of a splitmix64 sequence: enough to keep many pages apart.
    fn random(&mut self) -> u64 {
        self.chance = self.chance.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.chance ^ (self.chance >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}
