//! A SIP caller that takes somebody's place in a call (RFC 3891).

use std::time::Instant;

use offhook_media::LegId;
use offhook_protocol::Failure;

use super::calls::{Driver, LegEntry};
use super::{MediaPlane, Relay};
use crate::call::{Cause, Description, Identity, LegKind, Party, failure_for_status};
use crate::ua::MediaKind;

impl<M: MediaPlane> Relay<M> {
    /// Puts a caller in the place of a leg, which ends; whoever is at the other end hears and sees the caller.
    ///
    /// # Errors
    /// What the caller is refused with. The call goes on as it was.
    pub(super) fn replace(
        &mut self,
        leg: LegId,
        replaced: LegId,
        (caller, offer): (Identity, Option<Description>),
        now: Instant,
    ) -> Result<(), Failure> {
        // What the legs have said already comes first.
        self.settle(now);
        let gone = || failure_for_status(481, "Call/Transaction Does Not Exist");
        let own = self.own_end_of(replaced).ok_or_else(gone)?;
        let worker = self.legs.get(&replaced).map(|entry| entry.worker).ok_or_else(gone)?;
        let kind = self.ua.media_kind(leg).unwrap_or(MediaKind::Rtp);
        let peer = self.ua.offered_address(leg);
        let local = self.sip_media(worker, leg, kind, peer).map_err(|error| self.no_media(&error, now))?;
        self.ua.attach(leg, local);
        let Some(call) = self.calls.get_mut(&own.call) else { return Err(gone()) };
        if let Err(cause) = call.machine.replace(own.party, (LegKind::Sip, caller), offer.as_ref(), now) {
            self.close_leg(worker, leg, &Driver::Sip);
            return Err(match cause {
                Cause::Failure(failure) => failure,
                _ => gone(),
            });
        }
        call.set_leg(Party::Third, Some(leg));
        self.legs.insert(leg, LegEntry::new(own.call, Party::Third, worker, Driver::Sip, now));
        tracing::info!(call = own.call.0, party = ?own.party, "a caller takes a place in a call");
        self.unsettled.push_back(own.call);
        Ok(())
    }
}
