//! The client that `createClient` delegates to.

use std::rc::Rc;

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::abort::promise;
use super::fault::Failure;
use super::fetch::Fetcher;
use super::files::size;
use super::host::host;
use super::listener::Listener;
use super::object::{is_object, member, task};
use super::options::{CALL, CallOptions, Options, PROGRESS, WAIT};
use super::request::ready;
use super::timer::now;
use super::watch::TaskWatch;
use super::{body, download};
use crate::endpoint::{ApiKey, BaseUrl, DEFAULT_BASE_URL, Service};
use crate::error::Error;
use crate::flow::watch::Watch;
use crate::poll::Polling;
use crate::task::{Task, TaskId};

/// A client of the service at one address.
#[wasm_bindgen]
#[derive(Clone)]
pub struct Client(Rc<Settings>);

struct Settings {
    key: KeySource,
    base: BaseUrl,
    polling: Polling,
    fetcher: Fetcher,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("base", &self.0.base).finish_non_exhaustive()
    }
}

enum KeySource {
    Relay,
    Fixed(ApiKey),
    Function(Function),
}

#[wasm_bindgen]
impl Client {
    /// Takes the options of `createClient`.
    ///
    /// # Errors
    ///
    /// `invalid_option`
    #[wasm_bindgen(constructor)]
    pub fn new(options: JsValue) -> Result<Client, JsValue> {
        Ok(Self::from_options(options)?)
    }

    /// Checks, encodes and sends a request.
    ///
    /// # Errors
    ///
    /// `invalid_option`; the rest rejects the promise.
    pub fn submit(&self, request: JsValue, options: JsValue) -> Result<Promise, JsValue> {
        let options = CallOptions::read(options, PROGRESS)?;
        let (client, listener) = (self.clone(), options.listener);
        let call = async move { Ok(task(&client.send(&request, &listener).await?.1)) };
        Ok(promise(options.signal, Box::pin(call)))
    }

    /// Asks for a task once.
    ///
    /// # Errors
    ///
    /// `invalid_option`; the rest rejects the promise.
    #[wasm_bindgen(js_name = getTask)]
    pub fn task(&self, id: &JsValue, options: JsValue) -> Result<Promise, JsValue> {
        let options = CallOptions::read(options, CALL)?;
        let (client, id) = (self.clone(), task_id(id)?);
        let call = async move {
            let service = client.service().await?;
            Ok(task(&host(client.fetcher(), None, &Listener::new(None)).task(&service, &id).await?))
        };
        Ok(promise(options.signal, Box::pin(call)))
    }

    /// Waits until a task has succeeded.
    ///
    /// # Errors
    ///
    /// `invalid_option`; the rest rejects the promise.
    pub fn wait(&self, id: &JsValue, options: JsValue) -> Result<Promise, JsValue> {
        let options = CallOptions::read(options, WAIT)?;
        let (client, id, begun) = (self.clone(), task_id(id)?, now());
        let (listener, timeout) = (options.listener, options.timeout);
        let call = async move {
            let watch = client.watch_of(id).await?.within(begun, timeout);
            Ok(task(&host(client.fetcher(), None, &listener).wait(watch).await?))
        };
        Ok(promise(options.signal, Box::pin(call)))
    }

    /// `submit`, then `wait`.
    ///
    /// # Errors
    ///
    /// `invalid_option`; the rest rejects the promise.
    pub fn generate(&self, request: JsValue, options: JsValue) -> Result<Promise, JsValue> {
        let options = CallOptions::read(options, WAIT)?;
        let (client, listener, timeout) = (self.clone(), options.listener, options.timeout);
        let call = async move {
            let (service, accepted) = client.send(&request, &listener).await?;
            let watch = Watch::accepted(service, accepted, client.0.polling, now())?.within(now(), timeout);
            // A second `generate` would be a second task; the first is waited for by its id.
            let done = host(client.fetcher(), None, &listener).wait(watch).await;
            Ok(task(&done.map_err(|error| error.retryable(false))?))
        };
        Ok(promise(options.signal, Box::pin(call)))
    }

    /// Begins to watch a task. Nothing is asked before the first `next`.
    ///
    /// # Errors
    ///
    /// `invalid_option`
    pub fn watch(&self, id: &JsValue, options: JsValue) -> Result<TaskWatch, JsValue> {
        let options = CallOptions::read(options, WAIT)?;
        Ok(TaskWatch::new(self.clone(), task_id(id)?, options))
    }

    /// The checked bytes of a finished video.
    ///
    /// # Errors
    ///
    /// `invalid_option`; the rest rejects the promise.
    pub fn download(&self, video: &JsValue, options: JsValue) -> Result<Promise, JsValue> {
        let options = CallOptions::read(options, PROGRESS)?;
        let (client, url, listener) = (self.clone(), video_url(video)?, options.listener);
        let call = async move { Ok(download::video(client.fetcher(), &url, &listener).await?.into()) };
        Ok(promise(options.signal, Box::pin(call)))
    }
}

impl Client {
    fn from_options(options: JsValue) -> Result<Self, Failure> {
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
        Ok(Self(Rc::new(Settings { key, base, polling, fetcher })))
    }

    /// The service, with the key as it is now.
    async fn service(&self) -> Result<Service, Failure> {
        let key = match &self.0.key {
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
        self.0.base.permit(key.as_ref())?;
        Ok(Service { base: self.0.base.clone(), key })
    }

    /// The watch of a task of which nothing is known yet.
    pub(super) async fn watch_of(&self, id: TaskId) -> Result<Watch, Failure> {
        Ok(Watch::new(self.service().await?, id, self.0.polling, now()))
    }

    pub(super) fn fetcher(&self) -> &Fetcher {
        &self.0.fetcher
    }

    async fn send(&self, request: &JsValue, listener: &Listener) -> Result<(Service, Task), Failure> {
        let ready = ready(request, listener).await?;
        // Before the work of encoding: a key that cannot be had is known now.
        let service = self.service().await?;
        let (id, body) = body::build(&ready, listener).await?;
        let accepted = host(&self.0.fetcher, Some(&body), listener).submit(&service, &id, size(&body)).await?;
        Ok((service, accepted))
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

fn task_id(id: &JsValue) -> Result<TaskId, Failure> {
    let text = id
        .as_string()
        .ok_or_else(|| Error::invalid_option("id", "expected a task id as a text, found something else"))?;
    Ok(TaskId::parse(&text)?)
}

/// The address of a video, or of the first video of a task.
fn video_url(video: &JsValue) -> Result<String, Failure> {
    let url_of = |video: &JsValue| member(video, "url").ok().and_then(|url| url.as_string());
    let first = || {
        let videos = member(video, "videos").ok()?;
        url_of(&js_sys::Reflect::get_u32(&videos, 0).ok()?)
    };
    let url = if is_object(video) { url_of(video).or_else(first) } else { None };
    let is_web = |url: &String| url.starts_with("https://") || url.starts_with("http://");
    let message = "expected a video with an http(s): address, or a task that has succeeded, found something else";
    Ok(url.filter(is_web).ok_or_else(|| Error::invalid_option("video", message))?)
}
