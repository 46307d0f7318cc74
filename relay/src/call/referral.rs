//! Transfers that the far end makes by itself (RFC 5589): it is asked to call the target, says how that goes, and leaves.

use std::time::Instant;

use offhook_protocol::{ErrorCode, Failure};

use super::leg::{Cause, Extras, LegCommand, Referral, ReferralProgress, Transfer, TransferProgress};
use super::machine::{Call, CallOutput};
use super::side::Party;

/// What has become of a referral, for whoever asked the call for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferralEnd {
    /// The far end talks to the target.
    Completed,
    /// It does not, and the call goes on or is over.
    Failed,
    /// The far end cannot be asked for this: somebody else has to make the transfer.
    Unsupported,
}

/// A far end that was asked to call somebody.
#[derive(Debug)]
pub(super) struct Referring {
    by: Party,
    /// The target as the transferor named it.
    target: String,
    accepted: bool,
    rings: bool,
}

impl Call {
    /// Asks the far end of `by` to call `target` by itself. What [`Call::may_transfer`] refuses must not come here.
    pub fn refer(&mut self, by: Party, target: String, referral: Referral) {
        self.referring = Some(Referring { by, target, accepted: false, rings: false });
        self.command(by.other(), LegCommand::Refer(referral));
    }

    /// Takes what the far end says of it.
    pub(super) fn referral_news(&mut self, party: Party, progress: ReferralProgress, now: Instant) {
        let Some(referring) = self.referring.as_mut().filter(|referring| referring.by.other() == party) else { return };
        match progress {
            ReferralProgress::Accepted => {
                if !std::mem::replace(&mut referring.accepted, true) {
                    self.tell_referrer(TransferProgress::Trying);
                }
            }
            ReferralProgress::Ringing => {
                if !std::mem::replace(&mut referring.rings, true) {
                    self.tell_referrer(TransferProgress::Ringing);
                }
            }
            ReferralProgress::Completed => self.referral_completed(now),
            ReferralProgress::Failed(cause) => self.referral_failed(cause),
            ReferralProgress::Unsupported => {
                self.referring = None;
                self.outputs.push_back(CallOutput::Referral(ReferralEnd::Unsupported));
            }
        }
    }

    /// A leg is over while the far end was asked to call somebody. One that was and hangs up has done so.
    pub(super) fn left_while_referring(&mut self, party: Party, cause: &Cause) {
        let Some(referring) = &self.referring else { return };
        if referring.by.other() == party && referring.accepted && *cause == Cause::Normal {
            self.tell_referrer(TransferProgress::Completed);
            self.referral_over(ReferralEnd::Completed);
        }
    }

    /// The call ends, and with it what its far end was asked for.
    pub(super) fn referral_abandoned(&mut self) {
        if self.referring.is_some() {
            let failure = Failure::new(ErrorCode::PeerLost, "The call ended before the transfer was done.");
            self.referral_failed(Cause::Failure(failure));
        }
    }

    fn referral_completed(&mut self, now: Instant) {
        let Some(by) = self.referring.as_ref().map(|referring| referring.by) else { return };
        self.tell_referrer(TransferProgress::Completed);
        self.referral_over(ReferralEnd::Completed);
        self.end_leg(by, Cause::Normal, Extras::default(), now);
        self.end_leg(by.other(), Cause::Normal, Extras::default(), now);
    }

    fn referral_failed(&mut self, cause: Cause) {
        self.tell_referrer(TransferProgress::Failed(cause));
        self.referral_over(ReferralEnd::Failed);
    }

    fn referral_over(&mut self, end: ReferralEnd) {
        self.referring = None;
        self.outputs.push_back(CallOutput::Referral(end));
    }

    fn tell_referrer(&mut self, progress: TransferProgress) {
        let Some(Referring { by, target, .. }) = &self.referring else { return };
        let (by, target) = (*by, target.clone());
        self.command(by, LegCommand::Transfer(Transfer { target, progress }));
    }
}
