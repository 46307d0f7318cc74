//! Session descriptions that go from one SIP leg to the other as they are.

use std::fmt;

use bytes::Bytes;

/// A session description that one SIP leg hands to the other untouched: the ends send their media to each other, and the
/// relay has no part in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Untouched(Bytes);

impl Untouched {
    /// The body of a message.
    #[must_use]
    pub const fn new(body: Bytes) -> Self {
        Self(body)
    }

    /// Whether it says the same as another: all but who says it, and how often it has changed (`o=`).
    #[must_use]
    pub fn is_same_session(&self, other: &Self) -> bool {
        let lines = |body: &Self| {
            let lines =
                body.0.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.starts_with(b"o="));
            lines.map(<[u8]>::to_vec).collect::<Vec<_>>()
        };
        self.0 == other.0 || lines(self) == lines(other)
    }

    /// The body as it came.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.0
    }
}

/// Descriptions hold addresses and keys: a log shows how long they are.
impl fmt::Debug for Untouched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Untouched").field(&self.0.len()).finish()
    }
}
