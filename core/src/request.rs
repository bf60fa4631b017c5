//! The request: from a draft, in which anything may be wrong, to a [`VideoRequest`], in which nothing is.

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

/// A request in which every limit of the service holds. It is made by [`Draft::check`] only.
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
    /// Sent as base64, by whoever holds its bytes.
    Encoded,
    /// Fetched by the service.
    Url(PublicUrl),
}

impl VideoRequest {
    /// The id that the caller chose, if any.
    pub fn external_task_id(&self) -> Option<&ExternalTaskId> {
        self.external_task_id.as_ref()
    }

    /// What the video should show.
    pub fn prompt(&self) -> Option<&str> {
        self.prompt.as_ref().map(Prompt::as_str)
    }

    /// What it should not show.
    pub fn negative_prompt(&self) -> Option<&str> {
        self.negative_prompt.as_ref().map(Prompt::as_str)
    }

    /// As it is sent.
    pub fn mode(&self) -> Option<&str> {
        self.mode.map(Mode::as_str)
    }

    /// As it is sent.
    pub fn duration(&self) -> Option<&str> {
        self.duration.map(Duration::as_str)
    }

    /// As it is sent.
    pub fn aspect_ratio(&self) -> Option<&str> {
        self.aspect_ratio.map(AspectRatio::as_str)
    }

    /// As it is sent.
    pub fn model_name(&self) -> Option<&str> {
        self.model_name.as_ref().map(ModelName::as_str)
    }

    /// How many images it has.
    pub fn image_count(&self) -> u32 {
        u32::try_from(self.images.len()).unwrap_or(u32::MAX)
    }
}
