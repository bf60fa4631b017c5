//! Plain JavaScript objects, built and read.

use js_sys::{Object, Reflect};
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};

use crate::plain::{Plain, Show};
use crate::task::Task;

/// A plain object of these members.
pub(super) fn object(members: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in members {
        set(&object, name, value);
    }
    object.into()
}

/// A value of ours as plain JavaScript.
pub(super) fn plain(value: &(impl Show + ?Sized)) -> JsValue {
    js_value(&value.show())
}

fn js_value(value: &Plain) -> JsValue {
    // Our own types serialise; should one not, `undefined` is what is left to show.
    value.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).unwrap_or(JsValue::UNDEFINED)
}

/// A task as plain JavaScript, with the answer as it came beside it.
pub(super) fn task(task: &Task) -> JsValue {
    let value = plain(task);
    if let Some(object) = value.dyn_ref::<Object>() {
        set(object, "raw", &js_sys::JSON::parse(&task.raw).unwrap_or(JsValue::NULL));
    }
    value
}

/// The member of that name; a getter may throw.
pub(super) fn member(object: &JsValue, name: &str) -> Result<JsValue, JsValue> {
    Reflect::get(object, &JsValue::from_str(name))
}

/// Whether the value is an object, of whatever kind, and no function.
pub(super) fn is_object(value: &JsValue) -> bool {
    value.is_object() && !value.is_function()
}

/// Sets a member.
pub(super) fn set(object: &Object, name: &str, value: &JsValue) {
    // Setting a member of a fresh plain object cannot fail.
    let _ = Reflect::set(object, &JsValue::from_str(name), value);
}
