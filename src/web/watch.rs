//! The watch that a client lends out.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::AbortSignal;

use super::abort::promise;
use super::fault::Failure;
use super::host::host;
use super::object::task;
use super::options::CallOptions;
use super::settings::Settings;
use super::timer::now;
use crate::flow::watch::Watch;
use crate::task::TaskId;

/// One task being watched.
#[wasm_bindgen]
#[derive(Debug)]
pub struct TaskWatch(Rc<Watched>);

#[derive(Debug)]
struct Watched {
    settings: Rc<Settings>,
    id: TaskId,
    options: CallOptions,
    /// Absent before the first `next`, and while one is under way.
    state: RefCell<Option<Watch>>,
}

impl TaskWatch {
    pub(super) fn new(settings: Rc<Settings>, id: TaskId, options: CallOptions) -> Self {
        Self(Rc::new(Watched { settings, id, options, state: RefCell::default() }))
    }
}

impl Watched {
    async fn advance(&self) -> Result<JsValue, Failure> {
        let waiting = self.state.borrow_mut().take();
        let mut watch = match waiting {
            Some(watch) => watch,
            None => self.settings.watch_of(self.id.clone()).await?.within(now(), self.options.timeout),
        };
        let seen = watch.next(&host(&self.settings.fetcher, None, &self.options.listener)).await;
        *self.state.borrow_mut() = Some(watch);
        Ok(seen?.as_ref().map_or(JsValue::UNDEFINED, task))
    }
}

#[wasm_bindgen]
impl TaskWatch {
    /// The next change of the task, or `undefined` after its end. Must not be called before the last one has ended.
    pub fn next(&self, stop: AbortSignal) -> Promise {
        let watched = Rc::clone(&self.0);
        let signals = watched.options.signal.iter().cloned().chain([stop]).collect::<Vec<_>>();
        promise(signals, Box::pin(async move { watched.advance().await }))
    }
}
