//! Requests on their way: each has one reply or runs out of time, and none is lost with its socket.

use crate::Millis;
use crate::call::Ask;
use crate::clock::earlier;
use crate::queue::Queue;
use offhook_protocol::{Request, RequestBody};
use std::rc::Rc;

/// How long the relay may take to reply.
const REPLY: Millis = 10_000;
/// How many requests may wait for their replies. A relay that is this far behind is not coming back.
const MAX_PENDING: usize = 256;
/// How many requests may wait for a connection.
const MAX_QUEUED: usize = 64;

/// Whose request it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// `hello`
    Hello,
    /// `openSip` or `openLocal`
    Open,
    /// `resume`
    Resume,
    /// `close`
    Close,
    /// `ping`
    Ping,
    /// A call's.
    Call {
        /// The call.
        call_id: String,
        /// What it asked.
        ask: Ask,
    },
    /// `sendData` or `message`, with the sender's number.
    Data(u32),
    /// Nobody's who would miss the reply.
    Nothing,
}

impl Asked {
    /// Whose request it is; those are told apart by its sender.
    pub(super) fn of(request: &RequestBody) -> Self {
        match request {
            RequestBody::Hello(_) => Self::Hello,
            RequestBody::OpenSip(_) | RequestBody::OpenLocal(_) => Self::Open,
            RequestBody::Resume(_) => Self::Resume,
            RequestBody::Close(_) => Self::Close,
            RequestBody::Ping(_) => Self::Ping,
            other => match Ask::of(other) {
                Some((ask, call_id)) => Self::Call { call_id: call_id.to_owned(), ask },
                None => Self::Nothing,
            },
        }
    }

    /// Whether it is about what the session does, and not about the connection itself.
    pub(super) fn outlives_the_socket(&self) -> bool {
        matches!(self, Self::Call { .. } | Self::Data(_) | Self::Nothing)
    }
}

/// The requests without a reply, oldest first.
#[derive(Debug, Default)]
pub(super) struct Requests {
    last_id: u32,
    /// Sent on the socket that is there.
    pending: Vec<Pending>,
    /// Sent on a socket that was lost: carried out or not.
    held: Queue<Pending>,
    /// Not sent yet.
    queue: Queue<(Asked, RequestBody)>,
}

#[derive(Debug)]
struct Pending {
    deadline: Millis,
    asked: Asked,
    request: Rc<Request>,
}

impl Requests {
    /// Numbers a request and waits for its reply.
    ///
    /// # Errors
    /// Whose request it is, when too many wait already.
    pub(super) fn send(&mut self, asked: Asked, body: RequestBody, now: Millis) -> Result<Rc<Request>, Asked> {
        if self.pending.len() >= MAX_PENDING {
            return Err(asked);
        }
        self.last_id = self.last_id.wrapping_add(1);
        let request = Rc::new(Request { id: self.last_id, body });
        self.wait(asked, request.clone(), now);
        Ok(request)
    }

    fn wait(&mut self, asked: Asked, request: Rc<Request>, now: Millis) {
        self.pending.push(Pending { deadline: now.saturating_add(REPLY), asked, request });
    }

    /// Keeps a request until there is a connection.
    ///
    /// # Errors
    /// Whose request it is, when too many wait already.
    pub(super) fn queue(&mut self, asked: Asked, body: RequestBody) -> Result<(), Asked> {
        if self.queue.len() >= MAX_QUEUED {
            return Err(asked);
        }
        self.queue.push((asked, body));
        Ok(())
    }

    /// A reply has come.
    pub(super) fn replied(&mut self, id: u32) -> Option<Asked> {
        let index = self.pending.iter().position(|pending| pending.request.id == id)?;
        Some(self.pending.remove(index).asked)
    }

    /// The socket is gone. What was about the connection itself has lost its meaning.
    pub(super) fn hold(&mut self) {
        for pending in std::mem::take(&mut self.pending) {
            if pending.asked.outlives_the_socket() {
                self.held.push(pending);
            }
        }
    }

    /// The session is there again. The next request that was sent before, and whose it is if the relay has carried it
    /// out: it has done so up to `done`, and what became of them, events tell. Otherwise it is sent again as it was.
    pub(super) fn again(&mut self, done: Option<u32>, now: Millis) -> Option<Result<Asked, Rc<Request>>> {
        let held = self.held.pop()?;
        if done.is_some_and(|done| held.request.id <= done) {
            return Some(Ok(held.asked));
        }
        self.wait(held.asked, held.request.clone(), now);
        Some(Err(held.request))
    }

    /// The next one that was not sent yet.
    pub(super) fn queued(&mut self) -> Option<(Asked, RequestBody)> {
        self.queue.pop()
    }

    /// Gives up the next of all that wait, and says whose it was.
    pub(super) fn abandon(&mut self) -> Option<Asked> {
        let sent = self.held.pop().or_else(|| self.pending.pop()).map(|pending| pending.asked);
        sent.or_else(|| self.queued().map(|(asked, _)| asked))
    }

    /// Whether one of those waits for its reply.
    pub(super) fn asks(&self, asked: &Asked) -> bool {
        self.pending.iter().any(|pending| pending.asked == *asked)
    }

    /// Expects a reply sooner.
    pub(super) fn hurry(&mut self, asked: &Asked, deadline: Millis) {
        for pending in self.pending.iter_mut().filter(|pending| pending.asked == *asked) {
            pending.deadline = pending.deadline.min(deadline);
        }
    }

    /// The next request whose time is over, and when it was sent.
    pub(super) fn late(&mut self, now: Millis) -> Option<(&Asked, Millis)> {
        let late = self.pending.iter().find(|pending| now >= pending.deadline)?;
        Some((&late.asked, late.deadline.saturating_sub(REPLY)))
    }

    /// Gives that request up.
    pub(super) fn give_up(&mut self, now: Millis) -> Option<Asked> {
        let index = self.pending.iter().position(|pending| now >= pending.deadline)?;
        Some(self.pending.remove(index).asked)
    }

    pub(super) fn deadline(&self) -> Option<Millis> {
        let mut deadline = None;
        for pending in &self.pending {
            deadline = earlier(deadline, Some(pending.deadline));
        }
        deadline
    }
}
