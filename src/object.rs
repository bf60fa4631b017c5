//! Plain JavaScript objects, built and read.

use js_sys::Reflect;
use serde::Serialize;
use wasm_bindgen::JsValue;

use kling_core::plain::{PlainValue, ToPlain};
use kling_core::task::Task;

/// A value of ours as plain JavaScript.
pub(super) fn to_js(value: &(impl ToPlain + ?Sized)) -> JsValue {
    js_value(&value.to_plain())
}

/// A value as JavaScript has it.
pub(super) fn js_value(value: &PlainValue) -> JsValue {
    // Our own types serialise; should one not, `undefined` is what is left to show.
    value.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).unwrap_or(JsValue::UNDEFINED)
}

/// A task as plain JavaScript, with the answer as it came beside it.
pub(super) fn task(task: &Task) -> JsValue {
    let value = to_js(task);
    let raw = task.raw.as_deref().and_then(|raw| js_sys::JSON::parse(raw).ok());
    set(&value, "raw", &raw.unwrap_or(JsValue::NULL));
    value
}

/// The member of that name; a getter may throw.
pub(super) fn member(object: &JsValue, name: &str) -> Result<JsValue, JsValue> {
    Reflect::get(object, &JsValue::from_str(name))
}

/// Whether the value is an object of any kind, and no function.
pub(super) fn is_object(value: &JsValue) -> bool {
    value.is_object() && !value.is_function()
}

/// Names the type of a value, for messages: `typeof`, but `null` for null.
pub(super) fn type_of(value: &JsValue) -> String {
    if value.is_null() { None } else { value.js_typeof().as_string() }.unwrap_or_else(|| "null".to_owned())
}

/// Sets a member.
pub(super) fn set(object: &JsValue, name: &str, value: &JsValue) {
    // Setting a member of a fresh plain object cannot fail. Where a member is read-only, it keeps its value.
    let _ = Reflect::set(object, &JsValue::from_str(name), value);
}
