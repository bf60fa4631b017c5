//! The client that `createClient` delegates to.

use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::abort::promise;
use super::fault::Failure;
use super::files::size;
use super::host::host;
use super::listener::Listener;
use super::object::{is_object, member, task};
use super::options::{CALL, CallOptions, PROGRESS, WAIT};
use super::request::ready;
use super::settings::Settings;
use super::timer::now;
use super::watch::TaskWatch;
use super::{body, download};
use crate::endpoint::Service;
use crate::error::Error;
use crate::flow::watch::Watch;
use crate::task::{Task, TaskId};

/// A client of the service at one address.
#[wasm_bindgen]
#[derive(Clone, Debug)]
pub struct Client(Rc<Settings>);

#[wasm_bindgen]
impl Client {
    /// Takes the options of `createClient`.
    ///
    /// # Errors
    ///
    /// `invalid_option`
    #[wasm_bindgen(constructor)]
    pub fn new(options: JsValue) -> Result<Client, JsValue> {
        Ok(Self(Rc::new(Settings::read(options)?)))
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
            let service = client.0.service().await?;
            Ok(task(&host(&client.0.fetcher, None, &Listener::new(None)).task(&service, &id).await?))
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
            let watch = client.0.watch_of(id).await?.within(begun, timeout);
            Ok(task(&host(&client.0.fetcher, None, &listener).wait(watch).await?))
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
            let done = host(&client.0.fetcher, None, &listener).wait(watch).await;
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
        Ok(TaskWatch::new(Rc::clone(&self.0), task_id(id)?, options))
    }

    /// The checked bytes of a finished video.
    ///
    /// # Errors
    ///
    /// `invalid_option`; the rest rejects the promise.
    pub fn download(&self, video: &JsValue, options: JsValue) -> Result<Promise, JsValue> {
        let options = CallOptions::read(options, PROGRESS)?;
        let (client, url, listener) = (self.clone(), video_url(video)?, options.listener);
        let call = async move { Ok(download::video(&client.0.fetcher, &url, &listener).await?.into()) };
        Ok(promise(options.signal, Box::pin(call)))
    }
}

impl Client {
    async fn send(&self, request: &JsValue, listener: &Listener) -> Result<(Service, Task), Failure> {
        let ready = ready(request, listener).await?;
        // Before the work of encoding: a key that cannot be had is known now.
        let service = self.0.service().await?;
        let (id, body) = body::build(&ready, listener).await?;
        let accepted = host(&self.0.fetcher, Some(&body), listener).submit(&service, &id, size(&body)).await?;
        Ok((service, accepted))
    }
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
