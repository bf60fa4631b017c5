//! What a client was made with.

use js_sys::{Function, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortController;

use super::fault::Failure;
use super::fetch::Fetcher;
use super::object::{is_object, member};
use super::options::Options;
use super::records::Records;
use super::text::address;
use kling_core::endpoint::{ApiKey, BaseUrl, DEFAULT_BASE_URL, Service};
use kling_core::error::Error;
use kling_core::gate::Gate;
use kling_core::poll::Polling;
use kling_core::retry::Backoff;
use kling_core::task::{Task, TaskId};

/// The options of `createClient`, checked.
pub(super) struct Settings {
    key: KeySource,
    base: BaseUrl,
    pub(super) polling: Polling,
    pub(super) backoff: Backoff,
    pub(super) fetcher: Fetcher,
    pub(super) records: Records,
    /// What goes to the service.
    pub(super) gate: Gate,
    /// What brings videos, which may take long: nobody's questions shall wait for them.
    pub(super) downloads: Gate,
    /// Aborts when the client is closed.
    pub(super) closing: AbortController,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("base", &self.base).finish_non_exhaustive()
    }
}

/// Together six: as many connections as a browser makes to one host.
const QUESTIONS: u32 = 4;
const DOWNLOADS: u32 = 2;

enum KeySource {
    Relay,
    Fixed(ApiKey),
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
                (None, Err(_)) => return Err(options.invalid("apiKey", "expected a text or a function").into()),
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
        let (gate, downloads) = (Gate::new(QUESTIONS), Gate::new(DOWNLOADS));
        let closing = AbortController::new()?;
        Ok(Self { key, base, polling, backoff, fetcher, records, gate, downloads, closing })
    }

    /// The service, with the key as it is now.
    pub(super) async fn service(&self) -> Result<Service, Failure> {
        let key = match &self.key {
            KeySource::Relay => None,
            KeySource::Fixed(key) => Some(key.clone()),
            KeySource::Function(function) => {
                let failed = |cause: JsValue| {
                    let error = Error::invalid_option("options.apiKey", "the function that supplies the key failed");
                    Failure::caused(&error, &cause)
                };
                let promise = Promise::resolve(&function.call0(&JsValue::UNDEFINED).map_err(failed)?);
                let value = JsFuture::from(promise).await.map_err(failed)?;
                let text = value
                    .as_string()
                    .ok_or_else(|| Error::invalid_option("options.apiKey", "expected the function to supply a text"))?;
                Some(ApiKey::parse(&text)?)
            }
        };
        self.base.permit(key.as_ref())?;
        if let Some(key) = &key {
            self.fetcher.know(key);
        }
        Ok(Service { base: self.base.clone(), key })
    }

    /// The service, the id that it knows a task by, whichever of its two the caller has, and the task as it is remembered.
    pub(super) async fn service_for(&self, id: TaskId) -> Result<(Service, TaskId, Option<Box<Task>>), Failure> {
        let service = self.service().await?;
        service.permit_id("id", id.as_str())?;
        // Without its record the id is asked for as it is.
        let task = self.records.load(id.as_str()).await.ok().flatten().and_then(|record| record.task());
        let known = task.as_ref().and_then(|task| TaskId::parse(&task.task_id).ok());
        Ok((service, known.unwrap_or(id), task))
    }
}

fn records(options: &Options, base: &BaseUrl) -> Result<Records, Failure> {
    const NAME: &str = "kling-multi-image2video";
    let text = |name| Ok::<_, Failure>(options.get(name)?.map(|value| value.as_string().unwrap_or_default()));
    let kind = text("store")?.unwrap_or_else(|| "indexeddb".to_owned());
    if kind != "indexeddb" && kind != "memory" {
        return Err(options.invalid("store", "expected \"indexeddb\" or \"memory\"").into());
    }
    let name = text("storeName")?.unwrap_or_else(|| NAME.to_owned());
    if name.is_empty() {
        return Err(options.invalid("storeName", "expected a text that is not empty").into());
    }
    Ok(Records::new(&kind, &name, base.as_str()))
}

fn base_url(options: &Options) -> Result<BaseUrl, Failure> {
    let Some(value) = options.get("baseUrl")? else { return Ok(BaseUrl::parse(DEFAULT_BASE_URL)?) };
    let text = if is_object(&value) { member(&value, "href").unwrap_or(JsValue::UNDEFINED) } else { value };
    if !text.is_string() {
        return Err(options.invalid("baseUrl", "expected a text or a URL").into());
    }
    let broken = || options.invalid("baseUrl", "expected an http(s): address, found a broken one");
    Ok(BaseUrl::parse(&address(&text, true).ok_or_else(broken)?)?)
}
