//! Options objects: read strictly, because a misspelt option that vanishes silently costs money.

use js_sys::{Function, Object};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::AbortSignal;

use super::fault::Failure;
use super::listener::Listener;
use super::number::whole;
use super::object::{is_object, member};
use super::text::is_record;
use kling_core::delay::{MAX_TIME_MS, MIN_TIME_MS};
use kling_core::error::Error;
use kling_core::poll::Polling;
use kling_core::request::fields::enumerate;
use kling_core::retry::Backoff;

/// The options of a call that only an abort can end early.
pub(super) const CALL: &[&str] = &["signal"];
/// The options of a call that reports its progress.
pub(super) const PROGRESS: &[&str] = &["signal", "onProgress"];
/// The options of a call that waits.
pub(super) const WAIT: &[&str] = &["signal", "onProgress", "timeout"];

/// The options of one call.
#[derive(Debug)]
pub(super) struct CallOptions {
    pub(super) signal: Option<AbortSignal>,
    pub(super) listener: Listener,
    pub(super) timeout: Option<u64>,
}

impl CallOptions {
    /// Takes what the caller passed, of which these keys are known.
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
    /// Takes what the caller passed. Nothing, or `undefined`, is an object without members.
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
            return Err(Error::invalid_option(path, "expected an object of options, found something else").into());
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

    /// The `signal`. One of another realm is taken too, which `instanceof` would not know.
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
        let time = value.as_f64().filter(|time| time.is_finite() && *time >= 0.0).map(whole);
        match time {
            Some(time) if (MIN_TIME_MS..=MAX_TIME_MS).contains(&time) => Ok(Some(time)),
            _ => {
                let message = format!("expected ms from {MIN_TIME_MS} to {MAX_TIME_MS}");
                Err(self.invalid(name, &message).into())
            }
        }
    }

    /// The `polling` options. A caller who sets the intervals sets the delays before retries too.
    pub(super) fn polling(&self) -> Result<(Polling, Backoff), Failure> {
        const KNOWN: &[&str] = &["firstDelay", "interval", "maxInterval", "outageBudget", "notFoundGrace"];
        let given = Self::read("polling", self.get("polling")?.unwrap_or(JsValue::UNDEFINED), KNOWN)?;
        let (mut polling, mut backoff) = (Polling::default(), Backoff::default());
        if let Some(first_delay) = given.time("firstDelay")? {
            polling.first_delay_ms = first_delay;
        }
        if let Some(interval) = given.time("interval")? {
            (polling.interval_ms, backoff.min_delay_ms) = (interval, interval);
            polling.max_interval_ms = polling.max_interval_ms.max(interval);
            backoff.max_delay_ms = backoff.max_delay_ms.max(interval);
        }
        if let Some(max_interval) = given.time("maxInterval")? {
            (polling.max_interval_ms, backoff.max_delay_ms) = (max_interval, max_interval);
        }
        if let Some(outage_budget) = given.time("outageBudget")? {
            (polling.outage_budget_ms, backoff.budget_ms) = (outage_budget, outage_budget);
        }
        if let Some(not_found_grace) = given.time("notFoundGrace")? {
            polling.not_found_grace_ms = not_found_grace;
        }
        if polling.max_interval_ms < polling.interval_ms {
            return Err(given.invalid("maxInterval", "expected at least the interval").into());
        }
        Ok((polling, backoff))
    }

    /// An error about the member of that name.
    pub(super) fn invalid(&self, name: &str, message: &str) -> Error {
        Error::invalid_option(&format!("{}.{name}", self.path), message)
    }
}

/// The keys of an object that are not among the known ones.
pub(super) fn unknown_keys(object: &JsValue, known: &[&str]) -> Vec<String> {
    let keys = Object::keys(object.unchecked_ref::<Object>());
    keys.iter().filter_map(|key| key.as_string()).filter(|key| !known.contains(&key.as_str())).collect()
}
