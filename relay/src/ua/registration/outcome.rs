//! What a registration that did not succeed means to the app, and whether it is worth another try.

use std::time::Duration;

use offhook_protocol::{ErrorCode, Failure};
use offhook_sip::digest::DigestError;
use offhook_sip::message::Response;

use super::retry;
use crate::call::failure_for_status;
use crate::ua::outbox::Unanswered;

/// Why there is no binding.
#[derive(Debug)]
pub(super) struct Outcome {
    /// What the app is told.
    pub(super) failure: Failure,
    /// Whether the same request may fare better later, without anybody doing anything.
    pub(super) passing: bool,
    /// How long the server wants to be left alone.
    pub(super) wanted: Option<Duration>,
}

impl Outcome {
    /// A refusal.
    pub(super) fn of_response(response: &Response) -> Self {
        let status = response.status().code();
        let wanted = retry::wanted(response);
        let mut failure = failure_for_status(status, &response.reason());
        let sentence = match status {
            404 | 410 | 604 => Some("The SIP server does not know this user."),
            423 => Some("The SIP server wants a longer registration than it can have."),
            408 | 480 | 487 => Some("The SIP server did not register this user."),
            500..=599 => Some("The SIP server cannot take the registration at the moment."),
            _ if failure.code == ErrorCode::Unauthorized => None,
            _ => Some("The SIP server refused the registration."),
        };
        if let Some(sentence) = sentence {
            failure.message = sentence.to_owned();
        }
        let passing = wanted.is_some() || matches!(status, 408 | 430 | 480 | 500 | 502 | 503 | 504);
        Self { failure, passing, wanted }
    }

    /// A challenge that is not answered.
    pub(super) fn of_challenge(error: &DigestError, response: &Response) -> Self {
        Self::last(refused(error, response))
    }

    /// A challenge of a server that the account is not with.
    pub(super) fn of_stranger(response: &Response) -> Self {
        let sentence = "The SIP server sent the registration on to another server, which asks for the password. \
                        It is given to the account's own server only.";
        let failure = Failure::new(ErrorCode::DestinationForbidden, sentence);
        Self::last(Failure { sip_status: Some(response.status().code()), ..failure })
    }

    /// A redirection that leads nowhere the relay may go.
    pub(super) fn of_redirection(response: &Response) -> Self {
        let sentence = "The SIP server sent the registration on to where this relay is not configured to reach.";
        let failure = Failure::new(ErrorCode::DestinationForbidden, sentence);
        let sip_reason = Some(response.reason()).filter(|reason| !reason.is_empty());
        Self::last(Failure { sip_status: Some(response.status().code()), sip_reason, ..failure })
    }

    /// No answer.
    pub(super) fn of_silence(why: Unanswered) -> Self {
        let failure = match why {
            Unanswered::Unreachable(fault) => Failure::new(ErrorCode::Unreachable, fault.sentence()),
            Unanswered::Timeout => Failure::new(
                ErrorCode::Timeout,
                "The SIP server did not answer the registration. Check domain, proxy and port.",
            ),
        };
        Self { failure, passing: true, wanted: None }
    }

    /// One that nothing is to be hoped from.
    pub(super) fn last(failure: Failure) -> Self {
        Self { failure, passing: false, wanted: None }
    }
}

/// The failure behind a challenge that is not answered.
#[must_use]
pub(in crate::ua) fn refused(error: &DigestError, response: &Response) -> Failure {
    let mut failure = failure_for_status(response.status().code(), &response.reason());
    match error {
        DigestError::Rejected => {}
        other => failure.message = format!("The SIP server could not be signed in to: {other}."),
    }
    failure
}
