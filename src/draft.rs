//! Reads the caller's request into a draft, and checks it.

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Blob;

use super::images::Candidate;
use super::listener::Listener;
use super::object::{is_object, member, type_of};
use super::options::unknown_keys;
use super::text::{address, is_record, is_whole, words_of_number};
use kling_core::error::Error;
use kling_core::issue::{Issue, IssueCode};
use kling_core::progress::Progress;
use kling_core::race::all;
use kling_core::request::fields::enumerate;
use kling_core::request::{Checked, Draft, Field, MAX_IMAGES, VideoRequest};

/// A valid request, and the files of its images.
pub(super) struct Ready {
    pub(super) request: VideoRequest,
    /// By index; `None` for an image that the service fetches.
    pub(super) files: Vec<Option<Blob>>,
}

/// What the check of a request found.
pub(super) struct Inspected {
    request: Option<VideoRequest>,
    files: Vec<Option<Blob>>,
    /// Every problem and every warning.
    pub(super) issues: Vec<Issue>,
}

/// Checks a request, and reports every problem.
pub(super) async fn check(value: &JsValue, listener: &Listener) -> Inspected {
    let mut draft = Draft::default();
    let (mut sources, mut files) = (Vec::new(), Vec::new());
    if is_record(value) {
        let mut fields = Fields { value, issues: Vec::new() };
        fields.refuse_unknown();
        for &field in Field::ALL {
            match field {
                Field::Images => sources = fields.images(field),
                Field::Prompt => draft.prompt = fields.text(field),
                Field::NegativePrompt => draft.negative_prompt = fields.text(field),
                Field::Mode => draft.mode = fields.text(field),
                Field::Duration => draft.duration = fields.number_or_text(field),
                Field::AspectRatio => draft.aspect_ratio = fields.text(field),
                Field::ModelName => draft.model_name = fields.text(field),
                Field::CallbackUrl => draft.callback_url = fields.address(field),
                Field::ExternalTaskId => draft.external_task_id = fields.text(field),
            }
        }
        draft.issues = fields.issues;
    } else {
        draft.issues.push(Issue::error(
            IssueCode::BadValue,
            Field::Images.name(),
            format!("expected a request object with images, found {}", type_of(value)),
        ));
    }
    // A header takes two reads or more: as long for all images as for one. Not more at once than a valid request has, because a
    // part of each is in memory.
    let mut reads = sources.into_iter().enumerate().map(|(image, source)| {
        listener.report(&Progress::Preparing { image });
        Candidate::read(source, image)
    });
    loop {
        let candidates = all(reads.by_ref().take(MAX_IMAGES)).await;
        if candidates.is_empty() {
            break;
        }
        for candidate in candidates.into_iter().flatten() {
            draft.images.push(candidate.draft);
            files.push(candidate.file);
        }
    }
    let Checked { request, issues } = draft.check();
    Inspected { request, files, issues }
}

impl Inspected {
    /// The request, which must have no errors.
    pub(super) fn ready(self) -> Result<Ready, Error> {
        match self.request {
            Some(request) => Ok(Ready { request, files: self.files }),
            None => Err(Error::invalid_request(self.issues)),
        }
    }
}

struct Fields<'a> {
    value: &'a JsValue,
    issues: Vec<Issue>,
}

impl Fields<'_> {
    fn refuse_unknown(&mut self) {
        for key in unknown_keys(self.value, Field::NAMES) {
            let message = format!("no field of the request; expected one of {}", enumerate(Field::NAMES, ", "));
            self.issues.push(Issue::error(IssueCode::UnknownField, key, message));
        }
    }

    /// The images, of which `request.js` has made an array.
    fn images(&mut self, field: Field) -> Vec<JsValue> {
        let Some(images) = self.get(field) else { return Vec::new() };
        if let Some(images) = images.dyn_ref::<Array>() {
            return images.iter().collect();
        }
        self.bad_value(field, "a list of images", &images);
        Vec::new()
    }

    fn text(&mut self, field: Field) -> Option<String> {
        let value = self.get(field)?;
        if !value.is_string() {
            self.bad_value(field, "a string", &value);
            return None;
        }
        if !is_whole(&value) {
            self.refuse(field, "expected whole characters, found half of a surrogate pair".to_owned());
            return None;
        }
        value.as_string()
    }

    fn number_or_text(&mut self, field: Field) -> Option<String> {
        let value = self.get(field)?;
        if value.as_f64().is_some() {
            return words_of_number(&value).as_string();
        }
        self.text(field)
    }

    /// A URL as a string or a `URL` object, normalised.
    fn address(&mut self, field: Field) -> Option<String> {
        let value = self.get(field)?;
        let href = if is_object(&value) {
            member(&value, "href").unwrap_or(JsValue::UNDEFINED)
        } else {
            self.text(field)?.into()
        };
        if !href.is_string() {
            self.bad_value(field, "a string or a URL", &value);
            return None;
        }
        let url = address(&href, false);
        if url.is_none() {
            let message = "expected an absolute http(s): URL, found a malformed one";
            self.issues.push(Issue::error(IssueCode::BadUrl, field.name(), message));
        }
        url
    }

    fn get(&mut self, field: Field) -> Option<JsValue> {
        let value = member(self.value, field.name());
        if value.is_err() {
            self.refuse(field, "expected a value, found a getter that threw".to_owned());
        }
        value.ok().filter(|value| !value.is_undefined())
    }

    fn bad_value(&mut self, field: Field, expected: &str, found: &JsValue) {
        self.refuse(field, format!("expected {expected}, found {}", type_of(found)));
    }

    fn refuse(&mut self, field: Field, message: String) {
        self.issues.push(Issue::error(IssueCode::BadValue, field.name(), message));
    }
}
