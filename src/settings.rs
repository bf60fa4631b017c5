//! The options of `createClient`, read and kept.

use std::cell::RefCell;

use js_sys::Function;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::AbortController;

use super::fault::{Failure, js_error};
use super::fetch::Fetcher;
use super::object::{is_object, member, set};
use super::options::Options;
use super::records::Records;
use super::returned::Returned;
use super::text::address;
use kling_core::endpoint::{ApiKey, BaseUrl, DEFAULT_BASE_URL, Service};
use kling_core::error::Error;
use kling_core::gate::Gate;
use kling_core::options::{MAX_DOWNLOADS, MAX_SERVICE_REQUESTS, StoreKind, StoreName};
use kling_core::poll::Polling;
use kling_core::retry::Backoff;
use kling_core::submission::closed;
use kling_core::task::{Task, TaskId};

/// The options of `createClient`, checked.
pub(super) struct Settings {
    key: KeySource,
    base: BaseUrl,
    pub(super) polling: Polling,
    pub(super) backoff: Backoff,
    pub(super) fetcher: Fetcher,
    pub(super) records: Records,
    /// Limits requests to the service.
    pub(super) gate: Gate,
    /// Limits downloads.
    pub(super) downloads: Gate,
    /// Aborts when the client is closed.
    pub(super) closing: AbortController,
    /// The external task id of the last submission that an abort ended while its outcome was unknown.
    pub(super) interrupted: RefCell<Option<String>>,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("base", &self.base).finish_non_exhaustive()
    }
}

enum KeySource {
    /// No key: a relay adds it.
    Relay,
    Fixed(ApiKey),
    /// Called for each request that needs the key.
    Function(Function),
}

impl Settings {
    pub(super) fn read(options: JsValue) -> Result<Self, Failure> {
        const KNOWN: &[&str] = &["apiKey", "baseUrl", "polling", "fetch", "store", "storeName"];
        let options = Options::read("options", options, KNOWN)?;
        let key = match options.get("apiKey")? {
            None => KeySource::Relay,
            Some(value) => match (value.as_string(), value.dyn_into::<Function>()) {
                (Some(key), _) => KeySource::Fixed(ApiKey::parse(&key)?),
                (None, Ok(function)) => KeySource::Function(function),
                (None, Err(_)) => return Err(options.invalid("apiKey", "expected a string or a function").into()),
            },
        };
        let base = base_url(&options)?;
        let (polling, backoff) = options.polling()?;
        let fetcher = Fetcher::new(options.function("fetch")?);
        if let KeySource::Fixed(key) = &key {
            base.permit(Some(key))?;
            fetcher.know(key);
        }
        let records = records(&options, &base)?;
        let (gate, downloads) = (Gate::new(MAX_SERVICE_REQUESTS), Gate::new(MAX_DOWNLOADS));
        let closing = AbortController::new()?;
        Ok(Self {
            key,
            base,
            polling,
            backoff,
            fetcher,
            records,
            gate,
            downloads,
            closing,
            interrupted: RefCell::default(),
        })
    }

    /// Ends every call of the client.
    pub(super) fn close(&self) {
        let reason = js_error(&closed(None));
        // Where `abort` takes no reason.
        set(&self.closing.signal(), "reason", &reason);
        self.closing.abort_with_reason(&reason);
    }

    /// What a call rejects with that was dropped because a signal fired with this reason.
    pub(super) fn rejection(&self, reason: JsValue) -> JsValue {
        let interrupted = self.interrupted.take();
        if reason == self.closing.signal().reason() { js_error(&closed(interrupted.as_deref())) } else { reason }
    }

    /// The service, with the key that is valid now.
    pub(super) async fn service(&self) -> Result<Service, Failure> {
        let key = match &self.key {
            KeySource::Relay => None,
            KeySource::Fixed(key) => Some(key.clone()),
            KeySource::Function(function) => {
                let failed = |cause: JsValue| {
                    let error = Error::invalid_option("options.apiKey", "the function that supplies the key failed");
                    Failure::caused(&error, &cause)
                };
                let returned = function.call0(&JsValue::UNDEFINED).map_err(failed)?;
                let value = Returned::new(&returned).await.map_err(failed)?;
                let key = value.as_string().ok_or_else(|| {
                    Error::invalid_option("options.apiKey", "expected the function to supply a string")
                })?;
                Some(ApiKey::parse(&key)?)
            }
        };
        self.base.permit(key.as_ref())?;
        if let Some(key) = &key {
            self.fetcher.know(key);
        }
        Ok(Service { base: self.base.clone(), key })
    }

    /// The service, the service's id of the task with this task id or external task id, and the task in its record.
    pub(super) async fn service_for(&self, id: TaskId) -> Result<(Service, TaskId, Option<Box<Task>>), Failure> {
        let service = self.service().await?;
        service.permit_id("id", id.as_str())?;
        // Without a record, the id is used as it is.
        let task = self.records.load(id.as_str()).await.ok().flatten().and_then(|record| record.task());
        let known = task.as_ref().and_then(|task| TaskId::parse(&task.task_id).ok());
        Ok((service, known.unwrap_or(id), task))
    }
}

fn records(options: &Options, base: &BaseUrl) -> Result<Records, Failure> {
    let string = |name| Ok::<_, Failure>(options.get(name)?.map(|value| value.as_string().unwrap_or_default()));
    let kind = string("store")?.map_or_else(|| Ok(StoreKind::default()), |word| StoreKind::parse(&word))?;
    let name = string("storeName")?.map_or_else(|| Ok(StoreName::default()), StoreName::parse)?;
    Ok(Records::new(kind.as_str(), name.as_str(), base.as_str()))
}

fn base_url(options: &Options) -> Result<BaseUrl, Failure> {
    let Some(value) = options.get("baseUrl")? else { return Ok(BaseUrl::parse(DEFAULT_BASE_URL)?) };
    let url = if is_object(&value) { member(&value, "href").unwrap_or(JsValue::UNDEFINED) } else { value };
    if !url.is_string() {
        return Err(options.invalid("baseUrl", "expected a string or a URL").into());
    }
    let broken = || options.invalid("baseUrl", "expected an http(s): URL, found a malformed one");
    Ok(BaseUrl::parse(&address(&url, true).ok_or_else(broken)?)?)
}
