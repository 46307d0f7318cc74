use super::acknowledge::same_hop;
use crate::message::{BuildError, Method, Request};

/// The CANCEL of an INVITE (RFC 3261 §9.1).
pub(super) fn cancel(invite: &Request) -> Result<Request, BuildError> {
    same_hop(invite, Method::Cancel)
}
