//! What SIP status codes mean to a person, and which text the SDK shows for an end.

use offhook_media::MediaFailure;
use offhook_protocol::{CallStatus, ErrorCode, Failure};

use super::leg::Cause;

/// The failure behind a SIP final response (RFC 3261 section 21), with a sentence to act on.
#[must_use]
pub fn failure_for_status(status: u16, reason: &str) -> Failure {
    let (code, message) = match status {
        401 | 403 | 407 => (ErrorCode::Unauthorized, "The SIP server refused the user name or password."),
        404 | 410 | 484 | 604 => (ErrorCode::NotFound, "The number or user does not exist."),
        408 | 480 | 487 => (ErrorCode::NoAnswer, "Nobody answered."),
        486 | 600 => (ErrorCode::Busy, "The called party is busy."),
        603 => (ErrorCode::Declined, "The called party declined."),
        415 | 488 | 606 => (ErrorCode::NoCommonCodecs, "The two ends have no audio codec in common."),
        503 => (ErrorCode::Unreachable, "The SIP server cannot take the call at the moment."),
        _ => (ErrorCode::Rejected, "The far end refused the call."),
    };
    let mut failure = Failure::new(code, message);
    failure.sip_status = Some(status);
    failure.sip_reason = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
    failure
}

impl Cause {
    /// The terminal status a browser is shown.
    #[must_use]
    pub fn status(&self) -> CallStatus {
        match self {
            Self::Normal | Self::Cancelled => CallStatus::Finish,
            Self::Failure(failure) if failure.code == ErrorCode::Busy => CallStatus::Busy,
            Self::Failure(_) | Self::MediaFailed(_) | Self::MediaInactive => CallStatus::Failed,
        }
    }

    /// The text of the SDK's `CALL_STATUS_INFO` for it, where there is one.
    #[must_use]
    pub fn info(&self) -> Option<&'static str> {
        match self {
            Self::Normal | Self::Cancelled => Some("Normal call clearing"),
            Self::MediaInactive => Some("Failed by RTP activity"),
            Self::MediaFailed(MediaFailure::Dtls) => Some("Failed by DTLS error"),
            Self::MediaFailed(MediaFailure::FingerprintMismatch) => Some("Failed by DTLS fingerprint error"),
            Self::MediaFailed(_) => Some("Failed by ICE error"),
            Self::Failure(failure) => match failure.code {
                ErrorCode::NoCommonCodecs => Some("No common codecs"),
                ErrorCode::Timeout => Some("Failed by request timeout"),
                ErrorCode::Busy | ErrorCode::Declined | ErrorCode::NoAnswer | ErrorCode::NotFound => None,
                _ => Some("Failed by error"),
            },
        }
    }

    /// The failure to report, for an end that is one.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        match self {
            Self::Normal | Self::Cancelled => None,
            Self::Failure(failure) => Some(failure.clone()),
            Self::MediaFailed(cause) => {
                Some(Failure::new(ErrorCode::MediaFailed, format!("Sound could not be connected: {cause}.")))
            }
            Self::MediaInactive => {
                Some(Failure::new(ErrorCode::MediaFailed, "The call was ended because no sound arrived any more."))
            }
        }
    }

    /// The SIP status a caller that still waits is refused with.
    #[must_use]
    pub fn refusal(&self) -> u16 {
        let Self::Failure(failure) = self else {
            return match self {
                Self::Cancelled => 487,
                Self::Normal => 480,
                _ => 500,
            };
        };
        match failure.sip_status.filter(|status| may_be_passed_on(*status)) {
            // It is the far end that is overloaded; the caller would take it for this relay (RFC 3261 section 16.7, step 6).
            Some(503) => return 500,
            Some(status) => return status,
            None => {}
        }
        match failure.code {
            ErrorCode::NotFound => 404,
            ErrorCode::Busy => 486,
            ErrorCode::Declined => 603,
            ErrorCode::NoAnswer | ErrorCode::PeerLost => 480,
            ErrorCode::NoCommonCodecs => 488,
            ErrorCode::Unauthorized | ErrorCode::DestinationForbidden => 403,
            ErrorCode::Timeout => 408,
            ErrorCode::LimitReached | ErrorCode::ShuttingDown | ErrorCode::Unreachable => 503,
            _ => 500,
        }
    }
}

/// Whether a caller can be refused with what the other end was refused with: a challenge was for the relay, which is whom
/// the other end knows.
fn may_be_passed_on(status: u16) -> bool {
    (400..700).contains(&status) && !matches!(status, 401 | 407)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sip_statuses_become_the_codes_an_app_matches_on() {
        let expected = [
            (401, ErrorCode::Unauthorized),
            (403, ErrorCode::Unauthorized),
            (404, ErrorCode::NotFound),
            (480, ErrorCode::NoAnswer),
            (486, ErrorCode::Busy),
            (488, ErrorCode::NoCommonCodecs),
            (600, ErrorCode::Busy),
            (603, ErrorCode::Declined),
            (500, ErrorCode::Rejected),
        ];
        for (status, code) in expected {
            let failure = failure_for_status(status, "Whatever");
            assert_eq!(failure.code, code, "{status}");
            assert_eq!(failure.sip_status, Some(status));
        }
    }

    #[test]
    fn busy_is_a_status_of_its_own() {
        assert_eq!(Cause::Failure(failure_for_status(486, "")).status(), CallStatus::Busy);
        assert_eq!(Cause::Failure(failure_for_status(404, "")).status(), CallStatus::Failed);
        assert_eq!(Cause::Cancelled.status(), CallStatus::Finish);
    }

    #[test]
    fn a_refusal_keeps_the_status_it_came_with() {
        assert_eq!(Cause::Failure(failure_for_status(410, "Gone")).refusal(), 410);
        assert_eq!(Cause::Failure(Failure::new(ErrorCode::Declined, "no")).refusal(), 603);
        assert_eq!(Cause::Cancelled.refusal(), 487);
    }

    #[test]
    fn only_a_relay_that_is_overloaded_itself_says_so() {
        assert_eq!(Cause::Failure(failure_for_status(503, "Service Unavailable")).refusal(), 500);
        for code in [ErrorCode::LimitReached, ErrorCode::ShuttingDown] {
            assert_eq!(Cause::Failure(Failure::new(code, "no")).refusal(), 503);
        }
    }

    #[test]
    fn a_challenge_is_not_passed_on_without_its_challenge() {
        for status in [401, 407] {
            assert_eq!(Cause::Failure(failure_for_status(status, "Who are you")).refusal(), 403);
        }
        assert_eq!(Cause::Failure(failure_for_status(302, "Moved")).refusal(), 500);
    }

    #[test]
    fn every_terminal_failure_has_a_sentence() {
        for cause in [Cause::MediaInactive, Cause::MediaFailed(MediaFailure::Dtls)] {
            assert!(!cause.failure().unwrap().message.is_empty());
            assert_eq!(cause.status(), CallStatus::Failed);
        }
    }
}
