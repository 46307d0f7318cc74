//! JavaScript objects as a source of fields.

use js_sys::{Array, JSON, Object, Reflect};
use offhook_protocol::compact::Fields;
use wasm_bindgen::{JsCast, JsValue};

/// A JavaScript value seen as an object; one that is none has no fields.
pub struct JsFields(pub JsValue);

impl Fields for JsFields {
    fn text(&self, name: &str) -> Option<String> {
        property(&self.0, name).as_string()
    }

    fn number(&self, name: &str) -> Option<f64> {
        property(&self.0, name).as_f64().filter(|number| number.is_finite())
    }

    fn flag(&self, name: &str) -> Option<bool> {
        property(&self.0, name).as_bool()
    }

    fn object(&self, name: &str) -> Option<Self> {
        let value = property(&self.0, name);
        (value.is_object() && !value.is_null()).then_some(Self(value))
    }

    fn items(&self, name: &str) -> Vec<Self> {
        let value = property(&self.0, name);
        if Array::is_array(&value) { Array::from(&value).iter().map(Self).collect() } else { Vec::new() }
    }

    fn itself(&self) -> Option<String> {
        self.0.as_string()
    }

    fn names(&self) -> Vec<String> {
        self.0
            .dyn_ref::<Object>()
            .map(|object| Object::keys(object).iter().filter_map(|name| name.as_string()).collect())
            .unwrap_or_default()
    }

    fn json(&self, name: &str) -> Option<String> {
        JSON::stringify(&property(&self.0, name)).ok()?.as_string()
    }
}

/// The property of that name; undefined for one whose getter throws, and for anything but an object.
pub fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// Sets a property; on an ordinary object that cannot fail.
pub fn set(object: &JsValue, name: &str, value: impl Into<JsValue>) {
    let _set = Reflect::set(object, &JsValue::from_str(name), &value.into());
}
