//! Requests on their way: each has one reply or runs out of time.

use crate::Millis;
use crate::call::Ask;
use offhook_protocol::{Request, RequestBody};

/// How long the relay may take to reply.
const REPLY: Millis = 10_000;
/// How many requests may wait for their replies. A relay that is this far behind is not coming back.
const MAX_PENDING: usize = 256;

/// Whose request it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// `hello`
    Hello,
    /// `openSip` or `openLocal`
    Open,
    /// `close`
    Close,
    /// A call's.
    Call {
        /// The call.
        call_id: String,
        /// What it asked.
        ask: Ask,
    },
    /// Nobody's who would miss the reply.
    Nothing,
}

impl Asked {
    fn of(request: &RequestBody) -> Self {
        match request {
            RequestBody::Hello(_) => Self::Hello,
            RequestBody::OpenSip(_) | RequestBody::OpenLocal(_) => Self::Open,
            RequestBody::Close(_) => Self::Close,
            other => match Ask::of(other) {
                Some((ask, call_id)) => Self::Call { call_id: call_id.to_owned(), ask },
                None => Self::Nothing,
            },
        }
    }
}

/// The requests without a reply, oldest first.
#[derive(Debug, Default)]
pub(super) struct Requests {
    last_id: u32,
    pending: Vec<Pending>,
}

#[derive(Debug)]
struct Pending {
    id: u32,
    deadline: Millis,
    asked: Asked,
}

impl Requests {
    /// Numbers a request and waits for its reply.
    ///
    /// # Errors
    /// Whose request it is, when too many wait already.
    pub(super) fn send(&mut self, body: RequestBody, now: Millis) -> Result<Request, Asked> {
        let asked = Asked::of(&body);
        if self.pending.len() >= MAX_PENDING {
            return Err(asked);
        }
        self.last_id = self.last_id.wrapping_add(1);
        let id = self.last_id;
        self.pending.push(Pending { id, deadline: now.saturating_add(REPLY), asked });
        Ok(Request { id, body })
    }

    /// A reply has come.
    pub(super) fn replied(&mut self, id: u32) -> Option<Asked> {
        let index = self.pending.iter().position(|pending| pending.id == id)?;
        Some(self.pending.remove(index).asked)
    }

    /// The next request whose time is over. All wait equally long, so the oldest is due first.
    pub(super) fn late(&mut self, now: Millis) -> Option<Asked> {
        self.deadline().is_some_and(|deadline| now >= deadline).then(|| self.pending.remove(0).asked)
    }

    pub(super) fn deadline(&self) -> Option<Millis> {
        self.pending.first().map(|pending| pending.deadline)
    }
}
