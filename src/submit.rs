//! One submission in this browser: its id, its record, its body.

use wasm_bindgen::JsValue;

use super::body;
use super::draft::Ready;
use super::fault::Failure;
use super::files::size;
use super::host::Browser;
use super::random::random_bytes;
use super::timer::wall;
use kling_core::flow::Flow;
use kling_core::flow::submit::SubmitCall;
use kling_core::record::TaskRecord;
use kling_core::request::{ExternalTaskId, Field};
use kling_core::task::Task;

/// Submits a request that has no errors. `known` is what the store had of its id at the moment of the call.
pub(super) async fn submit(browser: &Browser<'_>, ready: &Ready, known: &JsValue) -> Result<Box<Task>, Failure> {
    let settings = browser.settings;
    // Before the images are encoded: without a key the call fails at once.
    let service = settings.service().await?;
    let id = body::id_of(&ready.request)?;
    service.permit_id(Field::ExternalTaskId.name(), id.as_str())?;
    let attempt = ExternalTaskId::from_random(random_bytes()?).as_str().to_owned();
    let record = Box::new(TaskRecord::submitting(&ready.request, &id, attempt, service.key.as_ref(), wall()));
    let encode = async {
        let blob = body::build(ready, &id, browser.listener).await?;
        let total = size(&blob);
        browser.body.replace(Some(blob));
        Ok(total)
    };
    let call = SubmitCall { id: id.clone(), record, known: settings.records.known(known) };
    Ok(Flow::new(browser).submit(&service, &settings.backoff, call, encode).await?)
}
