//! One submission, in this browser: its id, its lock, its record, its body.

use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;

use super::body;
use super::fault::Failure;
use super::files::size;
use super::host::Browser;
use super::listener::Listener;
use super::records::{Lock, Records};
use super::request::Ready;
use super::settings::Settings;
use super::timer::now;
use crate::flow::Flow;
use crate::flow::submit::Attempt;
use crate::record::TaskRecord;
use crate::task::Task;

/// What must still be written when a submission is dropped, under the lock that it was made under.
struct Unfinished {
    attempt: Rc<Attempt>,
    records: Records,
    lock: Option<Lock>,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let Some(change) = self.attempt.unfinished(now()) else { return };
        let (records, lock) = (self.records.clone(), self.lock.take());
        spawn_local(async move {
            let _ = records.save(change).await;
            drop(lock);
        });
    }
}

/// Submits a request that nothing is wrong with.
pub(super) async fn submit(settings: &Settings, ready: &Ready, listener: &Listener) -> Result<Box<Task>, Failure> {
    let begun = now();
    // Before the work of encoding: a key that cannot be had is known now.
    let service = settings.service().await?;
    let id = body::id_of(&ready.request)?;
    service.permit_id("externalTaskId", id.as_str())?;
    let records = &settings.records;
    let lock = records.lock(id.as_str(), true).await;
    let record = Box::new(TaskRecord::submitting(&ready.request, &id, service.key.as_ref(), now()));
    let attempt = Rc::new(Attempt::new(id, record, begun, lock.is_held()));
    let _unfinished = Unfinished { attempt: Rc::clone(&attempt), records: records.clone(), lock: Some(lock) };
    let browser = Browser::new(settings, listener, None);
    let encode = async {
        let blob = body::build(ready, attempt.id(), listener).await?;
        let total = size(&blob);
        browser.body.replace(Some(blob));
        Ok(total)
    };
    let task = Flow(&browser).submit(&service, &settings.polling, &attempt, encode).await?;
    // What is too old may go another time.
    let _ = records.all().await;
    Ok(task)
}
