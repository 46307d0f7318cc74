//! Why a call ends, as a Reason header says it (RFC 3326).

use offhook_sip::message::Reason;

use crate::call::Cause;

/// Recovery on timer expiry (ITU-T Q.850).
const TIMER_EXPIRY: u16 = 102;

/// Temporary failure (ITU-T Q.850).
const TEMPORARY_FAILURE: u16 = 41;

/// What the peer is told of the cause. `None` for an end that needs no reason.
#[must_use]
pub(super) fn of_cause(cause: &Cause) -> Option<Reason> {
    let reason = match cause {
        Cause::Normal | Cause::Cancelled => return None,
        Cause::MediaInactive => Reason::q850(TIMER_EXPIRY, "No sound arrived any more"),
        Cause::MediaFailed(_) => Reason::q850(TEMPORARY_FAILURE, "Sound could not be connected"),
        Cause::Failure(failure) => {
            // A peer's phrase may hold anything, a sentence of ours does not.
            let text: String = failure.message.chars().filter(|c| !c.is_control()).collect();
            Reason::sip(cause.refusal(), &text)
        }
    };
    reason.ok()
}

#[cfg(test)]
mod tests {
    use offhook_protocol::{ErrorCode, Failure};

    use super::*;

    #[test]
    fn a_normal_end_needs_no_reason() {
        assert_eq!(of_cause(&Cause::Normal), None);
        assert_eq!(of_cause(&Cause::Cancelled), None);
    }

    #[test]
    fn a_failure_says_what_it_was() {
        let lost = Failure::new(ErrorCode::PeerLost, "The browser is gone.");
        let reason = of_cause(&Cause::Failure(lost)).unwrap();
        assert_eq!(reason.to_string(), "SIP;cause=480;text=\"The browser is gone.\"");
        let silent = of_cause(&Cause::MediaInactive).unwrap();
        assert_eq!((silent.is_of("Q.850"), silent.cause()), (true, Some(102)));
    }

    #[test]
    fn no_sentence_can_end_the_line() {
        let hostile = Failure::new(ErrorCode::Rejected, "a\r\nVia: \"x\"");
        let reason = of_cause(&Cause::Failure(hostile)).unwrap();
        assert_eq!(reason.to_string(), "SIP;cause=500;text=\"aVia: \\\"x\\\"\"");
    }
}
