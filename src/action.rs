//! What the module is asked for, as `src/js/action.js` numbers it.

use wasm_bindgen::prelude::wasm_bindgen;

/// What is asked for.
#[wasm_bindgen]
#[derive(Clone, Copy, Debug)]
pub enum Action {
    /// `inspectImage(image)`
    Inspect,
    /// `encodeImage(image)`
    Encode,
    /// `validateRequest(request)`
    Validate,
    /// `buildRequestBody(request)`
    Build,
    /// Checks the options of `submit` before it is known whether it joins another one.
    CheckSubmit,
    /// The same for those of `generate`.
    CheckGenerate,
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
    /// `storage()`: where records really are.
    Storage,
    /// The address that records belong to.
    Base,
}
