//! Who was called before and had the call sent on.

use serde::{Deserialize, Serialize};

/// One time that a call was sent on (RFC 5806, RFC 7044).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Diversion {
    /// The user part or URI of whoever was called; `anonymous` where that is not to be known.
    pub user: String,
    /// Their display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Why, as `user-busy`, `no-answer` or `unconditional`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How often, where that is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counter: Option<u32>,
}

// A person's number is theirs.
impl core::fmt::Debug for Diversion {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Diversion").field("reason", &self.reason).finish_non_exhaustive()
    }
}
