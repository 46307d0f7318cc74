//! What the four machines have in common.

use std::time::Instant;

use bytes::Bytes;

use super::invite_client::InviteClient;
use super::invite_server::InviteServer;
use super::non_invite_client::NonInviteClient;
use super::non_invite_server::NonInviteServer;
use super::table::Machine;
use crate::message::{Request, Response};

/// What a machine wants done.
pub(super) enum Action {
    /// Send these bytes.
    Send(Bytes),
    /// Send this CANCEL in a transaction of its own.
    Cancel(Box<Request>),
    /// Pass a response to the user; whether the request was cancelled before.
    Respond(Box<Response>, bool),
    /// Tell the user that time is up.
    Timeout,
    /// Tell the user that a message could not be sent.
    TransportError,
}

/// What became of a response the user wants sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// It is on its way.
    Yes,
    /// The request has its final response.
    Answered,
}

/// Either client machine.
pub(super) enum Client {
    Invite(Box<InviteClient>),
    NonInvite(NonInviteClient),
}

/// Either server machine.
pub(super) enum Server {
    Invite(Box<InviteServer>),
    NonInvite(NonInviteServer),
}

impl Client {
    pub(super) fn receive(&mut self, response: Response, now: Instant, actions: &mut Vec<Action>) {
        match self {
            Self::Invite(machine) => machine.receive(response, now, actions),
            Self::NonInvite(machine) => machine.receive(response, now, actions),
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, actions: &mut Vec<Action>) {
        match self {
            Self::Invite(machine) => machine.handle_timeout(now, actions),
            Self::NonInvite(machine) => machine.handle_timeout(now, actions),
        }
    }

    pub(super) fn transport_error(&mut self, actions: &mut Vec<Action>) {
        match self {
            Self::Invite(machine) => machine.transport_error(actions),
            Self::NonInvite(machine) => machine.transport_error(actions),
        }
    }

    /// The user sends the request to another server.
    pub(super) fn abandon(&mut self, now: Instant, actions: &mut Vec<Action>) {
        match self {
            Self::Invite(machine) => machine.abandon(now, actions),
            Self::NonInvite(machine) => machine.abandon(),
        }
    }
}

impl Server {
    /// The same request came again.
    pub(super) fn receive_again(&mut self, actions: &mut Vec<Action>) {
        match self {
            Self::Invite(machine) => machine.receive_again(actions),
            Self::NonInvite(machine) => machine.receive_again(actions),
        }
    }

    pub(super) fn respond(&mut self, response: &Response, now: Instant, actions: &mut Vec<Action>) -> Sent {
        match self {
            Self::Invite(machine) => machine.respond(response, now, actions),
            Self::NonInvite(machine) => machine.respond(response, now, actions),
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, actions: &mut Vec<Action>) {
        match self {
            Self::Invite(machine) => machine.handle_timeout(now, actions),
            Self::NonInvite(machine) => machine.handle_timeout(now, actions),
        }
    }

    pub(super) fn transport_error(&mut self, actions: &mut Vec<Action>) {
        match self {
            Self::Invite(machine) => machine.transport_error(actions),
            Self::NonInvite(machine) => machine.transport_error(actions),
        }
    }
}

impl Machine for Client {
    fn next_timeout(&self) -> Option<Instant> {
        match self {
            Self::Invite(machine) => machine.next_timeout(),
            Self::NonInvite(machine) => machine.next_timeout(),
        }
    }

    fn is_terminated(&self) -> bool {
        match self {
            Self::Invite(machine) => machine.is_terminated(),
            Self::NonInvite(machine) => machine.is_terminated(),
        }
    }
}

impl Machine for Server {
    fn next_timeout(&self) -> Option<Instant> {
        match self {
            Self::Invite(machine) => machine.next_timeout(),
            Self::NonInvite(machine) => machine.next_timeout(),
        }
    }

    fn is_terminated(&self) -> bool {
        match self {
            Self::Invite(machine) => machine.is_terminated(),
            Self::NonInvite(machine) => machine.is_terminated(),
        }
    }
}
