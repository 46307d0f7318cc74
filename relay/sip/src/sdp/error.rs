use super::parse::{MAX_FORMATS, MAX_LINES, MAX_MEDIA, MAX_SIZE};

/// Why a session description was refused. Lines count from 1; the input itself is never quoted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SdpError {
    /// The body is larger than this parser accepts. Refuse the message (413 or 488).
    #[error("the session description has {size} bytes, more than the {MAX_SIZE} accepted")]
    TooLarge {
        /// Size of the body in bytes.
        size: usize,
    },
    /// There are more lines than any call needs. Refuse the message (488).
    #[error("line {line}: a session description may have at most {MAX_LINES} lines")]
    TooManyLines {
        /// First line beyond the bound.
        line: usize,
    },
    /// There are more media sections than any call needs. Refuse the message (488).
    #[error("line {line}: a session description may have at most {MAX_MEDIA} media sections")]
    TooManyMedia {
        /// The `m=` line beyond the bound.
        line: usize,
    },
    /// A media section lists more formats than any call needs. Refuse the message (488).
    #[error("line {line}: a media section may list at most {MAX_FORMATS} formats")]
    TooManyFormats {
        /// The `m=` line.
        line: usize,
    },
    /// A line does not follow the grammar of RFC 8866. Refuse the message (400 or 488).
    #[error("line {line}: expected {expected}")]
    Malformed {
        /// The offending line.
        line: usize,
        /// What should have stood there.
        expected: &'static str,
    },
    /// A line every description needs is missing. Refuse the message (400 or 488).
    #[error("the session description has no {what} line")]
    Missing {
        /// The missing line, as in `o=`.
        what: &'static str,
    },
}
