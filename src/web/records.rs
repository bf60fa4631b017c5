//! Task records, in the store of this browser.

use std::rc::Rc;

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use super::fault::words_of;
use super::number::whole;
use super::object::{member, plain};
use super::timer::now;
use crate::error::{Error, ErrorCode};
use crate::record::{Change, Pruning, RecordState, TaskRecord};
use crate::task::Video;

#[wasm_bindgen(raw_module = "./store.js")]
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
    fn put(this: &Store, base: &str, record: &JsValue) -> Promise;

    #[wasm_bindgen(method)]
    fn kept(this: &Store, base: &str, id: &str) -> Promise;

    #[wasm_bindgen(method)]
    fn keep(this: &Store, base: &str, id: &str, video: &Blob) -> Promise;

    #[wasm_bindgen(method)]
    fn remove(this: &Store, base: &str, id: &str) -> Promise;

    /// A lock that was asked for.
    type Asked;

    fn lock(name: &str, wait: bool) -> Option<Asked>;

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

/// A lock on an external id, given back when it is dropped.
pub(super) struct Lock {
    asked: Option<Asked>,
    held: bool,
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(asked) = &self.asked {
            asked.release();
        }
    }
}

impl Lock {
    /// Whether no other tab has it. Not where there are no locks.
    pub(super) fn is_held(&self) -> bool {
        self.held
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
    pub(super) async fn load(&self, id: &str) -> Result<Option<Box<TaskRecord>>, Error> {
        let value = settled(self.store.get(&self.base, id)).await?;
        if value.is_undefined() { Ok(None) } else { record(&value).map(Some) }
    }

    /// Writes for good, or removes.
    pub(super) async fn save(&self, change: Change) -> Result<(), Error> {
        settled(match change {
            Change::Put(record) => self.store.put(&self.base, &plain(&*record)),
            Change::Remove(id) => self.store.remove(&self.base, &id),
        })
        .await
        .map(|_| ())
    }

    /// All of them as JavaScript has them, newest first. What a tab that is gone left behind is unknown; the oldest finished
    /// ones are dropped, if there are too many.
    pub(super) async fn all(&self) -> Result<Array, Error> {
        let all: Array = settled(self.store.all(&self.base)).await?.unchecked_into();
        let mut pruning = Pruning::default();
        for (index, value) in (0_u32..).zip(all.iter()) {
            let Ok(old) = record(&value) else { continue };
            // Held until the change is written.
            let lock;
            let change = if pruning.drops(&old) {
                Change::Remove(old.external_task_id)
            } else if old.state == RecordState::Submitting {
                lock = self.lock(&old.external_task_id, false).await;
                let is_sender_gone = lock.is_held() || lock.asked.is_none() && old.is_past_any_upload(now());
                // It may have been settled before the lock was ours.
                let current = self.load(&old.external_task_id).await?.filter(|_| is_sender_gone);
                let Some(current) = current else { continue };
                let settled = match current.state {
                    RecordState::Submitting => current.in_state(RecordState::Unknown, current.updated_at),
                    _ => current,
                };
                all.set(index, plain(&*settled));
                Change::Put(settled)
            } else {
                continue;
            };
            // Without room for it, what is listed is true all the same.
            let _ = self.save(change).await;
        }
        Ok(all)
    }

    /// The video that is kept for the record with this id, or `undefined`.
    pub(super) async fn kept(&self, id: &str) -> Result<JsValue, Error> {
        settled(self.store.kept(&self.base, id)).await
    }

    /// Keeps a video for the record with this id, for good.
    pub(super) async fn keep(&self, id: &str, video: &Blob) -> Result<(), Error> {
        settled(self.store.keep(&self.base, id, video)).await.map(|_| ())
    }

    /// Removes the record with this id, unless its request is under way.
    pub(super) async fn forget(&self, id: &str) -> Result<(), Error> {
        let all = self.all().await?;
        // As it is listed: there may be no room to write that its sender is gone.
        match all
            .iter()
            .filter_map(|value| record(&value).ok())
            .find(|record| record.external_task_id == id || record.task_id.as_deref() == Some(id))
        {
            Some(record) if record.state == RecordState::Submitting => {
                Err(Error::invalid_option("id", "its request is being sent; abort it or wait for its end"))
            }
            Some(record) => self.save(Change::Remove(record.external_task_id)).await,
            None => Ok(()),
        }
    }

    /// The lock under which this id is sent; `wait` until it is free.
    pub(super) async fn lock(&self, id: &str, wait: bool) -> Lock {
        let asked = lock(&self.topic(id), wait);
        let mut lock = Lock { asked, held: false };
        if let Some(asked) = &lock.asked {
            match JsFuture::from(asked.held()).await {
                Ok(held) => lock.held = held.as_bool().unwrap_or(false),
                // Where locks are forbidden, there are none.
                Err(_) => lock.asked = None,
            }
        }
        lock
    }
}

async fn settled(promise: Promise) -> Result<JsValue, Error> {
    JsFuture::from(promise).await.map_err(|error| {
        let message = format!(
            "the browser's storage failed ({}); free some space, allow this site to store data, or use store: \"memory\"",
            words_of(&error)
        );
        Error::new(ErrorCode::Storage, message)
    })
}

/// A record as it was stored.
fn record(value: &JsValue) -> Result<Box<TaskRecord>, Error> {
    let broken =
        || Error::new(ErrorCode::Storage, "expected a task record in the browser's storage, found something else");
    let number = |name| member(value, name).ok().and_then(|number| number.as_f64()).map(whole);
    let text = |name| word(value, name);
    let external_task_id = text("externalTaskId").ok_or_else(broken)?;
    let videos = member(value, "videos").ok().and_then(|videos| videos.dyn_into::<Array>().ok()).unwrap_or_default();
    Ok(Box::new(TaskRecord {
        task_id: text("taskId"),
        state: text("state").as_deref().and_then(RecordState::of).ok_or_else(broken)?,
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
        external_task_id,
    }))
}

/// A video as JavaScript has it.
pub(super) fn video(value: &JsValue) -> Option<Video> {
    Some(Video {
        // Without it the address is all there is.
        task_id: word(value, "taskId").unwrap_or_default(),
        id: word(value, "id"),
        url: word(value, "url")?,
        duration: member(value, "duration").ok().and_then(|duration| duration.as_f64()),
    })
}

fn word(value: &JsValue, name: &str) -> Option<String> {
    member(value, name).ok()?.as_string()
}
