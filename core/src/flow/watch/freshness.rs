//! Notices a cache of the site, for example in a service worker, that answers each poll with an old response.
//!
//! No header can prevent that: a header of its own would need a preflight, and such caches ignore `Cache-Control`. They
//! distinguish requests by their URL. So, when the same response came too often, the URLs of further polls differ in a
//! parameter. A response without a task may refuse that parameter: then the next polls are without it, until the same response
//! came too often again.

use super::super::Reply;
use super::budgets::PollResult;
use crate::error::Error;

/// How many times in a row the same response may be repeated. Most responses differ in their request id.
const MAX_REPEATS: u32 = 4;

/// How often the last response was repeated.
#[derive(Debug, Default)]
pub(super) struct Freshness {
    /// A number that differs with the text of the last response.
    last: u32,
    repeats: u32,
}

impl Freshness {
    /// Whether the URL of the next poll must differ from all others.
    pub(super) fn is_doubtful(&self) -> bool {
        self.repeats >= MAX_REPEATS
    }

    /// Counts the result of a poll. Returns whether it is an error that may refuse the parameter: then it counts for nothing.
    /// `is_own`: whether this tab polled.
    ///
    /// Once the URLs differ, they stay different: the cache would return its old response again.
    pub(super) fn is_refused(&mut self, reply: &Reply, result: &Result<PollResult, Error>, is_own: bool) -> bool {
        if self.is_doubtful() {
            if is_own && !matches!(result, Ok(PollResult::Task(_))) {
                self.repeats = 0;
                return result.is_err();
            }
        } else if let Ok(response) = reply {
            // FNV-1a.
            let bytes = response.body.as_text().unwrap_or_default().bytes();
            let text = bytes.fold(1, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(16_777_619));
            self.repeats = if text == self.last { self.repeats.saturating_add(1) } else { 0 };
            self.last = text;
        }
        false
    }
}
