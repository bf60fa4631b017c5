//! What the tabs that watch one task tell each other, so that one question serves them all.

use super::{Flow, Host, Reply};

/// What one tab tells the others of a question.
#[derive(Clone, Debug, PartialEq)]
pub struct Echo {
    /// The answer; nothing while it is still awaited.
    pub reply: Option<Reply>,
    /// In how many ms the tab will say more.
    pub next_poll_in: u64,
    /// Whether somebody looks at it.
    pub is_seen: bool,
}

/// How much later than announced another tab may be, in ms, before somebody takes over.
const SILENCE: u64 = 3_000;

impl Echo {
    /// What one tab reports of a response, which was redacted where it arrived.
    pub(super) fn of(reply: Reply, next_poll_in: u64, host: &Flow<impl Host>) -> Self {
        Self { reply: Some(reply), next_poll_in, is_seen: host.0.seen() }
    }

    /// How long whoever hears this leaves the asking to the other: until it falls silent, or, to come before it, not quite
    /// as long as it would wait itself, if only the listener is seen.
    pub(super) fn pause(&self, is_seen: bool, chance: u32) -> u64 {
        if is_seen && !self.is_seen {
            return self.next_poll_in.saturating_sub(self.next_poll_in.checked_div(4).unwrap_or(0));
        }
        // Spread, so that not all of them take over at once.
        let spread = u64::from(chance.checked_rem(2_000).unwrap_or(0));
        self.next_poll_in.saturating_add(SILENCE).saturating_add(spread)
    }
}
