//! A request of ours within the dialog, and where it goes.

use offhook_protocol::{ErrorCode, Failure};
use offhook_sip::message::{HeaderName, Method, Request, RequestBuilder};

use super::Session;
use crate::ua::hop::Hop;
use crate::ua::leg::Common;
use crate::ua::leg::invite::unsendable;
use crate::ua::outbox::NextHop;

impl Session {
    /// Builds the dialog's next request with what `finish` adds, and with credentials where there are some.
    ///
    /// # Errors
    /// The peer's address is none that can be reached, or something in the request cannot be written.
    pub(super) fn ask(
        &mut self,
        method: Method,
        finish: impl FnOnce(RequestBuilder) -> RequestBuilder,
        common: &mut Common,
        hop: &mut Hop,
    ) -> Result<(Request, NextHop), Failure> {
        let next_hop = NextHop::of_uri(self.dialog.next_hop(), common.protocol)
            .ok_or_else(|| Failure::new(ErrorCode::Unreachable, "The far end's address cannot be used."))?;
        let via = hop.via(next_hop.protocol).map_err(|error| unsendable(&error))?;
        let request = self.dialog.request(method, &via).header(HeaderName::UserAgent, &common.user_agent);
        let mut request = finish(request).build().map_err(|error| unsendable(&error))?;
        common.authorize(&mut request, &next_hop, hop)?;
        Ok((request, next_hop))
    }
}
