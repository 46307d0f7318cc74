//! What the browser is told of how its call fares.

use offhook_protocol::event::{CallStatusChanged, Transfer as TransferNews};
use offhook_protocol::{CallStatus, EventBody, Failure, TransferStatus};

use super::{BrowserLeg, State, narrowed};
use crate::call::{Cause, Extras, Transfer, TransferProgress};

/// How often the browser is told that a call progresses.
const MAX_PROGRESS: u8 = 16;

impl BrowserLeg {
    /// A SIP server says the same again as often as it likes, and each of its proxies may say 100. The browser hears of
    /// what is new, and not without end from one that says this and that by turns.
    pub(super) fn progress(&mut self, status: CallStatus, extras: Extras) {
        let news = if status == CallStatus::Trying { self.progress.is_none() } else { self.progress != Some(status) };
        if news && self.progressed < MAX_PROGRESS {
            self.progressed += 1;
            self.progress = Some(status);
            self.status_with(status, extras);
        }
    }

    /// Something did not work; the call goes on as it is.
    pub(super) fn warn(&mut self, error: Option<Failure>) {
        let status = if self.state == State::Connected { Some(self.hold_status()) } else { self.progress };
        let Some(status) = status else { return };
        let changed = CallStatusChanged::new(&self.call_id, status);
        self.event(EventBody::CallStatus(CallStatusChanged { error, ..changed }));
    }

    pub(super) fn transfer_news(&mut self, transfer: Transfer) {
        let (status, cause) = match transfer.progress {
            TransferProgress::Trying => (TransferStatus::Trying, None),
            TransferProgress::Ringing => (TransferStatus::Ring, None),
            TransferProgress::Completed => (TransferStatus::Completed, None),
            TransferProgress::Failed(cause) => (TransferStatus::Failed, Some(cause)),
        };
        let error = cause.as_ref().and_then(Cause::failure);
        self.event(EventBody::Transfer(TransferNews {
            call_id: self.call_id.clone(),
            status,
            target: transfer.target,
            sip_status: error.as_ref().and_then(|error| error.sip_status),
            sip_reason: error.as_ref().and_then(|error| error.sip_reason.clone()),
            error,
        }));
    }

    pub(super) fn hold_status(&self) -> CallStatus {
        let own = self.own_direction();
        let held = self.holds || narrowed(self.direction, own) != own;
        if held { CallStatus::Hold } else { CallStatus::Established }
    }

    pub(super) fn show_hold(&mut self) {
        self.status(self.hold_status());
    }

    pub(super) fn status(&mut self, status: CallStatus) {
        self.event(EventBody::CallStatus(CallStatusChanged::new(&self.call_id, status)));
    }

    /// Tells the browser a status and what the message behind it said.
    pub(super) fn status_with(&mut self, status: CallStatus, extras: Extras) {
        let Extras { sip_status, sip_reason, headers, .. } = extras;
        let changed = CallStatusChanged::new(&self.call_id, status);
        self.event(EventBody::CallStatus(CallStatusChanged { sip_status, sip_reason, headers, ..changed }));
    }
}

/// The terminal status of a call that ends for this cause, and what the SIP message behind it said.
#[must_use]
pub fn ended(call_id: String, cause: &Cause, extras: Extras) -> EventBody {
    let error = cause.failure();
    let of_failure = |error: &Failure| (error.sip_status, error.sip_reason.clone());
    let (status, reason) = error.as_ref().map(of_failure).unwrap_or_default();
    EventBody::CallStatus(CallStatusChanged {
        sip_status: extras.sip_status.or(status),
        sip_reason: extras.sip_reason.or(reason),
        info: cause.info().map(str::to_owned),
        error,
        headers: extras.headers,
        ..CallStatusChanged::new(call_id, cause.status())
    })
}
