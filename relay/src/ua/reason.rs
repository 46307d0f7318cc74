//! Why a call ends, as a Reason header says it (RFC 3326).

use offhook_sip::message::{HeaderName, Headers, Reason};

use crate::call::{Cause, Extras};

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

/// What a phone is told that is not to ring any more: what the caller's own CANCEL says of it, or why the call is
/// somebody else's.
#[must_use]
pub(super) fn of_cancel(cause: &Cause, extras: &Extras) -> Option<Reason> {
    let told = || match (cause, extras.sip_status) {
        (Cause::Cancelled, Some(status)) => Reason::sip(status, extras.sip_reason.as_deref().unwrap_or_default()).ok(),
        _ => of_cause(cause),
    };
    passed_on(extras).or_else(told)
}

/// The Reason header that came along; of several the SIP one, which says most.
fn passed_on(extras: &Extras) -> Option<Reason> {
    let mut headers = Headers::default();
    for header in extras.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("reason")) {
        headers.push(HeaderName::Reason, &header.value).ok()?;
    }
    let reasons: Vec<Reason> = headers.reasons().collect();
    reasons.iter().find(|reason| reason.is_of("SIP")).or(reasons.first()).cloned()
}

#[cfg(test)]
mod tests {
    use offhook_protocol::{ErrorCode, Failure, Header};

    use super::*;

    #[test]
    fn a_normal_end_needs_no_reason() {
        assert_eq!(of_cause(&Cause::Normal), None);
        assert_eq!(of_cause(&Cause::Cancelled), None);
    }

    #[test]
    fn a_phone_is_told_what_the_caller_says_or_who_has_the_call() {
        let cancel = |extras: &Extras| of_cancel(&Cause::Cancelled, extras).map(|reason| reason.to_string());
        assert_eq!(cancel(&Extras::default()), None);
        let elsewhere = Extras::completed_elsewhere();
        assert_eq!(cancel(&elsewhere).unwrap(), "SIP;cause=200;text=\"Call completed elsewhere\"");
        let value = "Q.850;cause=16;text=\"Terminated\", SIP;cause=487".to_owned();
        let said = Extras { headers: vec![Header { name: "Reason".into(), value }], ..Extras::default() };
        assert_eq!(cancel(&said).unwrap(), "SIP;cause=487");
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
