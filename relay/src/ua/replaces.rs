//! INVITEs that take somebody's place (RFC 3891): whose, and whether they may.

use offhook_media::LegId;
use offhook_sip::dialog::DialogId;
use offhook_sip::message::{HeaderName, Method, Request, StatusCode};

use super::UserAgent;

impl UserAgent {
    /// The leg whose place an INVITE is to take; `None` for one that is a call of its own. Whoever names a dialog knows
    /// its Call-ID and both its tags, of which ours are 128 random bits: that is all the leave that is asked for.
    ///
    /// # Errors
    /// The status to refuse the INVITE with (RFC 3891 section 3).
    pub(super) fn replaced(&self, request: &Request) -> Result<Option<LegId>, StatusCode> {
        let headers = request.headers();
        let Some(replaces) = headers.replaces().map_err(|_| StatusCode::BAD_REQUEST)? else { return Ok(None) };
        if headers.contains(&HeaderName::Join) || *request.method() != Method::Invite {
            return Err(StatusCode::BAD_REQUEST);
        }
        let named = self.legs.of_dialog(&DialogId::of_replaces(&replaces));
        let (id, leg) = named.and_then(|id| Some((id, self.legs.get(id)?))).ok_or(StatusCode::CALL_DOES_NOT_EXIST)?;
        leg.may_be_replaced(replaces.early_only)?;
        Ok(Some(id))
    }
}
