//! The list of the request's fields.

/// Defines the enum of the fields from a table of their names.
macro_rules! fields {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $wire_name:literal;)+) => {
        /// A field of the request. This is the list that everything else follows. Where a field is missing, a check fails:
        ///
        /// - `src/draft.rs`, which reads a request from JavaScript, does not compile: it matches exhaustively.
        /// - [`Draft::check`](super::Draft::check) and [`VideoRequest::body`](super::VideoRequest::body) do not compile without
        ///   a member of [`Draft`](super::Draft) or [`VideoRequest`](super::VideoRequest): they destructure exhaustively.
        /// - `tests/model/fields.rs` compares with this list the body, the service's schema, the record and how it is read,
        ///   `src/js/request.js`, the declarations, `docs/request.md` and the form of the page.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Field { $($(#[$doc])* $variant),+ }

        impl Field {
            /// All fields, in the order in which their issues are listed.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The names of all fields, in the same order.
            pub const NAMES: &[&str] = &[$($name),+];

            /// The name in the public contract.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The name in the JSON body.
            pub const fn wire_name(self) -> &'static str {
                match self { $(Self::$variant => $wire_name),+ }
            }
        }
    };
}

fields! {
    /// The images, in their order.
    Images = "images", "image_list";
    /// What the video should show.
    Prompt = "prompt", "prompt";
    /// What the video should not show.
    NegativePrompt = "negativePrompt", "negative_prompt";
    /// See [`Mode`](super::Mode).
    Mode = "mode", "mode";
    /// See [`Duration`](super::Duration).
    Duration = "duration", "duration";
    /// See [`AspectRatio`](super::AspectRatio).
    AspectRatio = "aspectRatio", "aspect_ratio";
    /// See [`ModelName`](super::ModelName).
    ModelName = "modelName", "model_name";
    /// See [`PublicUrl`](super::PublicUrl).
    CallbackUrl = "callbackUrl", "callback_url";
    /// See [`ExternalTaskId`](super::ExternalTaskId).
    ExternalTaskId = "externalTaskId", "external_task_id";
}
