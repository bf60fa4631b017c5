//! The request: a [`Draft`] may contain any problem, a [`VideoRequest`] none.

mod body;
mod draft;
mod field;
pub mod fields;
mod public_url;

pub use body::BodyPart;
pub use draft::{Checked, Draft, DraftImage};
pub use field::Field;
pub use fields::{AspectRatio, Duration, ExternalTaskId, MAX_PROMPT_CHARACTERS, Mode, ModelName, Prompt};
pub use public_url::PublicUrl;

/// The minimum number of images of one request: `minItems` in the service's schema. Its summary says 2.
pub const MIN_IMAGES: usize = 1;

/// The maximum number of images of one request: `maxItems` in the service's schema.
pub const MAX_IMAGES: usize = 4;

/// A request within all limits of the service. Only [`Draft::check`] creates one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoRequest {
    images: Vec<Image>,
    prompt: Option<Prompt>,
    negative_prompt: Option<Prompt>,
    mode: Option<Mode>,
    duration: Option<Duration>,
    aspect_ratio: Option<AspectRatio>,
    model_name: Option<ModelName>,
    callback_url: Option<PublicUrl>,
    external_task_id: Option<ExternalTaskId>,
}

/// One checked image.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Image {
    /// A file, sent as base64.
    Encoded,
    /// A URL, which the service requests.
    Url(PublicUrl),
}

impl VideoRequest {
    /// The external task id, if the caller chose one.
    pub fn external_task_id(&self) -> Option<&ExternalTaskId> {
        self.external_task_id.as_ref()
    }

    /// The prompt.
    pub fn prompt(&self) -> Option<&str> {
        self.prompt.as_ref().map(Prompt::as_str)
    }

    /// The negative prompt.
    pub fn negative_prompt(&self) -> Option<&str> {
        self.negative_prompt.as_ref().map(Prompt::as_str)
    }

    /// The word of the mode.
    pub fn mode(&self) -> Option<&str> {
        self.mode.map(Mode::as_str)
    }

    /// The word of the duration.
    pub fn duration(&self) -> Option<&str> {
        self.duration.map(Duration::as_str)
    }

    /// The word of the aspect ratio.
    pub fn aspect_ratio(&self) -> Option<&str> {
        self.aspect_ratio.map(AspectRatio::as_str)
    }

    /// The name of the model.
    pub fn model_name(&self) -> Option<&str> {
        self.model_name.as_ref().map(ModelName::as_str)
    }

    /// The number of images.
    pub fn image_count(&self) -> u32 {
        u32::try_from(self.images.len()).unwrap_or(u32::MAX)
    }
}
