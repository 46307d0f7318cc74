use crate::message::{BuildError, HeaderError};

/// Why a request was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The bound on transactions is reached. Fail the call; try again later.
    #[error("too many transactions are under way")]
    TooMany,
    /// The top Via has no branch of RFC 3261. Build it with [`branch`](super::branch).
    #[error("the request's Via has no branch that begins with z9hG4bK")]
    Branch,
    /// A transaction with this branch exists. Each request needs a branch of its own.
    #[error("a transaction with this branch exists already")]
    DuplicateBranch,
    /// An ACK is no transaction. Send it with
    /// [`TransactionLayer::send_ack`](super::TransactionLayer::send_ack).
    #[error("an ACK is sent outside transactions")]
    Ack,
    /// A CANCEL belongs to its INVITE. Use
    /// [`TransactionLayer::cancel`](super::TransactionLayer::cancel).
    #[error("a CANCEL is sent through the transaction it cancels")]
    Cancel,
    /// The request lacks a header every request has, or has a broken one. Build it properly.
    #[error("the request cannot be sent")]
    Header(#[from] HeaderError),
}

/// Why a response was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RespondError {
    /// The transaction has ended. Nothing is left to answer.
    #[error("the transaction has ended")]
    Ended,
    /// A final response was sent before; a cancelled INVITE was answered with 487. The call is over,
    /// or was accepted already.
    #[error("the request was answered before")]
    Answered,
}

/// Why an INVITE was not cancelled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CancelError {
    /// It was answered or has failed before: look at its response. After a 2xx send BYE.
    #[error("it is too late to cancel: the request was answered or has failed")]
    TooLate,
    /// Only an INVITE can be cancelled (RFC 3261 §9.1).
    #[error("only an INVITE can be cancelled")]
    NotInvite,
    /// The CANCEL could not be built from the request.
    #[error("the CANCEL could not be built")]
    Build(#[from] BuildError),
}
