//! How much of a message is read before giving up.

/// Bounds on what a peer may make us hold. All sizes in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Start line and header lines together.
    pub max_head: usize,
    /// Header lines (a folded header counts once).
    pub max_headers: usize,
    /// The body. More is answered 413 and, on a stream, ends the connection.
    pub max_body: usize,
}

impl Default for Limits {
    /// 32 KiB of headers in at most 256 lines, 64 KiB of body: well above any telephone's message
    /// and above what one UDP datagram carries.
    fn default() -> Self {
        Self { max_head: 32 * 1024, max_headers: 256, max_body: 64 * 1024 }
    }
}
