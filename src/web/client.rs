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
use super::host::Browser;
use super::listener::Listener;
use super::object::{self, is_object, member, task};
use super::options::{CALL, CallOptions, PROGRESS, WAIT};
use super::records;
use super::request::ready;
use super::settings::Settings;
use super::submission;
use super::timer::{chance, now, sleep};
use crate::endpoint::Service;
use crate::error::{Error, ErrorCode};
use crate::flow::watch::{self, Watch};
use crate::flow::{Flow, succeeded};
use crate::race::{First, race};
use crate::task::{Task, TaskId, TaskStatus, Video};

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
    /// `keepVideo(id)`
    Keep,
    /// `keptVideo(id)`
    Kept,
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
            Action::Submit | Action::Download | Action::Keep => PROGRESS,
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
        Action::Download => Ok(download::video(&settings, &given_video(&subject)?, listener).await?.into()),
        Action::Kept => settings.records.kept(task_id(&subject)?.as_str()).await.map_err(Failure::from),
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
            let browser = Browser::new(&settings, listener, Some(&settings.records.topic(id.as_str())));
            let flow = Flow(&browser);
            let found = match action {
                Action::Keep => return keep(&settings, &flow, &service, &id, known, listener).await,
                Action::Reconcile => flow.reconcile(&service, &id).await?,
                Action::Adopt => Some(flow.adopt(&service, &id).await?),
                Action::Wait | Action::WaitForAccepted | Action::Watch => {
                    let is_new = matches!(action, Action::WaitForAccepted);
                    let mut watch = Watch::new(service, id, settings.polling, now()).within(begun, options.timeout);
                    if is_new {
                        watch = watch.accepted(known, chance());
                    }
                    let mut last = None;
                    while let Some(task) = watch.next(&flow).await.map_err(|error| {
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
                _ => Some(flow.task(&service, &id).await?),
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

/// The video of a task that has succeeded, from the store or from its delivery host.
async fn keep(
    settings: &Settings,
    flow: &Flow<&Browser<'_>>,
    service: &Service,
    id: &TaskId,
    known: Option<Box<Task>>,
    listener: &Listener,
) -> Result<JsValue, Failure> {
    let kept = settings.records.kept(id.as_str()).await?;
    if !kept.is_undefined() {
        return Ok(kept);
    }
    let task = match known {
        Some(task) if task.status == TaskStatus::Succeed => task,
        _ => flow.adopt(service, id).await?,
    };
    if !task.status.is_final() {
        return Err(Error::invalid_option(
            "id",
            "expected a task that has succeeded, found one under way; wait for it",
        )
        .into());
    }
    let task = succeeded(Some(task))?;
    let nothing = || Error::new(ErrorCode::Protocol, "the service reports success, but no address of a video");
    let video = download::video(settings, task.videos.first().ok_or_else(nothing)?, listener).await?;
    settings.records.keep(id.as_str(), &video).await?;
    Ok(video.into())
}

/// A video, or the first video of a task.
fn given_video(given: &JsValue) -> Result<Video, Failure> {
    let first = || member(given, "videos").ok().and_then(|videos| js_sys::Reflect::get_u32(&videos, 0).ok());
    let read = |value: JsValue| if is_object(&value) { records::video(&value) } else { None };
    let video = read(given.clone()).or_else(|| read(first()?));
    let is_web = |video: &Video| video.url.starts_with("https://") || video.url.starts_with("http://");
    let message = "expected a video with an http(s): address, or a task that has succeeded, found something else";
    Ok(video.filter(is_web).ok_or_else(|| Error::invalid_option("video", message))?)
}
