//! What a call waits for, how long, and what it means when that does not come.

use crate::Millis;
use crate::failure::{Code, Failure};

/// What the call waits for. The status is what the app sees of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// For the app.
    Idle,
    /// For the microphone.
    Opening,
    /// For the browser's description.
    Describing,
    /// For the relay's first word.
    Asked,
    /// For the far end to answer.
    Ringing,
    /// Until somebody hangs up; at first for the sound.
    Connected,
    /// For the relay's word: sound that breaks before it was there has often been hung up on.
    Breaking,
    /// For the relay to confirm the hang-up.
    Leaving,
    /// For nothing.
    Over,
}

impl Phase {
    /// How long it may last. A person gets a minute for the browser's question. The relay gives up before we do and
    /// says why: on a silent SIP server after 32 s (RFC 3261 timer B), on ringing after 180 s.
    pub(super) fn wait(self) -> Millis {
        match self {
            Self::Opening => 60_000,
            Self::Describing => 10_000,
            Self::Asked => 40_000,
            Self::Connected => 15_000,
            Self::Idle | Self::Ringing => 200_000,
            Self::Breaking => 1000,
            Self::Leaving | Self::Over => 5_000,
        }
    }

    /// What went wrong when it lasts longer; `None` where the call then ends as it was meant to.
    pub(super) fn lateness(self) -> Option<Failure> {
        let (code, sentence) = match self {
            Self::Opening => (Code::Timeout, "Nobody allowed or refused the microphone within a minute."),
            Self::Describing => (Code::Timeout, "The browser did not describe its media in time."),
            Self::Asked => (Code::Timeout, "The relay did not say in time what became of the call."),
            Self::Idle | Self::Ringing => (Code::Timeout, "Nobody answered the call."),
            Self::Connected => (
                Code::MediaFailed,
                "The call was answered, but sound could not be connected. A firewall may block UDP.",
            ),
            Self::Breaking => {
                (Code::MediaFailed, "The sound connection to the relay could not be made. A firewall may block UDP.")
            }
            Self::Leaving | Self::Over => return None,
        };
        Some(Failure::new(code, sentence))
    }
}
