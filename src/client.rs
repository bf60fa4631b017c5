//! What a client is asked for.

use std::rc::Rc;

use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use super::action::Action;
use super::download;
use super::draft::ready;
use super::fault::Failure;
use super::host::Browser;
use super::listener::Listener;
use super::object::{self, is_object, member, plain, task};
use super::options::CallOptions;
use super::records;
use super::settings::Settings;
use super::submit;
use super::timer::{chance, now, sleep};
use kling_core::endpoint::Service;
use kling_core::error::{Error, ErrorCode};
use kling_core::flow::watch::{self, Watch};
use kling_core::flow::{Flow, succeeded};
use kling_core::race::{First, race};
use kling_core::task::{Task, TaskId, Video};

/// Does what a client is asked for.
pub(super) async fn answer(
    settings: Rc<Settings>,
    action: Action,
    subject: JsValue,
    options: CallOptions,
    seen: Option<Function>,
) -> Result<JsValue, Failure> {
    let (begun, listener) = (now(), &options.listener);
    match action {
        Action::Submit => {
            let (request, known) = (member(&subject, "request")?, member(&subject, "known")?);
            let ready = ready(&request, listener).await?;
            Ok(task(&*submit::submit(&settings, &ready, &known, listener).await?))
        }
        Action::Download => Ok(download::video(&settings, &given_video(&subject)?, listener).await?.into()),
        Action::Kept => settings.records.kept(task_id(&subject)?.as_str()).await.map_err(Failure::from),
        Action::Records => Ok(plain(&*Flow(&Browser::new(&settings, listener, None)).records().await?)),
        Action::Storage => Ok(settings.records.kind().into()),
        Action::Base => Ok(settings.records.base().into()),
        Action::Forget => {
            Flow(&Browser::new(&settings, listener, None)).forget(task_id(&subject)?.as_str()).await?;
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
                    let mut watch = Watch::new(service, id, settings.polling, now()).within(begun, options.timeout);
                    if matches!(action, Action::WaitForAccepted) {
                        watch = watch.accepted(known, chance());
                    }
                    let mut last = None;
                    while let Some(task) = watch.next(&flow).await? {
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
        Some(task) if !task.videos.is_empty() => task,
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
    let first = || member(given, "videos").and_then(|videos| member(&videos, "0")).ok();
    let read = |value: JsValue| if is_object(&value) { records::video(&value) } else { None };
    let video = read(given.clone()).or_else(|| read(first()?));
    let is_web = |video: &Video| video.url.starts_with("https://") || video.url.starts_with("http://");
    let message = "expected a video with an http(s): address, or a task that has succeeded, found something else";
    Ok(video.filter(is_web).ok_or_else(|| Error::invalid_option("video", message))?)
}
