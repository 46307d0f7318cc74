//! JavaScript objects as a source of fields, and errors as JavaScript objects.

use crate::failure::Failure;
use js_sys::{Array, Error, JSON, Object, Promise, Reflect};
use offhook_protocol::compact::Fields;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

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
        property(&self.0, name)
            .dyn_into::<Array>()
            .map_or_else(|_| Vec::new(), |list| list.to_vec().into_iter().map(Self).collect())
    }

    fn itself(&self) -> Option<String> {
        self.0.as_string()
    }

    fn names(&self) -> Vec<String> {
        let object = Some(&self.0).filter(|object| object.is_object());
        let names = object.map(|object| Object::keys(object.unchecked_ref::<Object>()).to_vec()).unwrap_or_default();
        names.iter().filter_map(JsValue::as_string).collect()
    }

    fn json(&self, name: &str) -> Option<String> {
        JSON::stringify(&property(&self.0, name)).ok()?.as_string()
    }
}

/// The property of that name; undefined for one whose getter throws, and for anything but an object.
pub fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// A property that is a text; empty for anything else.
pub fn text(object: &JsValue, name: &str) -> String {
    property(object, name).as_string().unwrap_or_default()
}

/// Sets a property; on an ordinary object that cannot fail.
pub fn set(object: &JsValue, name: &str, value: impl Into<JsValue>) {
    fn set(object: &JsValue, name: &str, value: &JsValue) {
        let _set = Reflect::set(object, &JsValue::from_str(name), value);
    }
    set(object, name, &value.into());
}

/// A new object with the properties of another, which may be anything.
pub fn copy(object: &JsValue) -> JsValue {
    let copy = Object::new();
    if object.is_object() {
        Object::assign(&copy, object.unchecked_ref());
    }
    copy.into()
}

/// A failure's properties on an object or an `Error`.
pub fn describe(object: &JsValue, failure: &Failure) {
    set(object, "code", failure.code.name());
    set(object, "message", failure.message.as_str());
    if let Some(status) = failure.sip_status {
        set(object, "sipStatus", status);
    }
    for (name, text) in [("sipReason", &failure.sip_reason), ("field", &failure.field)] {
        if let Some(text) = text.as_deref() {
            set(object, name, text);
        }
    }
}

/// The failure as an `Error` to throw.
pub fn thrown(failure: Failure) -> JsValue {
    let error: JsValue = Error::new("").into();
    describe(&error, &failure);
    error
}

/// Lets a promise fail without the browser complaining that nobody cared.
pub fn ignore(promise: &JsValue) {
    let promise = Promise::resolve(promise);
    spawn_local(async move {
        let _outcome = JsFuture::from(promise).await;
    });
}
