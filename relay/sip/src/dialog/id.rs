use crate::message::{CallId, HeaderError, Request, Response};

/// What names a dialog, seen from our side (RFC 3261 §12).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DialogId {
    /// Common to both sides.
    pub call_id: CallId,
    /// Our tag; empty in a request that begins a dialog with us.
    pub local_tag: String,
    /// The peer's tag; empty with a peer of RFC 2543.
    pub remote_tag: String,
}

impl DialogId {
    /// The dialog a received request belongs to. Its local tag is empty when it belongs to none yet.
    ///
    /// # Errors
    /// When a header that names the dialog is missing or broken.
    pub fn of_request(request: &Request) -> Result<Self, HeaderError> {
        let headers = request.headers();
        Ok(Self {
            call_id: headers.call_id()?,
            local_tag: tag(headers.to()?.tag()),
            remote_tag: tag(headers.from()?.tag()),
        })
    }

    /// The dialog a received response belongs to, or leads to. Its remote tag is empty when there is none.
    ///
    /// # Errors
    /// When a header that names the dialog is missing or broken.
    pub fn of_response(response: &Response) -> Result<Self, HeaderError> {
        let headers = response.headers();
        Ok(Self {
            call_id: headers.call_id()?,
            local_tag: tag(headers.from()?.tag()),
            remote_tag: tag(headers.to()?.tag()),
        })
    }
}

fn tag(tag: Option<&str>) -> String {
    tag.unwrap_or_default().to_owned()
}
