//! What several tests need.

use offhook_protocol::compact::Fields;
use serde_json::Value;

/// A JSON value in the place of a JavaScript object.
pub(crate) struct Json(pub(crate) Value);

impl Fields for Json {
    fn text(&self, name: &str) -> Option<String> {
        self.0.get(name)?.as_str().map(str::to_owned)
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.0.get(name)?.as_f64()
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.0.get(name)?.as_bool()
    }

    fn object(&self, name: &str) -> Option<Self> {
        self.0.get(name).filter(|value| value.is_object()).cloned().map(Self)
    }
}
