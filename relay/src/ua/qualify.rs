//! Whether trunks are there: each that wants it is sent OPTIONS again and again (RFC 3261 section 11), and one that does
//! not answer gets no calls until it does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use offhook_sip::message::{BuildError, CallId, HeaderName, Method, NameAddr, Request, Response, SipUri, StatusCode};
use serde::Serialize;

use super::UserAgent;
use super::account::SipAccount;
use super::hop::Hop;
use super::outbox::{NextHop, Owner, RequestId};
use crate::config::{Trunk, TrunkId};

/// How long an answer is waited for. A server that needs longer is in no state to take calls.
const PATIENCE: Duration = Duration::from_secs(8);

/// How a trunk is, as far as its answers to OPTIONS say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum TrunkState {
    /// It is not asked, or has not answered yet. It gets calls.
    Unknown,
    /// It answers.
    Up,
    /// It does not, or says 503. It gets no calls.
    Down,
}

/// The trunks that are asked.
#[derive(Debug, Default)]
pub(super) struct Qualifying {
    entries: Vec<Watched>,
}

#[derive(Debug)]
struct Watched {
    trunk: TrunkId,
    name: String,
    every: Duration,
    state: TrunkState,
    /// When it is asked next; never before [`UserAgent::start`].
    next: Option<Instant>,
    asked: Option<Asked>,
}

#[derive(Debug)]
struct Asked {
    id: RequestId,
    until: Instant,
}

impl Qualifying {
    pub(super) fn new(trunks: &[Trunk]) -> Self {
        let watched = trunks.iter().enumerate().filter_map(|(at, trunk)| {
            let every = trunk.qualify?;
            let (trunk, name) = (TrunkId(at), trunk.name.clone());
            Some(Watched { trunk, name, every, state: TrunkState::Unknown, next: None, asked: None })
        });
        Self { entries: watched.collect() }
    }

    pub(super) fn start(&mut self, now: Instant) {
        for watched in &mut self.entries {
            watched.next = Some(now);
        }
    }

    pub(super) fn stop(&mut self) {
        for watched in &mut self.entries {
            (watched.next, watched.asked) = (None, None);
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let asked = |watched: &Watched| watched.asked.as_ref().map(|asked| asked.until);
        self.entries.iter().flat_map(|watched| [watched.next, asked(watched)]).flatten().min()
    }

    fn state(&self, trunk: TrunkId) -> TrunkState {
        self.entries.iter().find(|watched| watched.trunk == trunk).map_or(TrunkState::Unknown, |watched| watched.state)
    }

    fn asked(&mut self, trunk: TrunkId, id: RequestId) -> Option<&mut Watched> {
        let is_asked = |watched: &&mut Watched| watched.asked.as_ref().is_some_and(|asked| asked.id == id);
        self.entries.iter_mut().find(|watched| watched.trunk == trunk).filter(is_asked)
    }
}

impl Watched {
    fn becomes(&mut self, state: TrunkState) {
        self.asked = None;
        if std::mem::replace(&mut self.state, state) != state {
            match state {
                TrunkState::Down => tracing::warn!(trunk = self.name, "a trunk does not answer: it gets no calls"),
                _ => tracing::info!(trunk = self.name, "a trunk answers"),
            }
        }
    }
}

impl UserAgent {
    /// How a trunk is.
    #[must_use]
    pub fn trunk_state(&self, trunk: TrunkId) -> TrunkState {
        self.qualifying.state(trunk)
    }

    /// Asks the trunks that are due, and gives up on answers that are.
    pub(super) fn qualify_due(&mut self, now: Instant) {
        for at in 0..self.qualifying.entries.len() {
            let Some(watched) = self.qualifying.entries.get_mut(at) else { continue };
            if watched.asked.as_ref().is_some_and(|asked| asked.until <= now) {
                watched.becomes(TrunkState::Down);
            }
            if watched.next.is_none_or(|next| next > now) {
                continue;
            }
            watched.next = Some(now + watched.every);
            let (trunk, until) = (watched.trunk, now + PATIENCE.min(watched.every));
            let Some((_, account)) = self.trunks.account(trunk) else { continue };
            let account = Arc::clone(account);
            match options(&account, &self.config.user_agent, &mut self.hop) {
                Ok(request) => {
                    let id = self.outbox.send(request, &NextHop::of_account(&account), Owner::Trunk(trunk), now);
                    if let Some(watched) = self.qualifying.entries.get_mut(at) {
                        watched.asked = Some(Asked { id, until });
                    }
                }
                Err(error) => tracing::error!(%error, "a trunk could not be asked"),
            }
        }
    }

    /// Takes a response to an OPTIONS: whatever it says but 503, the trunk is there.
    pub(super) fn qualified(&mut self, trunk: TrunkId, id: RequestId, response: &Response) {
        if response.status().is_provisional() {
            return;
        }
        if let Some(watched) = self.qualifying.asked(trunk, id) {
            let is_busy = response.status() == StatusCode::SERVICE_UNAVAILABLE;
            watched.becomes(if is_busy { TrunkState::Down } else { TrunkState::Up });
        }
    }

    /// An OPTIONS got no response.
    pub(super) fn unqualified(&mut self, trunk: TrunkId, id: RequestId) {
        if let Some(watched) = self.qualifying.asked(trunk, id) {
            watched.becomes(TrunkState::Down);
        }
    }
}

/// An OPTIONS to a trunk itself, rather than to a number there.
fn options(account: &SipAccount, user_agent: &str, hop: &mut Hop) -> Result<Request, BuildError> {
    let target = SipUri::new(account.next_hop.clone());
    let target = match account.protocol.uri_parameter() {
        None => target,
        transport => target.with_param("transport", transport),
    };
    let via = hop.via(account.protocol)?;
    Request::builder(Method::Options, target.clone().into())
        .via(&via)
        .from(&account.identity(None).with_tag(&hop.token())?)
        .to(&NameAddr::new(target))
        .call_id(&CallId::new(&hop.token())?)
        .cseq(1)
        .header(HeaderName::Accept, "application/sdp")
        .header(HeaderName::UserAgent, user_agent)
        .build()
}
