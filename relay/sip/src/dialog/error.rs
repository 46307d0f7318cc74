use crate::message::{BuildError, Fault, HeaderError, StatusCode};

/// Why a message does not fit a dialog, or could not be built for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DialogError {
    /// A header the dialog depends on is missing or broken.
    #[error("the message cannot belong to a dialog")]
    Header(#[from] HeaderError),
    /// The INVITE names no address for later requests.
    #[error("the INVITE has no Contact")]
    NoContact,
    /// The Request-URI cannot be read.
    #[error("the Request-URI cannot be read")]
    RequestUri(#[from] Fault),
    /// The request is older than one received before.
    #[error("the request's CSeq is lower than that of an earlier one")]
    OutOfOrder,
    /// The message belongs to another dialog. Look its own up.
    #[error("the message belongs to another dialog")]
    OtherDialog,
    /// A request could not be built.
    #[error("the request could not be built")]
    Build(#[from] BuildError),
}

impl DialogError {
    /// What to answer the request that caused this.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Header(_) | Self::NoContact | Self::RequestUri(_) => StatusCode::BAD_REQUEST,
            Self::OtherDialog => StatusCode::CALL_DOES_NOT_EXIST,
            // RFC 3261 §12.2.2 says 500 for a lower CSeq.
            Self::OutOfOrder | Self::Build(_) => StatusCode::SERVER_INTERNAL_ERROR,
        }
    }
}
