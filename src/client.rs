//! The client, as JavaScript calls it.

use std::rc::Rc;

use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::AbortSignal;

use super::abort::promise;
use super::call::{Call, TaskCall};
use super::options::{CALL, CallOptions, GENERATE, PROGRESS, WAIT};
use super::settings::Settings;

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
        self.call(options, PROGRESS, Call::Submit { request, known })
    }

    /// Queries a task once.
    #[wasm_bindgen(js_name = getTask, unchecked_return_type = "Promise<Task>")]
    pub fn get_task(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string")] id: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: JsValue,
    ) -> Promise {
        self.call(options, CALL, Call::OfTask(id, TaskCall::Get))
    }

    /// Waits until a task succeeds. `justAccepted`: the task is new, so the first poll comes after `firstDelay`.
    #[wasm_bindgen(unchecked_return_type = "Promise<Task>")]
    pub fn wait(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string")] id: JsValue,
        #[wasm_bindgen(unchecked_param_type = "WaitOptions | undefined")] options: JsValue,
        #[wasm_bindgen(js_name = justAccepted)] just_accepted: Option<bool>,
    ) -> Promise {
        let just_accepted = just_accepted.unwrap_or(false);
        // After a submission, they are those of `generate`.
        let known = if just_accepted { GENERATE } else { WAIT };
        self.call(options, known, Call::OfTask(id, TaskCall::Wait { just_accepted }))
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
        self.call_until(unwatched, options, WAIT, Call::OfTask(id, TaskCall::Watch { on_change }))
    }

    /// Looks once for the task of an unknown submission.
    #[wasm_bindgen(unchecked_return_type = "Promise<Task | undefined>")]
    pub fn reconcile(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string", js_name = externalTaskId)] id: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: JsValue,
    ) -> Promise {
        self.call(options, CALL, Call::OfTask(id, TaskCall::Reconcile))
    }

    /// Makes a record of a task that was created elsewhere.
    #[wasm_bindgen(unchecked_return_type = "Promise<Task>")]
    pub fn adopt(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string", js_name = taskId)] id: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: JsValue,
    ) -> Promise {
        self.call(options, CALL, Call::OfTask(id, TaskCall::Adopt))
    }

    /// The checked bytes of a finished video.
    #[wasm_bindgen(unchecked_return_type = "Promise<Blob>")]
    pub fn download(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Video | Task")] video: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "ProgressOptions")] options: JsValue,
    ) -> Promise {
        self.call(options, PROGRESS, Call::Download(video))
    }

    /// Downloads the video of a finished task, and stores it in this browser.
    #[wasm_bindgen(js_name = keepVideo, unchecked_return_type = "Promise<Blob>")]
    pub fn keep_video(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string")] id: JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "ProgressOptions")] options: JsValue,
    ) -> Promise {
        self.call(options, PROGRESS, Call::OfTask(id, TaskCall::KeepVideo))
    }

    /// The stored video of a task, without a request.
    #[wasm_bindgen(js_name = keptVideo, unchecked_return_type = "Promise<Blob | undefined>")]
    pub fn kept_video(&self, #[wasm_bindgen(unchecked_param_type = "string")] id: JsValue) -> Promise {
        self.simple_call(Call::KeptVideo(id))
    }

    /// All records of this base URL, newest first.
    #[wasm_bindgen(unchecked_return_type = "Promise<TaskRecord[]>")]
    pub fn records(&self) -> Promise {
        self.simple_call(Call::Records)
    }

    /// The base URL that the records belong to.
    #[wasm_bindgen(getter, js_name = baseUrl, unchecked_return_type = "string")]
    pub fn base_url(&self) -> JsValue {
        self.settings.records.base().into()
    }

    /// Removes a record and its kept video, never a task.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn forget(&self, #[wasm_bindgen(unchecked_param_type = "string")] id: JsValue) -> Promise {
        self.simple_call(Call::Forget(id))
    }

    /// Where records are stored.
    #[wasm_bindgen(unchecked_return_type = "Promise<\"indexeddb\" | \"memory\">")]
    pub fn storage(&self) -> Promise {
        self.simple_call(Call::Storage)
    }

    /// Ends every call of this client; these and later calls reject with `invalid_option`.
    pub fn close(&self) {
        self.settings.close();
    }

    /// Starts a call that accepts the options in `known`.
    fn call(&self, options: JsValue, known: &[&str], call: Call) -> Promise {
        self.call_until(None, options, known, call)
    }

    /// The same, which also ends when `signal` aborts.
    fn call_until(&self, signal: Option<AbortSignal>, options: JsValue, known: &[&str], call: Call) -> Promise {
        match CallOptions::read(options, known) {
            Ok(options) => {
                let mut signals = vec![self.settings.closing.signal()];
                signals.extend(options.signal.clone());
                signals.extend(signal);
                let settings = Rc::clone(&self.settings);
                promise(signals, Some(Rc::clone(&settings)), Box::pin(call.run(settings, options)))
            }
            Err(failure) => Promise::reject(&failure.into()),
        }
    }

    /// Starts a call without options.
    fn simple_call(&self, call: Call) -> Promise {
        self.call(JsValue::UNDEFINED, &[], call)
    }
}
