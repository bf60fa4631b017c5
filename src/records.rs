//! Task records, in the store of this browser.

use std::rc::Rc;

use js_sys::{Array, Promise};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use super::fault::words_of;
use super::number::whole;
use super::object::{is_object, js_value, member};
use super::settled::settled;
use kling_core::error::{Error, ErrorCode};
use kling_core::flow::Held;
use kling_core::flow::submit::Known;
use kling_core::record::{Attempt, Change, RecordState, TaskRecord, Write};
use kling_core::request::Field;
use kling_core::task::{TaskStatus, Video};

#[wasm_bindgen(module = "/src/js/store.js")]
extern "C" {
    /// A store of records.
    #[derive(Debug)]
    type Store;

    #[wasm_bindgen(js_name = openStore)]
    fn open_store(kind: &str, name: &str) -> Store;

    #[wasm_bindgen(method, getter)]
    fn kind(this: &Store) -> String;

    #[wasm_bindgen(method)]
    fn get(this: &Store, base: &str, id: &str) -> Promise;

    #[wasm_bindgen(method)]
    fn all(this: &Store, base: &str) -> Promise;

    #[wasm_bindgen(method)]
    fn known(this: &Store, id: &str) -> Promise;

    #[wasm_bindgen(method)]
    fn change(this: &Store, base: &str, id: &str, decide: &JsValue) -> Promise;

    #[wasm_bindgen(method)]
    fn kept(this: &Store, base: &str, id: &str) -> Promise;

    #[wasm_bindgen(method)]
    fn keep(this: &Store, base: &str, id: &str, video: &Blob) -> Promise;

}

#[wasm_bindgen(module = "/src/js/locks.js")]
extern "C" {
    /// A lock that was asked for.
    type Asked;

    fn lock(name: &str, wait: bool) -> Asked;

    #[wasm_bindgen(method, getter)]
    fn held(this: &Asked) -> Promise;

    #[wasm_bindgen(method)]
    fn release(this: &Asked);
}

/// The records of one base address.
#[derive(Clone, Debug)]
pub(super) struct Records {
    store: Rc<Store>,
    name: Rc<str>,
    base: Rc<str>,
}

/// A lock on an external task id, released when it is dropped, also while it is still asked for.
pub(super) struct Lock(Asked);

impl Drop for Lock {
    fn drop(&mut self) {
        self.0.release();
    }
}

impl Records {
    pub(super) fn new(kind: &str, name: &str, base: &str) -> Self {
        Self { store: Rc::new(open_store(kind, name)), name: name.into(), base: base.into() }
    }

    /// Where they really are.
    pub(super) fn kind(&self) -> String {
        self.store.kind()
    }

    /// The address that they belong to.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// What distinguishes something of these records from the same of others.
    pub(super) fn topic(&self, what: &str) -> String {
        format!("{} {} {what}", self.name, self.base)
    }

    /// The record with this external or service's id.
    pub(super) fn load(&self, id: &str) -> impl Future<Output = Result<Option<Box<TaskRecord>>, Error>> {
        stored(self.store.get(&self.base, id), some_record)
    }

    /// Applies a change within one transaction, and brings the record that stands afterwards.
    pub(super) fn save(&self, change: Change) -> impl Future<Output = Result<Option<Box<TaskRecord>>, Error>> {
        let id = change.id().to_owned();
        // The store calls it even when this future is dropped: a change that has begun is written.
        let decide =
            Closure::once_into_js(move |current: JsValue| match change.apply(record(&current).ok().as_deref()) {
                Write::Nothing => JsValue::UNDEFINED,
                Write::Put(record) => js_value(&record.stored()),
                Write::Remove => JsValue::NULL,
            });
        stored(self.store.change(&self.base, &id, &decide), some_record)
    }

    /// All of them, newest first. What cannot be read as a record is left out.
    pub(super) fn list(&self) -> impl Future<Output = Result<Vec<Box<TaskRecord>>, Error>> {
        let readable = |all: &JsValue| {
            let all: &Array = all.unchecked_ref();
            Ok(all.iter().filter_map(|value| record(&value).ok()).collect())
        };
        stored(self.store.all(&self.base), readable)
    }

    /// Begins to read what the store has of the external task id of a request, if it has one.
    pub(super) fn begin_known(&self, request: &JsValue) -> Option<Promise> {
        if !is_object(request) {
            return None;
        }
        word(request, Field::ExternalTaskId.name()).map(|id| self.store.known(&id))
    }

    /// The record of an id as it was at the moment of the call, of those that the store has under all base URLs.
    pub(super) fn known(&self, all: &JsValue) -> Option<Known> {
        let known = |entry: JsValue| {
            let entry: Array = entry.dyn_into().ok()?;
            let text = |index| entry.get(index).as_string();
            let state = RecordState::from_word(&text(1)?)?;
            (text(0)? == *self.base).then(|| Known { state, attempt: attempt(text(2)) })
        };
        all.dyn_ref::<Array>()?.iter().find_map(known)
    }

    /// The video that is kept for the record with this id.
    pub(super) fn kept(&self, id: &str) -> impl Future<Output = Result<Option<Blob>, Error>> {
        let some_blob = |kept: &JsValue| Ok((!kept.is_undefined()).then(|| kept.clone().unchecked_into()));
        stored(self.store.kept(&self.base, id), some_blob)
    }

    /// Keeps a video for the record with this id, for good.
    pub(super) fn keep(&self, id: &str, video: &Blob) -> impl Future<Output = Result<(), Error>> {
        stored(self.store.keep(&self.base, id, video), |_| Ok(()))
    }

    /// The lock under which this id is sent; `wait` until it is free.
    pub(super) async fn lock(&self, id: &str, wait: bool) -> Option<Held<Lock>> {
        let lock = Lock(lock(&format!("{} {id}", self.base), wait));
        let held = JsFuture::from(lock.0.held()).await.ok()?;
        held.as_bool().map(|was_contended| Held { lock, was_contended })
    }
}

/// What the store brings, as `read` reads it.
fn stored<T>(promise: Promise, read: fn(&JsValue) -> Result<T, Error>) -> impl Future<Output = Result<T, Error>> {
    settled(promise, move |result| match result {
        Ok(value) => read(&value),
        Err(error) => {
            let message = format!(
                "the browser's storage failed ({}); free some space, allow this site to store data, or use store: \"memory\"",
                words_of(&error)
            );
            Err(Error::new(ErrorCode::Storage, message))
        }
    })
}

/// A record, where there is one.
fn some_record(value: &JsValue) -> Result<Option<Box<TaskRecord>>, Error> {
    if value.is_undefined() { Ok(None) } else { record(value).map(Some) }
}

/// A record as it was stored.
fn record(value: &JsValue) -> Result<Box<TaskRecord>, Error> {
    let broken =
        || Error::new(ErrorCode::Storage, "expected a task record in the browser's storage, found another value");
    let number = |name| member(value, name).ok().and_then(|number| number.as_f64()).map(whole);
    let text = |name| word(value, name);
    let external_task_id = text("externalTaskId").ok_or_else(broken)?;
    let videos = member(value, "videos").ok().and_then(|videos| videos.dyn_into::<Array>().ok()).unwrap_or_default();
    Ok(Box::new(TaskRecord {
        task_id: text("taskId"),
        state: text("state").as_deref().and_then(RecordState::from_word).ok_or_else(broken)?,
        status_message: text("statusMessage"),
        prompt: text("prompt"),
        image_count: number("imageCount").and_then(|count| u32::try_from(count).ok()).unwrap_or(0),
        negative_prompt: text("negativePrompt"),
        mode: text("mode"),
        duration: text("duration"),
        aspect_ratio: text("aspectRatio"),
        model_name: text("modelName"),
        created_at: number("createdAt").unwrap_or(0),
        updated_at: number("updatedAt").unwrap_or(0),
        videos: videos.iter().filter_map(|video| self::video(&video)).collect(),
        kept: member(value, "kept").is_ok_and(|kept| kept.as_bool() == Some(true)),
        attempt: attempt(text("attempt")),
        external_task_id,
    }))
}

fn attempt(name: Option<String>) -> Attempt {
    name.map_or(Attempt::Elsewhere, Attempt::Named)
}

/// A video as JavaScript has it.
pub(super) fn video(value: &JsValue) -> Option<Video> {
    Some(Video {
        task_id: word(value, "taskId"),
        id: word(value, "id"),
        url: word(value, "url")?,
        duration: member(value, "duration").ok().and_then(|duration| duration.as_f64()),
    })
}

/// The video of a task that has succeeded without any, as JavaScript has the task.
pub(super) fn video_without_url(task: &JsValue) -> Option<Video> {
    let has_no_video = member(&member(task, "videos").ok()?, "length").is_ok_and(|length| length == 0);
    let has_succeeded = word(task, "status")? == TaskStatus::Succeed.as_str();
    let task_id = Some(word(task, "taskId")?);
    (has_no_video && has_succeeded).then(|| Video { task_id, id: None, url: String::new(), duration: None })
}

fn word(value: &JsValue, name: &str) -> Option<String> {
    member(value, name).ok()?.as_string()
}
