//! Why something did not work, as the app is told it.

use offhook_protocol::ErrorCode;
use offhook_protocol::error::Failure as RelayFailure;
use std::ops::Deref;

/// A stable code: the relay's own, or one of the conditions only a browser can be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Code {
    /// The relay said so.
    Relay(ErrorCode),
    /// The person or the browser's policy refused the microphone. Ask them to allow it.
    MicrophoneDenied,
    /// There is no microphone, or none that meets the constraints.
    MicrophoneMissing,
    /// Another program holds the microphone.
    MicrophoneBusy,
    /// The page is not served over HTTPS (or from localhost): browsers give it no microphone.
    InsecureContext,
    /// No WebSocket to the relay could be opened.
    RelayUnreachable,
    /// The WebSocket to the relay was lost.
    RelayLost,
    /// An option has a value that cannot be used; `field` names it.
    InvalidField,
    /// Sound could not be set up or broke.
    MediaFailed,
    /// Something took longer than its deadline.
    Timeout,
    /// There is no other microphone or camera to switch to, or the call sends nothing of that kind.
    CannotSwitch,
    /// The person chose no screen to share, or sharing is forbidden.
    ScreenDenied,
}

impl Code {
    /// The code as the app sees it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Relay(code) => code.name(),
            Self::MicrophoneDenied => "microphoneDenied",
            Self::MicrophoneMissing => "microphoneMissing",
            Self::MicrophoneBusy => "microphoneBusy",
            Self::InsecureContext => "insecureContext",
            Self::RelayUnreachable => "relayUnreachable",
            Self::RelayLost => "relayLost",
            Self::InvalidField => "invalidField",
            Self::MediaFailed => "mediaFailed",
            Self::Timeout => "timeout",
            Self::CannotSwitch => "cannotSwitch",
            Self::ScreenDenied => "screenDenied",
        }
    }
}

/// One failure. In a box, because every result that goes through the layers has room for one, and few have one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure(Box<Facts>);

/// What is known of a failure: a code for the program, a sentence for the person, and the cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The stable code.
    pub code: Code,
    /// A sentence a person can act on.
    pub message: String,
    /// The SIP status code (RFC 3261 section 21) behind it.
    pub sip_status: Option<u16>,
    /// The SIP reason phrase that came with it.
    pub sip_reason: Option<String>,
    /// The option at fault.
    pub field: Option<String>,
}

impl Failure {
    /// A failure with nothing but its code and sentence.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let message = message.into();
        Self(Box::new(Facts { code, message, sip_status: None, sip_reason: None, field: None }))
    }

    /// An option that cannot be used.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Self::new(Code::InvalidField, message).at(field)
    }

    /// The same failure, which is that option's fault.
    pub fn at(mut self, field: &str) -> Self {
        self.0.field = Some(field.into());
        self
    }

    /// A command that the session's status does not allow. The sentence is the original SDK's.
    pub fn session_state(status: &str) -> Self {
        Self::new(Code::Relay(ErrorCode::InvalidSessionState), crate::text::join(&["Invalid session state ", status]))
    }

    /// A command that the call's status does not allow. The sentence is the original SDK's.
    pub fn call_state() -> Self {
        Self::new(Code::Relay(ErrorCode::InvalidCallState), "Invalid call state")
    }

    /// The WebSocket was lost.
    pub fn relay_lost() -> Self {
        Self::new(Code::RelayLost, "The connection to the relay was lost.")
    }
}

impl Deref for Failure {
    type Target = Facts;

    fn deref(&self) -> &Facts {
        &self.0
    }
}

impl From<RelayFailure> for Failure {
    fn from(failure: RelayFailure) -> Self {
        Self(Box::new(Facts {
            code: Code::Relay(failure.code),
            message: failure.message,
            sip_status: failure.sip_status,
            sip_reason: failure.sip_reason,
            field: failure.field,
        }))
    }
}
