//! What can go wrong before media flows.

use std::net::SocketAddr;

/// Why media could not be started, or a leg not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MediaError {
    /// Correct the configuration; the sentence names the field.
    #[error("media configuration: {0}")]
    Config(&'static str),
    /// Choose another address or port: this one cannot be bound.
    #[error("cannot bind UDP {address}: {source}")]
    Bind {
        /// The address that was tried.
        address: SocketAddr,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Answer the call as overloaded (SIP 503), or widen the RTP port range.
    #[error("no free RTP port pair in the configured range")]
    NoPorts,
    /// Nothing to be done: the leg has been closed, or never was one to a browser.
    #[error("there is no such leg to a browser")]
    NoLeg,
    /// Nothing to be done but to end the process: the system gives no thread, poll or randomness.
    #[error("the operating system refused: {0}")]
    System(#[from] std::io::Error),
    /// Nothing to be done: no certificate could be made for DTLS.
    #[error("no DTLS identity: {0}")]
    Identity(String),
    /// Fail the call: the worker's command queue is full, it cannot keep up.
    #[error("the media worker is overloaded")]
    Overloaded,
    /// Fail the call: the worker is gone, media is shutting down.
    #[error("the media worker has stopped")]
    Stopped,
}

/// Why a fingerprint of a session description was not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidFingerprint {
    /// Look for a `sha-256` line: it is the one every browser sends.
    #[error("only sha-256 fingerprints are supported")]
    Algorithm,
    /// Refuse the description: this is not 32 hexadecimal bytes with colons between.
    #[error("a sha-256 fingerprint is 32 hexadecimal bytes separated by colons")]
    Value,
}
