//! Requests of ours under way: which server has each, and where else it may go.

use std::collections::{HashMap, VecDeque};

use offhook_sip::message::Request;
use offhook_sip::transaction::{ClientId, Destination};

use super::names::SearchId;
use super::{Owner, RequestId};

/// A request from when it is handed over until nothing more comes of it.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) owner: Owner,
    pub(super) stage: Stage,
    pub(super) is_invite: bool,
    /// What is sent to the next server if this one fails. `None` once the server has been heard of, the request was given
    /// up, or there is no other.
    pub(super) alternatives: Option<Alternatives>,
}

/// How far a request has come.
#[derive(Debug)]
pub(super) enum Stage {
    /// Its server is being looked for.
    Sought(SearchId),
    /// A server has it.
    Sent(ClientId, Destination),
}

/// The request again, and the servers that have not had it.
#[derive(Debug)]
pub(super) struct Alternatives {
    pub(super) request: Request,
    pub(super) servers: VecDeque<Destination>,
}

/// The requests, found by their own names and by their transactions'.
#[derive(Debug, Default)]
pub(super) struct PendingRequests {
    requests: HashMap<RequestId, Pending>,
    clients: HashMap<ClientId, RequestId>,
    /// INVITEs that were abandoned: somebody may still answer them.
    strays: HashMap<ClientId, (RequestId, Destination)>,
}

/// Whose transaction it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    /// The one its request is under way in.
    Current(RequestId),
    /// An INVITE's that was abandoned, and the server that has it.
    Stray(RequestId, Destination),
}

impl PendingRequests {
    pub(super) fn insert(&mut self, id: RequestId, pending: Pending) {
        if let Stage::Sent(client, _) = pending.stage {
            self.clients.insert(client, id);
        }
        self.requests.insert(id, pending);
    }

    pub(super) fn get_mut(&mut self, id: RequestId) -> Option<&mut Pending> {
        self.requests.get_mut(&id)
    }

    /// Takes a request out, to be sent elsewhere or reported.
    pub(super) fn remove(&mut self, id: RequestId) -> Option<Pending> {
        let pending = self.requests.remove(&id)?;
        if let Stage::Sent(client, _) = pending.stage {
            self.clients.remove(&client);
        }
        Some(pending)
    }

    /// From now on this transaction of an INVITE is nobody's, and has a name of its own.
    pub(super) fn stray(&mut self, client: ClientId, id: RequestId, server: Destination) {
        self.strays.insert(client, (id, server));
    }

    pub(super) fn role(&self, client: ClientId) -> Option<Role> {
        let current = self.clients.get(&client).map(|id| Role::Current(*id));
        let stray = || self.strays.get(&client).map(|(id, server)| Role::Stray(*id, server.clone()));
        current.or_else(stray)
    }

    /// A transaction has ended.
    pub(super) fn ended(&mut self, client: ClientId) {
        self.strays.remove(&client);
        if let Some(id) = self.clients.remove(&client) {
            self.requests.remove(&id);
        }
    }
}

impl Pending {
    /// A request whose server is being looked for.
    pub(super) fn sought(owner: Owner, search: SearchId) -> Self {
        Self { owner, stage: Stage::Sought(search), is_invite: false, alternatives: None }
    }
}
