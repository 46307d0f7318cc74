//! What can go wrong.

/// Why the program ends.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The command line makes no sense.
    #[error("usage: offhook-load {0}")]
    Usage(&'static str),
    /// What the operating system says.
    #[error(transparent)]
    System(#[from] std::io::Error),
    /// The same, of its rarer calls.
    #[error(transparent)]
    Call(#[from] nix::Error),
    /// What the WebRTC libraries say.
    #[error("WebRTC: {0}")]
    WebRtc(#[from] rtc_shared::error::Error),
    /// What the cryptography library says.
    #[error("cryptography: {0}")]
    Crypto(#[from] rtc_crypto::CryptoError),
    /// What libopus says.
    #[error("Opus: {0}")]
    Opus(#[from] opus::Error),
    /// There is no speech to send.
    #[error("the speech is shorter than a second")]
    Speechless,
    /// No randomness.
    #[error("the system gives no random bytes")]
    Random,
}
