//! JavaScript objects as a source of fields.

use js_sys::Reflect;
use offhook_protocol::compact::Fields;
use wasm_bindgen::JsValue;

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
}

/// The property of that name; undefined for one whose getter throws, and for anything but an object.
pub fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// Sets a property; on an ordinary object that cannot fail.
pub fn set(object: &JsValue, name: &str, value: impl Into<JsValue>) {
    let _set = Reflect::set(object, &JsValue::from_str(name), &value.into());
}
