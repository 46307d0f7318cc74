//! What the passing of time asks of a session: signs of life, retries, and the end of waiting.

use super::link::{Due, Stage};
use super::requests::Asked;
use super::{Output, Session, Status, unreachable_relay};
use crate::Millis;
use crate::call;
use crate::failure::{Code, Failure};
use offhook_protocol::RequestBody;
use offhook_protocol::request::Ping;

/// How long the relay may take for a sign of life when there is reason to doubt the connection.
const DOUBT: Millis = 1_000;

impl Session {
    /// There is reason to doubt the connection, such as media that has stopped: asks for a sign of life.
    pub fn probe(&mut self, now: Millis) {
        if !self.link.is_up() {
            return;
        }
        if !self.requests.asks(&Asked::Ping) {
            self.ping(now);
        }
        self.requests.hurry(&Asked::Ping, now.saturating_add(DOUBT));
    }

    pub(super) fn on_tick(&mut self, now: Millis) {
        self.on_late_replies(now);
        while let Some((_, due)) = self.link.due(self.grace).filter(|(at, _)| now >= *at) {
            self.on_due(due, now);
            if self.status.is_terminal() {
                return;
            }
        }
        if self.closed_by.is_some_and(|deadline| now >= deadline) {
            return self.end(Status::Disconnected, None);
        }
        if self.registered_by.is_some_and(|deadline| now >= deadline) {
            self.registered_by = None;
            let sentence = "The SIP server did not answer the registration within 40 seconds.";
            self.unregistered(Failure::new(Code::Timeout, sentence), now);
        }
    }

    fn on_due(&mut self, due: Due, now: Millis) {
        match due {
            Due::Connect if self.link.stage() == Stage::Balancing => self.open_socket(now),
            Due::Connect => self.connect(now),
            Due::Unreachable => self.lose(unreachable_relay(), now),
            Due::Silent => self.lose(silent_relay(), now),
            Due::Ping => self.ping(now),
            Due::Mourn => {
                self.link.mourned();
                let sentence = "The connection to the relay was lost for so long that the call has ended there.";
                let failure = Failure::new(Code::RelayLost, sentence);
                self.outputs.push(Output::Calls(call::Notice::Abandoned(failure)));
            }
            Due::GiveUp => self.end(Status::Disconnected, Some(Failure::relay_lost())),
        }
    }

    /// A relay that has said nothing at all since a request was sent is lost; one that has only not replied to it has
    /// refused it.
    fn on_late_replies(&mut self, now: Millis) {
        while let Some((asked, sent)) = self.requests.late(now) {
            let silent = *asked == Asked::Ping || (self.link.is_up() && self.link.last_heard() <= sent);
            if silent && !self.closing {
                return self.lose(silent_relay(), now);
            }
            let Some(asked) = self.requests.give_up(now) else { return };
            let sentence = "The relay did not reply within 10 seconds.";
            self.refused(asked, Failure::new(Code::Timeout, sentence), now);
        }
    }

    fn ping(&mut self, now: Millis) {
        self.link.pinged(now);
        if !self.requests.asks(&Asked::Ping) {
            self.request(RequestBody::Ping(Ping {}), now);
        }
    }
}

fn silent_relay() -> Failure {
    Failure::new(Code::RelayLost, "The relay does not reply any more.")
}
