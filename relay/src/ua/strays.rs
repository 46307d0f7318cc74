//! INVITEs whose leg is over while phones may still answer them: one that forked further on can get a 2xx from each branch,
//! up to 64 × T1 after the first (RFC 3261 section 13.2.2.4). Each is acknowledged and ended.

use std::collections::HashMap;
use std::time::Instant;

use offhook_sip::dialog::Dialog;
use offhook_sip::message::{HeaderName, Method, Request, Response};
use offhook_sip::transaction::Timing;

use super::account::Protocol;
use super::hop::Hop;
use super::outbox::{NextHop, RequestId};

/// INVITEs remembered at once.
const LIMIT: usize = 10_000;

/// Answers to one of them that are acknowledged and ended. Each makes us send requests to an address that it names, so that
/// a server could have us flood somebody.
pub(super) const MAX_ANSWERS: u8 = 32;

/// The INVITEs of legs that are over.
#[derive(Debug, Default)]
pub(super) struct Strays {
    invites: HashMap<RequestId, Stray>,
}

#[derive(Debug)]
struct Stray {
    invite: Request,
    protocol: Protocol,
    until: Instant,
    answers: u8,
}

/// What ends a call that nobody waits for.
#[derive(Debug)]
pub(super) struct Farewell {
    pub(super) ack: Request,
    pub(super) bye: Request,
    pub(super) next_hop: NextHop,
}

impl Strays {
    /// Remembers an INVITE for as long as answers may come.
    pub(super) fn keep(&mut self, id: RequestId, invite: Request, protocol: Protocol, timing: &Timing, now: Instant) {
        self.invites.retain(|_, stray| stray.until > now);
        if self.invites.len() < LIMIT {
            self.invites.insert(id, Stray { invite, protocol, until: now + timing.patience(), answers: 0 });
        }
    }

    /// What to say to a phone that answered too late. `None` for anything but such an answer.
    pub(super) fn answer(&mut self, id: RequestId, response: &Response, hop: &mut Hop) -> Option<Farewell> {
        let Stray { invite, protocol, answers, .. } = self.invites.get_mut(&id)?;
        if !response.status().is_success() || *answers >= MAX_ANSWERS {
            return None;
        }
        *answers += 1;
        let mut dialog = Dialog::from_response(invite, response).ok()?;
        let next_hop = NextHop::of_uri(dialog.next_hop(), *protocol)?;
        let number = response.headers().cseq().ok()?.number;
        let via = hop.via(next_hop.protocol).ok()?;
        let ack = dialog.acknowledge(number, &via, |mut ack| {
            for name in [HeaderName::Authorization, HeaderName::ProxyAuthorization] {
                for header in invite.headers().all(&name) {
                    ack = ack.header(name.clone(), header.text());
                }
            }
            ack
        });
        let ack = ack.ok()?;
        let via = hop.via(next_hop.protocol).ok()?;
        let bye = dialog.request(Method::Bye, &via).build().ok()?;
        Some(Farewell { ack, bye, next_hop })
    }
}
