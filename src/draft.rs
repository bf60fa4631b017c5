//! The request as the caller wrote it, into a draft.

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Blob;

use super::images::Candidate;
use super::listener::Listener;
use super::object::{is_object, member};
use super::options::unknown_keys;
use super::text::{address, is_record, is_whole, words_of_number};
use kling_core::error::Error;
use kling_core::issue::{Issue, IssueCode};
use kling_core::progress::Progress;
use kling_core::request::fields::enumerate;
use kling_core::request::{Checked, Draft, FIELDS, VideoRequest};

/// A checked request, and the files of its images.
pub(super) struct Ready {
    pub(super) request: VideoRequest,
    /// By index; nothing for an image that the service fetches.
    pub(super) files: Vec<Option<Blob>>,
}

/// Checks all of a request.
pub(super) async fn check(value: &JsValue, listener: &Listener) -> (Checked, Vec<Option<Blob>>) {
    let mut draft = Draft::default();
    let mut files = Vec::new();
    if is_record(value) {
        let mut fields = Fields { value, issues: Vec::new() };
        fields.refuse_unknown();
        for (index, source) in fields.images().into_iter().enumerate() {
            listener.tell(&Progress::Preparing { image: index });
            let candidate = Candidate::read(&source, &format!("images[{index}]")).await;
            draft.images.push(candidate.draft);
            files.push(candidate.file);
        }
        draft.prompt = fields.text("prompt");
        draft.negative_prompt = fields.text("negativePrompt");
        draft.mode = fields.text("mode");
        draft.duration = fields.duration();
        draft.aspect_ratio = fields.text("aspectRatio");
        draft.model_name = fields.text("modelName");
        draft.callback_url = fields.address("callbackUrl");
        draft.external_task_id = fields.text("externalTaskId");
        draft.issues = fields.issues;
    } else {
        draft.issues.push(Issue::error(
            IssueCode::BadValue,
            "images",
            "expected a request object with images, found something else",
        ));
    }
    (draft.check(), files)
}

/// Checks all of a request, of which nothing may be wrong.
pub(super) async fn ready(value: &JsValue, listener: &Listener) -> Result<Ready, Error> {
    let (checked, files) = check(value, listener).await;
    match checked.request {
        Some(request) => Ok(Ready { request, files }),
        None => Err(Error::invalid_request(checked.issues)),
    }
}

struct Fields<'a> {
    value: &'a JsValue,
    issues: Vec<Issue>,
}

impl Fields<'_> {
    fn refuse_unknown(&mut self) {
        for key in unknown_keys(self.value, FIELDS) {
            let message = format!("no field of the request; expected one of {}", enumerate(FIELDS, ", "));
            self.issues.push(Issue::error(IssueCode::UnknownField, key, message));
        }
    }

    /// The images; the entry has made a list of whatever kind of list it was.
    fn images(&mut self) -> Vec<JsValue> {
        let Some(images) = self.get("images") else { return Vec::new() };
        if let Some(images) = images.dyn_ref::<Array>() {
            return images.iter().collect();
        }
        self.bad_value("images", "a list of pictures");
        Vec::new()
    }

    fn text(&mut self, name: &str) -> Option<String> {
        let value = self.get(name)?;
        if !value.is_string() {
            self.bad_value(name, "a text");
            return None;
        }
        if !is_whole(&value) {
            self.bad_value(name, "whole characters (a text was cut within a surrogate pair)");
            return None;
        }
        value.as_string()
    }

    fn duration(&mut self) -> Option<String> {
        let value = self.get("duration")?;
        if value.as_f64().is_some() {
            return words_of_number(&value).as_string();
        }
        self.text("duration")
    }

    /// A text, or a `URL` object. A text that is an address is normalised.
    fn address(&mut self, name: &str) -> Option<String> {
        let value = self.get(name)?;
        let href = if is_object(&value) {
            member(&value, "href").unwrap_or(JsValue::UNDEFINED)
        } else {
            self.text(name)?.into()
        };
        if !href.is_string() {
            self.bad_value(name, "a text or a URL");
            return None;
        }
        let url = address(&href, false);
        if url.is_none() {
            let message = "expected an absolute http(s): address, found a broken one";
            self.issues.push(Issue::error(IssueCode::BadUrl, name, message));
        }
        url
    }

    fn get(&mut self, name: &str) -> Option<JsValue> {
        let value = member(self.value, name);
        if value.is_err() {
            self.bad_value(name, "a value; reading it threw");
        }
        value.ok().filter(|value| !value.is_undefined())
    }

    fn bad_value(&mut self, name: &str, expected: &str) {
        self.issues.push(Issue::error(IssueCode::BadValue, name, format!("expected {expected}, found something else")));
    }
}
