//! The request: from a draft, in which anything may be wrong, to a [`VideoRequest`], in which nothing is.

mod body;
mod draft;
pub(crate) mod fields;
mod image_url;

pub use body::BodyPart;
pub use draft::{Checked, Draft, DraftImage, FIELDS};
pub use fields::{AspectRatio, CallbackUrl, Duration, ExternalTaskId, LONGEST_PROMPT, Mode, ModelName, Prompt};
pub use image_url::ImageUrl;

/// The most images of one request: `maxItems` in the service's schema.
pub const MOST_IMAGES: usize = 4;

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
    callback_url: Option<CallbackUrl>,
    external_task_id: Option<ExternalTaskId>,
}

/// One checked image.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Image {
    /// Sent as base64, by whoever holds its bytes.
    Encoded,
    /// Fetched by the service.
    Url(ImageUrl),
}

impl VideoRequest {
    /// The id that the caller chose, if any.
    pub fn external_task_id(&self) -> Option<&ExternalTaskId> {
        self.external_task_id.as_ref()
    }
}
