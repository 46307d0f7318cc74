//! What went wrong, in a form that both a program and a person can use.

use serde::{Deserialize, Serialize};

/// A stable code for each kind of failure. An app may match on it; the sentence beside it may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ErrorCode {
    /// The frame is not a request: not JSON, no `type`, no `id`, a missing or mistyped field.
    BadRequest,
    /// The `type` names no request this relay knows.
    UnknownRequest,
    /// A request came before `hello`.
    HelloRequired,
    /// The relay does not speak the version the SDK asked for.
    VersionUnsupported,
    /// A frame or a field is over its limit.
    TooLarge,
    /// The request needs an open session, or the session is open already.
    InvalidSessionState,
    /// The call is not in a state that allows the request.
    InvalidCallState,
    /// There is no call with that id in this session.
    UnknownCall,
    /// A field has a value that cannot be used; `field` names it.
    InvalidField,
    /// The resume token is unknown or has expired.
    ResumeRejected,
    /// The relay's configuration does not allow this SIP destination.
    DestinationForbidden,
    /// The relay has no room for more (sessions, calls, ports, requests per second).
    LimitReached,
    /// Wrong user name or password (401, 403, 407 after an answered challenge).
    Unauthorized,
    /// The number or user does not exist (404, 484, 604).
    NotFound,
    /// The far end is busy (486, 600).
    Busy,
    /// The far end declined (603).
    Declined,
    /// Nobody answered (408, 480, 487, or the relay's own deadline).
    NoAnswer,
    /// The two ends have no audio codec in common (488, 606).
    NoCommonCodecs,
    /// Sound could not be connected: ICE or DTLS did not finish, or no RTP came.
    MediaFailed,
    /// The SIP server could not be reached (no route, refused, name not found).
    Unreachable,
    /// The SIP server did not answer in time.
    Timeout,
    /// The far end refused for another reason; `sipStatus` says which.
    Rejected,
    /// The peer went away: the other browser's connection was lost or its relay stopped.
    PeerLost,
    /// The relay is stopping.
    ShuttingDown,
    /// The relay met a condition it should not have; its log says more.
    Internal,
}

impl ErrorCode {
    /// Every code, in the order of declaration.
    pub const ALL: &[Self] = &[
        Self::BadRequest,
        Self::UnknownRequest,
        Self::HelloRequired,
        Self::VersionUnsupported,
        Self::TooLarge,
        Self::InvalidSessionState,
        Self::InvalidCallState,
        Self::UnknownCall,
        Self::InvalidField,
        Self::ResumeRejected,
        Self::DestinationForbidden,
        Self::LimitReached,
        Self::Unauthorized,
        Self::NotFound,
        Self::Busy,
        Self::Declined,
        Self::NoAnswer,
        Self::NoCommonCodecs,
        Self::MediaFailed,
        Self::Unreachable,
        Self::Timeout,
        Self::Rejected,
        Self::PeerLost,
        Self::ShuttingDown,
        Self::Internal,
    ];

    /// The code as it stands on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::BadRequest => "badRequest",
            Self::UnknownRequest => "unknownRequest",
            Self::HelloRequired => "helloRequired",
            Self::VersionUnsupported => "versionUnsupported",
            Self::TooLarge => "tooLarge",
            Self::InvalidSessionState => "invalidSessionState",
            Self::InvalidCallState => "invalidCallState",
            Self::UnknownCall => "unknownCall",
            Self::InvalidField => "invalidField",
            Self::ResumeRejected => "resumeRejected",
            Self::DestinationForbidden => "destinationForbidden",
            Self::LimitReached => "limitReached",
            Self::Unauthorized => "unauthorized",
            Self::NotFound => "notFound",
            Self::Busy => "busy",
            Self::Declined => "declined",
            Self::NoAnswer => "noAnswer",
            Self::NoCommonCodecs => "noCommonCodecs",
            Self::MediaFailed => "mediaFailed",
            Self::Unreachable => "unreachable",
            Self::Timeout => "timeout",
            Self::Rejected => "rejected",
            Self::PeerLost => "peerLost",
            Self::ShuttingDown => "shuttingDown",
            Self::Internal => "internal",
        }
    }

    /// The code of that name; `None` for one this version does not know.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }
}

/// One failure: a code for the program, a sentence for the person, and the SIP answer behind it where there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The stable code.
    pub code: ErrorCode,
    /// A sentence a person can act on.
    pub message: String,
    /// The SIP status code (RFC 3261 section 21), when a SIP answer caused this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sip_status: Option<u16>,
    /// The SIP reason phrase that came with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sip_reason: Option<String>,
    /// The request field at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl Failure {
    /// A failure with neither SIP answer nor field.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), sip_status: None, sip_reason: None, field: None }
    }
}

#[cfg(test)]
mod tests {
    use super::ErrorCode;

    #[test]
    fn names_are_those_of_the_wire() {
        for code in ErrorCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.name());
            assert_eq!(ErrorCode::from_name(code.name()), Some(*code));
        }
    }
}
