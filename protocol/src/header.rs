//! A SIP header the app sets or reads.

use serde::{Deserialize, Serialize};

/// One SIP header field (RFC 3261 section 7.3). Its `Debug` shows the name only: a value may be anybody's secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Header {
    /// The name as it stands on the wire.
    pub name: String,
    /// The value, unfolded.
    pub value: String,
}

impl core::fmt::Debug for Header {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Header").field("name", &self.name).finish_non_exhaustive()
    }
}
