use crate::message::{CallId, HeaderError, Replaces, Request, Response};

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

    /// The dialog that a received Replaces header names: its To tag is ours.
    pub fn of_replaces(replaces: &Replaces) -> Self {
        let Replaces { call_id, to_tag, from_tag, .. } = replaces.clone();
        Self { call_id, local_tag: to_tag, remote_tag: from_tag }
    }

    /// What names the dialog to its other side in a Replaces header: the To tag is the peer's.
    pub fn replaces(&self) -> Replaces {
        let Self { call_id, local_tag, remote_tag } = self.clone();
        Replaces { call_id, to_tag: remote_tag, from_tag: local_tag, early_only: false }
    }
}

fn tag(tag: Option<&str>) -> String {
    tag.unwrap_or_default().to_owned()
}
