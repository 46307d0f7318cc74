//! What the relay says of a call.

use super::phase::Phase;
use super::{Ask, Call, Report, Side, StatusReport};
use crate::Millis;
use crate::failure::{Code, Failure};
use offhook_protocol::event::{CallSdp, CallStatusChanged, SdpKind};
use offhook_protocol::{CallStatus, ErrorCode};

impl Call {
    pub(super) fn on_status(&mut self, mut changed: CallStatusChanged, now: Millis) {
        let status = changed.status;
        // Something did not work, and the call goes on.
        if !status.is_terminal()
            && self.phase != Phase::Leaving
            && let Some(error) = changed.error.take()
        {
            self.tell(Report::Warning(error.into()));
        }
        let expected = status.is_terminal() || self.expects(status);
        if !expected || !self.status.may_become(status) {
            return;
        }
        let report = report(changed);
        if status.is_terminal() {
            return self.end(report);
        }
        self.status = report.reached();
        self.tell(Report::Status(report));
        match (status, self.phase) {
            (CallStatus::Established, Phase::Asked | Phase::Ringing) => self.connect(now),
            (_, Phase::Asked) => self.enter(Phase::Ringing, now),
            _ => {}
        }
    }

    pub(super) fn on_sdp(&mut self, sdp: CallSdp, now: Millis) {
        match (&mut self.side, self.phase) {
            (_, Phase::Leaving) => return,
            (Side::Incoming { offer, .. }, Phase::Idle | Phase::Opening) if sdp.kind == SdpKind::Offer => {
                *offer = sdp.sdp;
                return;
            }
            _ => self.negotiation.receive(sdp),
        }
        self.negotiate(now);
    }

    pub(super) fn on_reply(&mut self, ask: Ask, outcome: Result<(), Failure>, now: Millis) {
        match (ask, outcome) {
            (Ask::Ring, Ok(())) => self.on_status(CallStatusChanged::new(&self.id, CallStatus::Ring), now),
            (_, Ok(())) => {}
            (Ask::Hangup, Err(_)) => self.end(StatusReport::cleared(CallStatus::Finish)),
            (_, Err(_)) if self.phase == Phase::Leaving => {}
            (Ask::Offer, Err(failure)) if failure.code == Code::Relay(ErrorCode::InvalidCallState) => {
                if !self.negotiation.met(now) {
                    self.on_refused_offer(failure);
                }
                self.negotiate(now);
            }
            (Ask::Offer, Err(failure)) => {
                self.on_refused_offer(failure);
                self.negotiate(now);
            }
            (Ask::Ring | Ask::Feature, Err(failure)) => self.tell(Report::Warning(failure)),
            // A call the relay itself refused is unknown to it: there is nothing to hang up.
            (Ask::Call, Err(failure)) if matches!(failure.code, Code::Relay(_)) => self.end_failed(failure),
            (Ask::Call | Ask::Answer | Ask::Sdp, Err(failure)) => self.fail(failure),
        }
    }

    /// An offer within the call has come to nothing: the call goes on with what was agreed before.
    pub(super) fn on_refused_offer(&mut self, failure: Failure) {
        match self.negotiation.unanswered() {
            Some(ours) if ours.restart_ice => self.recovery.refused(),
            _ => self.tell(Report::Warning(failure)),
        }
    }

    /// Whether the relay can mean that status now: before it was asked for anything a call can only ring here.
    fn expects(&self, status: CallStatus) -> bool {
        let answered = matches!(status, CallStatus::Established | CallStatus::Hold);
        match (&self.side, self.phase) {
            (Side::Incoming { .. }, Phase::Idle) => status == CallStatus::Ring,
            (Side::Incoming { .. }, Phase::Asked | Phase::Connected | Phase::Breaking) => answered,
            (Side::Outgoing { .. }, Phase::Asked | Phase::Ringing | Phase::Connected | Phase::Breaking) => true,
            _ => false,
        }
    }
}

/// A failure that no text of `CALL_STATUS_INFO` explains is told as SIP has it, such as `486 Busy Here`.
fn report(changed: CallStatusChanged) -> StatusReport {
    let unexplained = changed.info.as_deref().is_none_or(|info| info == "Failed by error");
    let info = match changed.sip_status {
        Some(code) if code >= 300 && unexplained => {
            let mut info = offhook_protocol::decimal(u64::from(code));
            for reason in changed.sip_reason.iter().filter(|reason| !reason.is_empty()) {
                info.push(' ');
                info.push_str(reason);
            }
            Some(info)
        }
        _ => changed.info,
    };
    StatusReport {
        status: changed.status,
        sip_status: changed.sip_status,
        sip_reason: changed.sip_reason,
        info,
        error: changed.error.map(Failure::from),
        headers: changed.headers,
    }
}
