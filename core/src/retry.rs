//! How long to wait before a request is sent again, and how long to go on.

use crate::delay::{grown, spread};
use crate::error::Error;

/// The delays before retries: of a paid request that the service throttled, of look-ups after an unclear response, and of a
/// download that broke off. Apart from [`Polling`](crate::poll::Polling), so that a change of one does not change the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The delay before the first retry, in ms; grows by a quarter with each further retry.
    pub min_delay_ms: u64,
    /// Where the delay stops growing, in ms.
    pub max_delay_ms: u64,
    /// How long to go on, in ms. The paid request may go without a response for as long, plus the time of its upload.
    pub budget_ms: u64,
}

/// The delay before the first retry.
const MIN_DELAY_MS: u64 = 5_000;
/// Where the delay stops growing.
const MAX_DELAY_MS: u64 = 15_000;
/// How long an unbroken outage is tolerated, by polls and by retries.
pub(crate) const OUTAGE_BUDGET_MS: u64 = 300_000;

impl Default for Backoff {
    fn default() -> Self {
        Self { min_delay_ms: MIN_DELAY_MS, max_delay_ms: MAX_DELAY_MS, budget_ms: OUTAGE_BUDGET_MS }
    }
}

impl Backoff {
    /// The delay before the next attempt in ms, after `failures` failed attempts: the shortest one before the first attempt and
    /// after the first failure. `random` is any number; it spreads the delay evenly over ±20 %.
    pub fn delay(&self, failures: u32, random: u32) -> u64 {
        spread(grown(self.min_delay_ms, self.max_delay_ms, failures), random)
    }

    /// How long a paid request with a body of that many bytes may go without a response, in ms: the budget, plus the time of its
    /// upload at the slowest rate.
    pub fn max_silence_ms(&self, body_bytes: u64) -> u64 {
        let upload = body_bytes.checked_div(MIN_UPLOAD_BYTES_PER_MS).unwrap_or(0);
        self.budget_ms.saturating_add(upload)
    }
}

/// The slowest upload that does not count as a stall, in bytes per ms: a line of 64 kbit/s. A browser does not report how far an
/// upload is.
pub const MIN_UPLOAD_BYTES_PER_MS: u64 = 8;

/// How long one kind of trouble may last without a break, in ms.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    limit: u64,
    spent: u64,
    last: Option<u64>,
}

impl Budget {
    /// Allows `limit` ms of trouble.
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit, spent: 0, last: None }
    }

    /// Ends the trouble: the whole budget is available again.
    pub(crate) fn restore(&mut self) {
        *self = Self::new(self.limit);
    }

    /// Pauses the budget until the next failure: time offline is not counted.
    pub(crate) fn suspend(&mut self) {
        self.last = None;
    }

    /// Counts the time since the last failure, and returns the error as `Err` when the budget is spent. At most `max_gap` ms
    /// count: beyond that the machine slept, or its clock was set.
    pub(crate) fn spend(&mut self, now: u64, max_gap: u64, error: Error) -> Result<Error, Error> {
        if self.is_spent(now, max_gap) { Err(error) } else { Ok(error) }
    }

    /// Counts the time since the last failure, as [`spend`](Self::spend). Returns whether the budget is spent.
    pub(crate) fn is_spent(&mut self, now: u64, max_gap: u64) -> bool {
        let passed = self.last.map_or(0, |last| now.saturating_sub(last));
        self.spent = self.spent.saturating_add(passed.min(max_gap));
        self.last = Some(now);
        self.spent >= self.limit
    }
}
