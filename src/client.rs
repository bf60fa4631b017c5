//! The client, as JavaScript calls it.

use std::rc::Rc;

use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortSignal;

use super::abort::promise;
use super::download;
use super::draft::ready;
use super::fault::{Failure, js_error};
use super::host::Browser;
use super::listener::Listener;
use super::object::{is_object, member, task, to_js, type_of};
use super::options::{CALL, CallOptions, PROGRESS, WAIT};
use super::records;
use super::settings::Settings;
use super::submit;
use super::timer::{now, random, sleep};
use kling_core::endpoint::Service;
use kling_core::error::{Error, ErrorCode};
use kling_core::flow::watch::{self, Watch};
use kling_core::flow::{Flow, succeeded};
use kling_core::race::{First, race};
use kling_core::task::{Task, TaskId, Video};

/// A client of one base URL. Each call takes its options last, and rejects with a `KlingError` or the signal's reason.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Client {
    settings: Rc<Settings>,
}

#[wasm_bindgen]
impl Client {
    /// Takes the options of `createClient`.
    ///
    /// # Errors
    ///
    /// `invalid_option`
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_optional_param_type = "ClientOptions")] options: JsValue,
    ) -> Result<Self, JsValue> {
        Ok(Self { settings: Rc::new(Settings::read(options)?) })
    }

    /// Submits a request, unless its id was accepted before. `known` is what the store had of its external task id when the
    /// caller made the call; without it, the store is read now.
    #[wasm_bindgen(unchecked_return_type = "Promise<Task>")]
    pub fn submit(
        &self,
        #[wasm_bindgen(unchecked_param_type = "VideoRequest")] request: JsValue,
        #[wasm_bindgen(unchecked_param_type = "SubmitOptions | undefined")] options: JsValue,
        known: Option<Promise>,
    ) -> Promise {
        let known = known.or_else(|| self.settings.records.begin_known(&request));
        self.call(options, PROGRESS, |settings, options| async move {
            let known = match known {
                // If the store cannot be read, the call may not repeat a submission.
                Some(known) => JsFuture::from(known).await.unwrap_or(JsValue::UNDEFINED),
                None => JsValue::UNDEFINED,
            };
            let ready = ready(&request, &options.listener).await?;
            Ok(task(&*submit::submit(&settings, &ready, &known, &options.listener).await?))
        })
    }

    /// Queries a task once.
    #[wasm_bindgen(js_name = getTask, unchecked_return_type = "Promise<Task>")]
    pub fn get_task(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string")] id: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: JsValue,
    ) -> Promise {
        self.call(options, CALL, |settings, options| async move {
            let Known { service, id, .. } = known(&settings, &id, &options).await?;
            let browser = browser(&settings, &id, &options);
            Ok(task(&*Flow::new(&browser).task(&service, &id).await?))
        })
    }

    /// Waits until a task succeeds. `justAccepted`: the task is new, so the first poll comes after `firstDelay`.
    #[wasm_bindgen(unchecked_return_type = "Promise<Task>")]
    pub fn wait(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string")] id: JsValue,
        #[wasm_bindgen(unchecked_param_type = "WaitOptions | undefined")] options: JsValue,
        #[wasm_bindgen(js_name = justAccepted)] just_accepted: Option<bool>,
    ) -> Promise {
        self.call(options, WAIT, move |settings, options| async move {
            Ok(task(&*succeeded(follow(&settings, &id, &options, just_accepted.unwrap_or(false), None).await?)?))
        })
    }

    /// Calls `onChange` with the task at once and after each change, and waits each time for the promise that it returns.
    /// Resolves when the task has ended, and rejects when `unwatched` aborts.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn watch(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string")] id: JsValue,
        #[wasm_bindgen(unchecked_param_type = "WaitOptions | undefined")] options: JsValue,
        #[wasm_bindgen(unchecked_param_type = "(task: Task) => void | Promise<void>", js_name = onChange)]
        on_change: Function,
        unwatched: Option<AbortSignal>,
    ) -> Promise {
        self.call_until(unwatched, options, WAIT, |settings, options| async move {
            follow(&settings, &id, &options, false, Some(&on_change)).await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Looks once for the task of an unknown submission.
    #[wasm_bindgen(unchecked_return_type = "Promise<Task | undefined>")]
    pub fn reconcile(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string", js_name = externalTaskId)] id: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: JsValue,
    ) -> Promise {
        self.call(options, CALL, |settings, options| async move {
            let Known { service, id, .. } = known(&settings, &id, &options).await?;
            let browser = browser(&settings, &id, &options);
            let found = Flow::new(&browser).reconcile(&service, &id).await?;
            Ok(found.as_deref().map_or(JsValue::UNDEFINED, task))
        })
    }

    /// Makes a record of a task that was created elsewhere.
    #[wasm_bindgen(unchecked_return_type = "Promise<Task>")]
    pub fn adopt(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string", js_name = taskId)] id: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: JsValue,
    ) -> Promise {
        self.call(options, CALL, |settings, options| async move {
            let Known { service, id, .. } = known(&settings, &id, &options).await?;
            let browser = browser(&settings, &id, &options);
            Ok(task(&*Flow::new(&browser).adopt(&service, &id).await?))
        })
    }

    /// The checked bytes of a finished video.
    #[wasm_bindgen(unchecked_return_type = "Promise<Blob>")]
    pub fn download(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Video | Task")] video: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "ProgressOptions")] options: JsValue,
    ) -> Promise {
        self.call(options, PROGRESS, |settings, options| async move {
            Ok(download::video(&settings, &given_video(&video)?, &options.listener).await?.into())
        })
    }

    /// Downloads the video of a finished task, and stores it in this browser.
    #[wasm_bindgen(js_name = keepVideo, unchecked_return_type = "Promise<Blob>")]
    pub fn keep_video(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string")] id: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "ProgressOptions")] options: JsValue,
    ) -> Promise {
        self.call(options, PROGRESS, |settings, options| async move {
            let Known { service, id, task } = known(&settings, &id, &options).await?;
            let browser = browser(&settings, &id, &options);
            let download = async |video: &Video| download::video(&settings, video, &options.listener).await;
            Ok(Flow::new(&browser).keep_video(&service, &id, task, download).await?.into())
        })
    }

    /// The stored video of a task, without a request.
    #[wasm_bindgen(js_name = keptVideo, unchecked_return_type = "Promise<Blob | undefined>")]
    pub fn kept_video(&self, #[wasm_bindgen(unchecked_param_type = "string")] id: JsValue) -> Promise {
        self.simple_call(|settings| async move { Ok(settings.records.kept(task_id(&id)?.as_str()).await?.into()) })
    }

    /// All records of this base URL, newest first.
    #[wasm_bindgen(unchecked_return_type = "Promise<TaskRecord[]>")]
    pub fn records(&self) -> Promise {
        self.simple_call(|settings| async move {
            let listener = Listener::new(None);
            Ok(to_js(&*Flow::new(&Browser::new(&settings, &listener, None)).records().await?))
        })
    }

    /// The base URL that the records belong to.
    #[wasm_bindgen(getter, js_name = baseUrl, unchecked_return_type = "string")]
    pub fn base_url(&self) -> JsValue {
        self.settings.records.base().into()
    }

    /// Removes a record and its kept video, never a task.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn forget(&self, #[wasm_bindgen(unchecked_param_type = "string")] id: JsValue) -> Promise {
        self.simple_call(|settings| async move {
            let listener = Listener::new(None);
            Flow::new(&Browser::new(&settings, &listener, None)).forget(task_id(&id)?.as_str()).await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Where records are stored.
    #[wasm_bindgen(unchecked_return_type = "Promise<\"indexeddb\" | \"memory\">")]
    pub fn storage(&self) -> Promise {
        self.simple_call(|settings| async move { Ok(settings.records.kind().into()) })
    }

    /// Ends every call of this client; these and later calls reject with `invalid_option`.
    pub fn close(&self) {
        let closed = Error::new(ErrorCode::InvalidOption, "this client was closed");
        self.settings.closing.abort_with_reason(&js_error(&closed));
    }

    /// Starts a call that accepts the options in `known`.
    fn call<C: Future<Output = Result<JsValue, Failure>> + 'static>(
        &self,
        options: JsValue,
        known: &[&str],
        call: impl FnOnce(Rc<Settings>, CallOptions) -> C,
    ) -> Promise {
        self.call_until(None, options, known, call)
    }

    /// The same, which also ends when `signal` aborts.
    fn call_until<C: Future<Output = Result<JsValue, Failure>> + 'static>(
        &self,
        signal: Option<AbortSignal>,
        options: JsValue,
        known: &[&str],
        call: impl FnOnce(Rc<Settings>, CallOptions) -> C,
    ) -> Promise {
        match CallOptions::read(options, known) {
            Ok(options) => {
                let signals = self.signals([options.signal.clone(), signal]);
                promise(signals, Box::pin(call(Rc::clone(&self.settings), options)))
            }
            Err(failure) => Promise::reject(&failure.into()),
        }
    }

    /// Starts a call without options.
    fn simple_call<C: Future<Output = Result<JsValue, Failure>> + 'static>(
        &self,
        call: impl FnOnce(Rc<Settings>) -> C,
    ) -> Promise {
        promise(self.signals([None, None]), Box::pin(call(Rc::clone(&self.settings))))
    }

    /// The signals that end a call: these, and that of a closed client.
    fn signals(&self, others: [Option<AbortSignal>; 2]) -> Vec<AbortSignal> {
        others.into_iter().flatten().chain([self.settings.closing.signal()]).collect()
    }
}

/// What a query of a task needs.
struct Known {
    service: Service,
    /// The service's id of the task.
    id: TaskId,
    /// The task in its record.
    task: Option<Box<Task>>,
}

async fn known(settings: &Settings, id: &JsValue, options: &CallOptions) -> Result<Known, Failure> {
    let ready = settings.service_for(task_id(id)?);
    // The timeout also covers the caller's function that supplies the key.
    match race(ready, sleep(options.timeout.unwrap_or(u64::MAX))).await {
        First::Left(ready) => {
            let (service, id, task) = ready?;
            Ok(Known { service, id, task })
        }
        First::Right(()) => Err(watch::timed_out().into()),
    }
}

fn browser<'a>(settings: &'a Settings, id: &TaskId, options: &'a CallOptions) -> Browser<'a> {
    Browser::new(settings, &options.listener, Some(&settings.records.topic(id.as_str())))
}

/// Watches a task to its end, and returns its last state. `on_change` gets each change; without it, only the progress
/// listener is called.
async fn follow(
    settings: &Settings,
    id: &JsValue,
    options: &CallOptions,
    is_accepted: bool,
    on_change: Option<&Function>,
) -> Result<Option<Box<Task>>, Failure> {
    let begun = now();
    let Known { service, id, task: remembered } = known(settings, id, options).await?;
    let browser = browser(settings, &id, options);
    let flow = Flow::new(&browser);
    let mut watch = Watch::new(service, id, settings.polling, now()).within(begun, options.timeout);
    if is_accepted {
        watch = watch.accepted(remembered, random());
    }
    let mut last = None;
    while let Some(seen) = watch.next(&flow).await? {
        if let Some(on_change) = on_change {
            let done: Promise = Promise::resolve(&on_change.call1(&JsValue::UNDEFINED, &task(&seen))?);
            JsFuture::from(done).await?;
        }
        last = Some(seen);
    }
    Ok(last)
}

fn task_id(id: &JsValue) -> Result<TaskId, Failure> {
    let invalid = || Error::invalid_option("id", &format!("expected a task id as a string, found {}", type_of(id)));
    let text = id.as_string().ok_or_else(invalid)?;
    Ok(TaskId::parse(&text)?)
}

/// A video, or the first video of a task.
fn given_video(given: &JsValue) -> Result<Video, Failure> {
    let first = || member(given, "videos").and_then(|videos| member(&videos, "0")).ok();
    let read = |value: JsValue| if is_object(&value) { records::video(&value) } else { None };
    let video = read(given.clone()).or_else(|| read(first()?));
    let is_web = |video: &Video| video.url.starts_with("https://") || video.url.starts_with("http://");
    let message = "expected a video with an http(s): URL, or a task that has succeeded, found neither";
    Ok(video.filter(is_web).ok_or_else(|| Error::invalid_option("video", message))?)
}
