//! Options objects, read strictly: a misspelt option that is ignored may cost money. Defaults, allowed values and bounds are
//! those of `core/src/options.rs`.

use js_sys::{Function, Object};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::AbortSignal;

use super::fault::Failure;
use super::listener::Listener;
use super::number::whole;
use super::object::{is_object, member, type_of};
use super::text::is_record;
use kling_core::error::Error;
use kling_core::options::{PollingOptions, checked_time};
use kling_core::poll::Polling;
use kling_core::request::fields::enumerate;
use kling_core::retry::Backoff;

/// The options of a call that only an abort can end early.
pub(super) const CALL: &[&str] = &["signal"];
/// The options of a call that reports its progress.
pub(super) const PROGRESS: &[&str] = &["signal", "onProgress"];
/// The options of a call that waits.
pub(super) const WAIT: &[&str] = &["signal", "onProgress", "timeout"];
/// The options of `submit`. JavaScript reads `prepare`, before the module gets the others.
pub(super) const SUBMIT: &[&str] = GENERATE.split_at(3).0;
/// The options of `generate`.
pub(super) const GENERATE: &[&str] = &["signal", "onProgress", "prepare", "timeout"];

/// The options of one call.
#[derive(Debug)]
pub(super) struct CallOptions {
    pub(super) signal: Option<AbortSignal>,
    pub(super) listener: Listener,
    pub(super) timeout: Option<u64>,
}

impl CallOptions {
    /// Reads the options of a call, which may have these keys.
    pub(super) fn read(value: JsValue, known: &[&str]) -> Result<Self, Failure> {
        let options = Options::read("options", value, known)?;
        Ok(Self { signal: options.signal()?, listener: options.listener()?, timeout: options.time("timeout")? })
    }
}

/// An options object whose keys are all known.
pub(super) struct Options {
    path: &'static str,
    object: JsValue,
}

impl Options {
    /// Reads an options object, which may have these keys. `undefined` is an object without members.
    pub(super) fn read(path: &'static str, value: JsValue, known: &[&str]) -> Result<Self, Failure> {
        if value.is_undefined() {
            return Ok(Self { path, object: Object::new().into() });
        }
        if value.is_instance_of::<AbortSignal>() {
            return Err(
                Error::invalid_option(path, "expected an object such as { signal }, found the signal itself").into()
            );
        }
        if !is_record(&value) {
            let message = format!("expected an object of options, found {}", type_of(&value));
            return Err(Error::invalid_option(path, &message).into());
        }
        if let Some(key) = unknown_keys(&value, known).first() {
            let message = format!("unknown; expected one of {}", enumerate(known, ", "));
            return Err(Error::invalid_option(&format!("{path}.{key}"), &message).into());
        }
        Ok(Self { path, object: value })
    }

    /// The member of that name, unless it is `undefined`.
    pub(super) fn get(&self, name: &str) -> Result<Option<JsValue>, Failure> {
        match member(&self.object, name) {
            Ok(value) if value.is_undefined() => Ok(None),
            Ok(value) => Ok(Some(value)),
            Err(cause) => Err(Failure::caused(&self.invalid(name, "reading it threw"), &cause)),
        }
    }

    /// The `signal`. Not checked by `instanceof`, because it may come from another realm.
    fn signal(&self) -> Result<Option<AbortSignal>, Failure> {
        let Some(value) = self.get("signal")? else { return Ok(None) };
        let has = |name: &str| member(&value, name).unwrap_or(JsValue::UNDEFINED);
        if is_object(&value) && has("aborted").as_bool().is_some() && has("addEventListener").is_function() {
            return Ok(Some(value.unchecked_into()));
        }
        Err(self.invalid("signal", "expected an AbortSignal").into())
    }

    /// The `onProgress` listener.
    fn listener(&self) -> Result<Listener, Failure> {
        Ok(Listener::new(self.function("onProgress")?))
    }

    /// A member that is a function.
    pub(super) fn function(&self, name: &str) -> Result<Option<Function>, Failure> {
        match self.get(name)?.map(JsCast::dyn_into::<Function>) {
            None => Ok(None),
            Some(Ok(function)) => Ok(Some(function)),
            Some(Err(_)) => Err(self.invalid(name, "expected a function").into()),
        }
    }

    /// A member that is a time in ms.
    fn time(&self, name: &str) -> Result<Option<u64>, Failure> {
        let Some(value) = self.get(name)? else { return Ok(None) };
        Ok(Some(checked_time(&format!("{}.{name}", self.path), value.as_f64().map(whole))?))
    }

    /// The `polling` options. A caller who sets the intervals sets the delays before retries too.
    pub(super) fn polling(&self) -> Result<(Polling, Backoff), Failure> {
        const KNOWN: &[&str] = &["firstDelay", "interval", "maxInterval", "outageBudget", "notFoundGrace"];
        let given = Self::read("polling", self.get("polling")?.unwrap_or(JsValue::UNDEFINED), KNOWN)?;
        let options = PollingOptions {
            first_delay: given.time("firstDelay")?,
            interval: given.time("interval")?,
            max_interval: given.time("maxInterval")?,
            outage_budget: given.time("outageBudget")?,
            not_found_grace: given.time("notFoundGrace")?,
        };
        Ok(options.schedules()?)
    }

    /// An error about the member of that name.
    pub(super) fn invalid(&self, name: &str, message: &str) -> Error {
        Error::invalid_option(&format!("{}.{name}", self.path), message)
    }
}

/// The keys of an object that are not known.
pub(super) fn unknown_keys(object: &JsValue, known: &[&str]) -> Vec<String> {
    let keys = Object::keys(object.unchecked_ref::<Object>());
    keys.iter().filter_map(|key| key.as_string()).filter(|key| !known.contains(&key.as_str())).collect()
}
