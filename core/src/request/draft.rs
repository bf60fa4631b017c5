//! A request before its check, and the check.

use super::fields::{AspectRatio, Duration, ExternalTaskId, Mode, ModelName, Prompt, unknown_word};
use super::{Field, Image, MAX_IMAGES, MIN_IMAGES, PublicUrl, VideoRequest};
use crate::issue::{Issue, IssueCode};

/// A request before its check: one member for each [`Field`].
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// The images, in their order.
    pub images: Vec<DraftImage>,
    /// What the video should show.
    pub prompt: Option<String>,
    /// What it should not show.
    pub negative_prompt: Option<String>,
    /// See [`Mode`].
    pub mode: Option<String>,
    /// See [`Duration`].
    pub duration: Option<String>,
    /// See [`AspectRatio`].
    pub aspect_ratio: Option<String>,
    /// See [`ModelName`].
    pub model_name: Option<String>,
    /// See [`PublicUrl`].
    pub callback_url: Option<String>,
    /// See [`ExternalTaskId`].
    pub external_task_id: Option<String>,
    /// The problems that were found before the check.
    pub issues: Vec<Issue>,
}

/// One image of a draft.
#[derive(Clone, Debug)]
pub enum DraftImage {
    /// A file, with the problems of its header.
    Encoded(Vec<Issue>),
    /// A URL of an image, which the service requests.
    Url(String),
}

/// The result of a check.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The request, unless an issue is an error.
    pub request: Option<VideoRequest>,
    /// All problems, in the order of the fields.
    pub issues: Vec<Issue>,
}

impl Draft {
    /// Checks every image and every field.
    pub fn check(self) -> Checked {
        // Exhaustive, so that each member is checked.
        let Self {
            images,
            prompt,
            negative_prompt,
            mode,
            duration,
            aspect_ratio,
            model_name,
            callback_url,
            external_task_id,
            issues,
        } = self;
        let mut found = Findings(issues);
        found.count_images(images.len());
        let images: Vec<Image> =
            images.into_iter().enumerate().filter_map(|(index, image)| found.image(index, image)).collect();
        if prompt.as_deref().is_none_or(|prompt| prompt.trim().is_empty()) {
            let message = "expected a prompt, which the schema does not require; Kling may refuse the request";
            found.0.push(Issue::warning(IssueCode::PromptMissing, Field::Prompt.name(), message));
        }
        let request = VideoRequest {
            images,
            prompt: found.field(Field::Prompt, without_blank(prompt), Prompt::check),
            negative_prompt: found.field(Field::NegativePrompt, without_blank(negative_prompt), Prompt::check),
            mode: found.word(Field::Mode, mode, Mode::WORDS, Mode::from_word),
            duration: found.word(Field::Duration, duration, Duration::WORDS, Duration::from_word),
            aspect_ratio: found.word(Field::AspectRatio, aspect_ratio, AspectRatio::WORDS, AspectRatio::from_word),
            model_name: found.field(Field::ModelName, model_name, ModelName::check),
            callback_url: found.field(Field::CallbackUrl, callback_url, |path, url| PublicUrl::check(path, url, "")),
            external_task_id: found.field(Field::ExternalTaskId, external_task_id, ExternalTaskId::check),
        };
        let issues = found.0;
        Checked { request: (!issues.iter().any(Issue::is_error)).then_some(request), issues }
    }
}

/// The text, unless it is blank: then the field counts as absent.
fn without_blank(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

/// The problems found so far.
struct Findings(Vec<Issue>);

impl Findings {
    fn count_images(&mut self, count: usize) {
        let path = Field::Images.name();
        // Images of a wrong type were reported before, and count as none.
        let reported = self.0.iter().any(|issue| issue.path == path);
        let issue = if count < MIN_IMAGES && !reported {
            let found = if count == 0 { "none".to_owned() } else { count.to_string() };
            let message = format!("expected {MIN_IMAGES} to {MAX_IMAGES} images, found {found}");
            Issue::error(IssueCode::TooFewImages, path, message).with("limit", MIN_IMAGES)
        } else if count > MAX_IMAGES {
            let message = format!("expected {MIN_IMAGES} to {MAX_IMAGES} images, found {count}; remove some");
            Issue::error(IssueCode::TooManyImages, path, message).with("limit", MAX_IMAGES)
        } else {
            return;
        };
        self.0.push(issue.with("actual", count));
    }

    fn image(&mut self, index: usize, image: DraftImage) -> Option<Image> {
        let path = format!("images[{index}]");
        match image {
            DraftImage::Encoded(issues) => {
                self.0.extend(issues);
                Some(Image::Encoded)
            }
            DraftImage::Url(url) => {
                let url = self.collect(PublicUrl::check(&path, url, "; pass the file itself"))?;
                let message = "the image at this URL is not checked here; the service fetches it";
                self.0.push(Issue::warning(IssueCode::SizeUnknown, path, message));
                Some(Image::Url(url))
            }
        }
    }

    fn field<T>(
        &mut self,
        field: Field,
        value: Option<String>,
        check: impl FnOnce(&str, String) -> Result<T, Issue>,
    ) -> Option<T> {
        self.collect(check(field.name(), value?))
    }

    fn word<T>(
        &mut self,
        field: Field,
        word: Option<String>,
        words: &[&str],
        find: fn(&str) -> Option<T>,
    ) -> Option<T> {
        let word = word?;
        let variant = find(&word);
        if variant.is_none() {
            self.0.push(unknown_word(field.name(), words, &word));
        }
        variant
    }

    /// The value; a problem is added to the others.
    fn collect<T>(&mut self, result: Result<T, Issue>) -> Option<T> {
        result.map_err(|issue| self.0.push(issue)).ok()
    }
}
