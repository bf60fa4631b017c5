//! The client that `createClient` delegates to.

use std::rc::Rc;

use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortSignal;

use super::abort::promise;
use super::download;
use super::fault::Failure;
use super::host::host;
use super::object::{self, is_object, member, task};
use super::options::{CALL, CallOptions, PROGRESS, WAIT};
use super::request::ready;
use super::settings::Settings;
use super::submission;
use super::timer::{now, sleep};
use crate::error::Error;
use crate::flow::succeeded;
use crate::flow::watch::{self, Watch};
use crate::race::{First, race};
use crate::task::TaskId;

/// A client of the service at one address.
#[wasm_bindgen]
#[derive(Clone, Debug)]
pub struct Client(Rc<Settings>);

/// What a client is asked for. One entry for all: each of its own would weigh half a kB.
#[wasm_bindgen]
#[derive(Clone, Copy, Debug)]
pub enum Action {
    /// `submit(request)`
    Submit,
    /// `getTask(id)`
    Task,
    /// `reconcile(id)`
    Reconcile,
    /// `adopt(id)`
    Adopt,
    /// `wait(id)`
    Wait,
    /// The same for a task just accepted: it is not asked for at once, and its errors are no reason to repeat the call that
    /// created it.
    WaitForAccepted,
    /// `watch(id)`, whose changes go to a function.
    Watch,
    /// `download(video)`
    Download,
    /// `records()`
    Records,
    /// `forget(id)`
    Forget,
}

#[wasm_bindgen]
impl Client {
    /// Takes the options of `createClient`, and a signal that fires when the client is closed.
    ///
    /// # Errors
    ///
    /// `invalid_option`
    #[wasm_bindgen(constructor)]
    pub fn new(options: JsValue, closed: AbortSignal) -> Result<Client, JsValue> {
        Ok(Self(Rc::new(Settings::read(options, closed)?)))
    }

    /// The address that its records belong to.
    #[wasm_bindgen(getter)]
    pub fn base(&self) -> String {
        self.0.records.base().to_owned()
    }

    /// Where records really are.
    #[wasm_bindgen(getter)]
    pub fn storage(&self) -> String {
        self.0.records.kind()
    }

    /// Does what is asked. Every problem rejects the promise. A watch hands each change to `seen`, goes on when that is
    /// done with it, and ends when `left` fires.
    pub fn call(
        &self,
        action: Action,
        subject: JsValue,
        options: JsValue,
        left: Option<AbortSignal>,
        seen: Option<Function>,
    ) -> Promise {
        let known = match action {
            Action::Submit | Action::Download => PROGRESS,
            Action::Wait | Action::WaitForAccepted | Action::Watch => WAIT,
            _ => CALL,
        };
        match CallOptions::read(options, known) {
            Err(failure) => Promise::reject(&failure.into()),
            Ok(options) => {
                let mut signals = self.0.signals(options.signal.clone());
                signals.extend(left);
                promise(signals, Box::pin(answer(Rc::clone(&self.0), action, subject, options, seen)))
            }
        }
    }
}

async fn answer(
    settings: Rc<Settings>,
    action: Action,
    subject: JsValue,
    options: CallOptions,
    seen: Option<Function>,
) -> Result<JsValue, Failure> {
    let (begun, listener) = (now(), &options.listener);
    match action {
        Action::Submit => {
            let ready = ready(&subject, listener).await?;
            Ok(task(&*submission::submit(&settings, &ready, listener).await?))
        }
        Action::Download => Ok(download::video(&settings.fetcher, &video_url(&subject)?, listener).await?.into()),
        Action::Records => Ok(settings.records.all().await?.into()),
        Action::Forget => {
            settings.records.forget(task_id(&subject)?.as_str()).await?;
            Ok(JsValue::UNDEFINED)
        }
        _ => {
            let ready = settings.service_for(task_id(&subject)?);
            // The caller's patience also ends while a function of theirs looks for the key.
            let (service, id, known) = match race(ready, sleep(options.timeout.unwrap_or(u64::MAX))).await {
                First::Left(ready) => ready?,
                First::Right(()) => return Err(watch::timed_out().into()),
            };
            let host = host(&settings, None, listener);
            let found = match action {
                Action::Reconcile => host.reconcile(&service, &id).await?,
                Action::Adopt => Some(host.adopt(&service, &id).await?),
                Action::Wait | Action::WaitForAccepted | Action::Watch => {
                    let is_new = matches!(action, Action::WaitForAccepted);
                    let mut watch = Watch::new(service, id, settings.polling, now()).within(begun, options.timeout);
                    if is_new {
                        watch = watch.accepted(known);
                    }
                    let mut last = None;
                    while let Some(task) = watch.next(&host).await.map_err(|error| {
                        let retryable = error.is_retryable() && !is_new;
                        error.retryable(retryable)
                    })? {
                        if let Some(seen) = &seen {
                            let done: Promise =
                                Promise::resolve(&seen.call1(&JsValue::UNDEFINED, &object::task(&task))?);
                            JsFuture::from(done).await?;
                        }
                        last = Some(task);
                    }
                    if seen.is_none() { Some(succeeded(last)?) } else { None }
                }
                _ => Some(host.task(&service, &id).await?),
            };
            Ok(found.as_deref().map_or(JsValue::UNDEFINED, task))
        }
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
