//! One problem of a request: what was expected, what was found, and where.

use std::borrow::Cow;

use crate::plain::{PlainObject, PlainValue, ToPlain};
use crate::words::words;

/// A problem of a request, found without sending anything.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Issue {
    /// Its kind.
    pub code: IssueCode,
    /// The part of the request, for example `images[2]` or `duration`.
    pub path: String,
    /// Whether it prevents a submission.
    pub severity: Severity,
    /// What was expected and what was found, in English.
    pub message: Cow<'static, str>,
    /// The figures of the message, by name.
    pub params: Params,
}

impl Issue {
    /// A problem that prevents a submission.
    pub fn error(code: IssueCode, path: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(code, Severity::Error, path.into(), message.into())
    }

    /// A problem that does not prevent a submission.
    pub fn warning(code: IssueCode, path: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(code, Severity::Warning, path.into(), message.into())
    }

    /// Adds a figure of the message.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Param>) -> Self {
        self.params.add(name, value);
        self
    }

    /// Whether it prevents a submission.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    fn new(code: IssueCode, severity: Severity, path: String, message: Cow<'static, str>) -> Self {
        Self { code, path, severity, message, params: Params::default() }
    }
}

words! {
    /// What kind of problem an [`Issue`] is.
    #[non_exhaustive]
    IssueCode {
        /// No image at all.
        TooFewImages = "too_few_images",
        /// More than [`MAX_IMAGES`](crate::request::MAX_IMAGES).
        TooManyImages = "too_many_images",
        /// Neither JPEG nor PNG, or a JPEG that browsers cannot read. A warning if libjpeg can.
        UnsupportedFormat = "unsupported_format",
        /// An empty file, an image without pixels, or a file that cannot be read: moved, changed, a folder, or without permission.
        ImageEmpty = "image_empty",
        /// More than [`MAX_IMAGE_BYTES`](crate::image::limits::MAX_IMAGE_BYTES).
        ImageTooLarge = "image_too_large",
        /// An edge under [`MIN_EDGE_PX`](crate::image::limits::MIN_EDGE_PX).
        ImageTooSmall = "image_too_small",
        /// A ratio above [`MAX_ASPECT_RATIO_TENTHS`](crate::image::limits::MAX_ASPECT_RATIO_TENTHS), or below its inverse.
        BadAspectRatio = "bad_aspect_ratio",
        /// The file ends before the image does.
        ImageTruncated = "image_truncated",
        /// The size in pixels is unknown.
        SizeUnknown = "size_unknown",
        /// The metadata of the image contains a GPS position.
        HasLocation = "has_location",
        /// A URL that the service cannot request.
        BadUrl = "bad_url",
        /// A string that is not base64.
        BadBase64 = "bad_base64",
        /// No prompt.
        PromptMissing = "prompt_missing",
        /// More than [`MAX_PROMPT_CHARACTERS`](crate::request::MAX_PROMPT_CHARACTERS).
        PromptTooLong = "prompt_too_long",
        /// A value of another type or outside its range.
        BadValue = "bad_value",
        /// A member that is not a field of the request.
        UnknownField = "unknown_field",
    }
}

words! {
    /// Whether an [`Issue`] prevents a submission.
    Severity {
        /// It prevents a submission.
        Error = "error",
        /// It does not prevent a submission.
        Warning = "warning",
    }
}

/// The figures of a message, in the order in which they were added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(Vec<(&'static str, Param)>);

impl Params {
    /// Adds a figure.
    pub(crate) fn add(&mut self, name: &'static str, value: impl Into<Param>) {
        self.0.push((name, value.into()));
    }

    /// The members with `params`, unless there is none.
    pub(crate) fn show(&self, members: PlainObject) -> PlainObject {
        if self.is_empty() {
            return members;
        }
        let params = self.0.iter().fold(PlainObject::default(), |params, (name, value)| match value {
            Param::Number(number) => params.number(name, *number),
            Param::Text(text) => params.string(name, text),
        });
        members.with("params", params.into())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The figure with that name.
    pub fn get(&self, name: &str) -> Option<&Param> {
        self.0.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }
}

impl ToPlain for Issue {
    fn to_plain(&self) -> PlainValue {
        let members = PlainObject::default()
            .string("code", self.code.as_str())
            .string("path", &self.path)
            .string("severity", self.severity.as_str())
            .string("message", &self.message);
        self.params.show(members).into()
    }
}

/// One figure of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Param {
    /// A count, a size in bytes or in pixels.
    Number(u64),
    /// A word, for example a format.
    Text(Cow<'static, str>),
}

impl From<u64> for Param {
    fn from(value: u64) -> Self {
        Self::Number(value)
    }
}

impl From<u32> for Param {
    fn from(value: u32) -> Self {
        Self::Number(value.into())
    }
}

impl From<usize> for Param {
    fn from(value: usize) -> Self {
        Self::Number(u64::try_from(value).unwrap_or(u64::MAX))
    }
}

impl From<&'static str> for Param {
    fn from(value: &'static str) -> Self {
        Self::Text(value.into())
    }
}

impl From<String> for Param {
    fn from(value: String) -> Self {
        Self::Text(value.into())
    }
}
