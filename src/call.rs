//! The calls of a client: what each does once its options are read.

use std::rc::Rc;

use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::download;
use super::draft;
use super::fault::Failure;
use super::host::Browser;
use super::listener::Listener;
use super::object::{is_object, member, task, to_js, type_of};
use super::options::CallOptions;
use super::random::random;
use super::records;
use super::settings::Settings;
use super::submit;
use super::timer::{now, sleep};
use kling_core::error::Error;
use kling_core::flow::watch::{self, Watch};
use kling_core::flow::{Flow, succeeded};
use kling_core::race::{First, race};
use kling_core::task::{TaskId, Video};

/// A call of a client, with its arguments as JavaScript passed them.
///
/// One type for all methods, because the code around a future is compiled once for each type of future.
pub(super) enum Call {
    Submit { request: JsValue, known: Option<Promise> },
    OfTask(JsValue, TaskCall),
    Download(JsValue),
    KeptVideo(JsValue),
    Records,
    Forget(JsValue),
    Storage,
}

/// A call about the task with an id; it needs the service and the key.
pub(super) enum TaskCall {
    Get,
    Wait { just_accepted: bool },
    Watch { on_change: Function },
    Reconcile,
    Adopt,
    KeepVideo,
}

impl Call {
    pub(super) async fn run(self, settings: Rc<Settings>, options: CallOptions) -> Result<JsValue, Failure> {
        let browser = Browser::new(&settings, &options.listener);
        let flow = Flow::new(&browser);
        Ok(match self {
            Self::Submit { request, known } => {
                let known = match known {
                    // If the store cannot be read, the call may not repeat a submission.
                    Some(known) => JsFuture::from(known).await.unwrap_or(JsValue::UNDEFINED),
                    None => JsValue::UNDEFINED,
                };
                let ready = draft::check(&request, &options.listener).await.ready()?;
                let submitted = submit::submit(&browser, &ready, &known).await?;
                prune_later(settings.clone());
                task(&submitted)
            }
            Self::OfTask(id, call) => call.run(&browser, &id, options.timeout).await?,
            Self::Download(video) => download::video(&browser, &given_video(&video)?).await?.into(),
            Self::KeptVideo(id) => settings.records.kept(task_id(&id)?.as_str()).await?.into(),
            Self::Records => to_js(&*flow.records().await?),
            Self::Forget(id) => {
                flow.forget(task_id(&id)?.as_str()).await?;
                JsValue::UNDEFINED
            }
            Self::Storage => settings.records.kind().into(),
        })
    }
}

impl TaskCall {
    async fn run(self, browser: &Browser<'_>, id: &JsValue, timeout: Option<u64>) -> Result<JsValue, Failure> {
        let begun = now();
        let settings = browser.settings;
        let ready = settings.service_for(task_id(id)?);
        // The timeout also covers the caller's function that supplies the key.
        let (service, id, remembered) = match race(ready, sleep(timeout.unwrap_or(u64::MAX))).await {
            First::Left(ready) => ready?,
            First::Right(()) => return Err(watch::timed_out().into()),
        };
        let flow = Flow::new(browser);
        let (just_accepted, on_change) = match self {
            Self::Get => return Ok(task(&*flow.task(&service, &id).await?)),
            Self::Adopt => return Ok(task(&*flow.adopt(&service, &id).await?)),
            Self::Reconcile => {
                let found = flow.reconcile(&service, &id).await?;
                return Ok(found.as_deref().map_or(JsValue::UNDEFINED, task));
            }
            Self::KeepVideo => {
                let download = async |video: &Video| download::video(browser, video).await;
                let kept = flow.keep_video(&service, &id, remembered, download).await?;
                return match kept.problem {
                    None => Ok(kept.video.into()),
                    Some(problem) => Err(Failure::with_video(&problem, &kept.video)),
                };
            }
            Self::Wait { just_accepted } => (just_accepted, None),
            Self::Watch { on_change } => (false, Some(on_change)),
        };
        browser.tab.subscribe(&settings.records.topic(id.as_str()));
        let mut watch = Watch::new(service, id, settings.polling, now()).within(begun, timeout);
        if just_accepted {
            watch = watch.accepted(remembered, random());
        }
        let mut last = None;
        while let Some(seen) = watch.next(&flow).await? {
            if let Some(on_change) = &on_change {
                let done: Promise = Promise::resolve(&on_change.call1(&JsValue::UNDEFINED, &task(&seen))?);
                JsFuture::from(done).await?;
            }
            last = Some(seen);
        }
        match on_change {
            Some(_) => Ok(JsValue::UNDEFINED),
            None => Ok(task(&*succeeded(last)?)),
        }
    }
}

/// Prunes old records, after the call because reading hundreds takes long. An error is ignored: the next call tries again.
fn prune_later(settings: Rc<Settings>) {
    spawn_local(async move {
        let listener = Listener::new(None);
        let _ = Flow::new(&Browser::new(&settings, &listener)).records().await;
    });
}

fn task_id(id: &JsValue) -> Result<TaskId, Failure> {
    let invalid = || Error::invalid_option("id", &format!("expected a task id as a string, found {}", type_of(id)));
    let text = id.as_string().ok_or_else(invalid)?;
    Ok(TaskId::parse(&text)?)
}

/// A video, or the first video of a task. The one of a task that has succeeded without a video has an empty URL.
fn given_video(given: &JsValue) -> Result<Video, Failure> {
    let first = || member(given, "videos").and_then(|videos| member(&videos, "0")).ok();
    let read = |value: JsValue| if is_object(&value) { records::video(&value) } else { None };
    let is_web = |video: &Video| video.url.starts_with("https://") || video.url.starts_with("http://");
    let message = "expected a video with an http(s): URL, or a task that has succeeded, found neither";
    let video = match read(given.clone()).or_else(|| read(first()?)) {
        Some(video) => Some(video).filter(is_web),
        None => records::video_without_url(given),
    };
    Ok(video.ok_or_else(|| Error::invalid_option("video", message))?)
}
