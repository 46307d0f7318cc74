//! INVITEs whose leg is over while phones may still answer them: one that forked further on can get a 2xx from each branch,
//! up to 64 × T1 after the first (RFC 3261 section 13.2.2.4). Each is acknowledged and ended.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use offhook_sip::dialog::Dialog;
use offhook_sip::message::{Method, Request, Response};
use offhook_sip::transaction::Timing;

use super::account::Protocol;
use super::hop::Hop;
use super::outbox::{NextHop, RequestId};

/// INVITEs remembered at once. Where more come, the oldest are forgotten: their phones have had the longest to answer.
const LIMIT: usize = 10_000;

/// Answers to one of them that are acknowledged and ended. Each makes us send requests to an address that it names, so that
/// a server could have us flood somebody.
pub(super) const MAX_ANSWERS: u8 = 32;

/// The INVITEs of legs that are over.
#[derive(Debug, Default)]
pub(super) struct Strays {
    invites: HashMap<RequestId, Stray>,
    /// In the order in which they are forgotten.
    ends: VecDeque<(Instant, RequestId)>,
}

#[derive(Debug)]
struct Stray {
    invite: Request,
    protocol: Protocol,
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
        while let Some((_, over)) = self.ends.pop_front_if(|(until, _)| *until <= now) {
            self.invites.remove(&over);
        }
        if self.invites.len() >= LIMIT
            && let Some((_, oldest)) = self.ends.pop_front()
        {
            self.invites.remove(&oldest);
        }
        if self.invites.insert(id, Stray { invite, protocol, answers: 0 }).is_none() {
            self.ends.push_back((now + timing.patience(), id));
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
        // Without the INVITE's credentials: who answers this late need not be the server that they are for.
        let ack = dialog.acknowledge(number, &via, |ack| ack);
        let ack = ack.ok()?;
        let via = hop.via(next_hop.protocol).ok()?;
        let bye = dialog.request(Method::Bye, &via).build().ok()?;
        Some(Farewell { ack, bye, next_hop })
    }
}

#[cfg(test)]
mod tests {
    use offhook_sip::message::CallId;

    use super::*;

    fn invite() -> Request {
        let via = "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1".parse().unwrap();
        let (us, them) = ("<sip:web@192.0.2.1>;tag=us".parse().unwrap(), "<sip:bob@192.0.2.9>".parse().unwrap());
        let call = CallId::new("call").unwrap();
        let invite = Request::builder(Method::Invite, "sip:bob@192.0.2.9".parse().unwrap());
        invite.via(&via).from(&us).to(&them).call_id(&call).cseq(1).build().unwrap()
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "an instant to begin simulated time at")]
    fn the_oldest_is_forgotten_where_too_many_come_and_all_are_when_their_time_is_over() {
        let (timing, start) = (Timing::default(), Instant::now());
        let invite = invite();
        let mut strays = Strays::default();
        let count = u64::try_from(LIMIT).unwrap();
        for id in 0..=count {
            strays.keep(RequestId(id), invite.clone(), Protocol::Udp, &timing, start);
        }
        assert_eq!(strays.invites.len(), LIMIT);
        assert!(!strays.invites.contains_key(&RequestId(0)));
        strays.keep(RequestId(count + 1), invite.clone(), Protocol::Udp, &timing, start + timing.patience());
        assert_eq!((strays.invites.len(), strays.ends.len()), (1, 1));
    }
}
