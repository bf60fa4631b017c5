//! What tabs that watch the same task send each other, so that one poll serves them all.
//!
//! ```text
//!   the tab that polls                         the other tabs
//!     announces a poll ────────────────────►     wait 8–10 s for its result, then poll
//!     polls
//!     sends the result and its next delay ─►     use the result, and wait 3–5 s longer than that delay, then poll
//!                                                (only the receiver is visible: wait ¾ of that delay, then poll)
//! ```

use super::Reply;

/// A message from one tab to the others: the announcement of a poll, or its result.
#[derive(Clone, Debug, PartialEq)]
pub struct TabMessage {
    /// The result of the poll; `None` announces a poll.
    pub reply: Option<Reply>,
    /// In how many ms the sender will send its next message.
    pub next_poll_in: u64,
    /// Whether the sender is visible.
    pub is_visible: bool,
}

/// How long to wait for the result of a poll that another tab announced, in ms.
pub(super) const POLL_TIMEOUT_MS: u64 = 5_000;

/// How much later than announced the message of another tab may be, in ms, before this tab polls.
const MAX_LATENESS_MS: u64 = 3_000;

/// The longest random time on top of that, in ms, so that not all tabs start to poll at once.
const MAX_SPREAD_MS: u32 = 2_000;

impl TabMessage {
    /// Announces a poll.
    pub(super) fn announcement(is_visible: bool) -> Self {
        Self { reply: None, next_poll_in: POLL_TIMEOUT_MS, is_visible }
    }

    /// The result of a poll. Its response was redacted where it arrived.
    pub(super) fn result(reply: Reply, next_poll_in: u64, is_visible: bool) -> Self {
        Self { reply: Some(reply), next_poll_in, is_visible }
    }

    /// How many ms the receiving tab waits before it polls itself: longer than the sender announced, so that it replaces only a
    /// silent sender; shorter, if only the receiver is visible, so that it takes over.
    pub(super) fn pause(&self, is_visible: bool, random: u32) -> u64 {
        if is_visible && !self.is_visible {
            return self.next_poll_in.saturating_sub(self.next_poll_in.checked_div(4).unwrap_or(0));
        }
        let spread = u64::from(random.checked_rem(MAX_SPREAD_MS).unwrap_or(0));
        self.next_poll_in.saturating_add(MAX_LATENESS_MS).saturating_add(spread)
    }
}
