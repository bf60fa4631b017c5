//! What a client was made with.

use js_sys::{Function, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::fault::Failure;
use super::fetch::Fetcher;
use super::object::{is_object, member};
use super::options::Options;
use super::timer::now;
use crate::endpoint::{ApiKey, BaseUrl, DEFAULT_BASE_URL, Service};
use crate::error::Error;
use crate::flow::watch::Watch;
use crate::poll::Polling;
use crate::task::TaskId;

/// The options of `createClient`, checked.
pub(super) struct Settings {
    key: KeySource,
    base: BaseUrl,
    pub(super) polling: Polling,
    pub(super) fetcher: Fetcher,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("base", &self.base).finish_non_exhaustive()
    }
}

enum KeySource {
    Relay,
    Fixed(ApiKey),
    Function(Function),
}

impl Settings {
    pub(super) fn read(options: JsValue) -> Result<Self, Failure> {
        const KNOWN: &[&str] = &["apiKey", "baseUrl", "polling", "fetch"];
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
        if let KeySource::Fixed(key) = &key {
            base.permit(Some(key))?;
        }
        let (polling, fetcher) = (options.polling()?, Fetcher::new(options.function("fetch")?));
        Ok(Self { key, base, polling, fetcher })
    }

    /// The service, with the key as it is now.
    pub(super) async fn service(&self) -> Result<Service, Failure> {
        let key = match &self.key {
            KeySource::Relay => None,
            KeySource::Fixed(key) => Some(key.clone()),
            KeySource::Function(function) => {
                let failed = |cause| {
                    Failure::Caused(
                        Error::invalid_option("options.apiKey", "the function that supplies the key failed"),
                        cause,
                    )
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
        Ok(Service { base: self.base.clone(), key })
    }

    /// The watch of a task of which nothing is known yet.
    pub(super) async fn watch_of(&self, id: TaskId) -> Result<Watch, Failure> {
        Ok(Watch::new(self.service().await?, id, self.polling, now()))
    }
}

fn base_url(options: &Options) -> Result<BaseUrl, Failure> {
    let Some(value) = options.get("baseUrl")? else { return Ok(BaseUrl::parse(DEFAULT_BASE_URL)?) };
    let text = match value.as_string() {
        Some(text) => Some(text),
        None if is_object(&value) => member(&value, "href").ok().and_then(|href| href.as_string()),
        None => None,
    };
    let text = text.ok_or_else(|| options.invalid("baseUrl", "expected a text or a URL"))?;
    let location = member(&js_sys::global(), "location").and_then(|location| member(&location, "href"));
    let page = location.ok().and_then(|href| href.as_string());
    let absolute = match page {
        Some(page) => web_sys::Url::new_with_base(&text, &page).or_else(|_| web_sys::Url::new(&text)),
        None => web_sys::Url::new(&text),
    };
    let url = absolute.map_err(|_| options.invalid("baseUrl", "expected an http(s): address, found a broken one"))?;
    Ok(BaseUrl::parse(&url.href())?)
}
