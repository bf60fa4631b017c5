//! The id of a task in the URL of a query.

use crate::error::Error;
use crate::redact::is_redacted;

/// The id of a task in the URL of a query: the task id or the external task id.
///
/// The service documents no form of its ids. So each string that may be one is an id, and is percent-encoded in a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskId(pub(crate) String);

impl TaskId {
    /// The maximum length, in bytes: 2,048 characters of any kind. Known ids have up to 200.
    pub const MAX_BYTES: usize = 8_192;

    /// Parses an id of 1 to [`TaskId::MAX_BYTES`] bytes.
    ///
    /// # Errors
    ///
    /// [`InvalidOption`](crate::error::ErrorCode::InvalidOption) for anything else.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if (1..=Self::MAX_BYTES).contains(&text.len()) {
            return Ok(Self(text.to_owned()));
        }
        let message = format!("expected a task id of 1–{} bytes, found another string", Self::MAX_BYTES);
        Err(Error::invalid_option("id", &message))
    }

    /// Whether a request may contain an id of the service: it is not too long, and did not contain the key.
    pub(crate) fn is_usable(id: &str) -> bool {
        id.len() <= Self::MAX_BYTES && !is_redacted(id)
    }

    /// The id as a string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
