//! When to poll a task, and what to tolerate meanwhile.

use crate::delay::{grown, max_spread, spread};
use crate::retry::OUTAGE_BUDGET_MS;

/// How a task is polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Polling {
    /// Before the first poll of a task that was just accepted, in ms. Any other task is first polled at once.
    pub first_delay_ms: u64,
    /// Between the first poll and the second, in ms; grows by a quarter with each further poll.
    pub interval_ms: u64,
    /// Where the interval stops growing, in ms. From [`SLOW_TASK_MS`] on, the interval is twice as long.
    pub max_interval_ms: u64,
    /// How long an unbroken outage is tolerated, in ms.
    pub outage_budget_ms: u64,
    /// How long "no such task" is tolerated, in ms.
    pub not_found_grace_ms: u64,
}

/// Before the first poll of an accepted task.
const FIRST_DELAY_MS: u64 = 5_000;
/// Between the first poll and the second. The real gateway refreshes a task only every few seconds.
const INTERVAL_MS: u64 = 5_000;
/// Where the interval stops growing.
const MAX_INTERVAL_MS: u64 = 15_000;
/// How long "no such task" is tolerated.
const NOT_FOUND_GRACE_MS: u64 = 90_000;

/// A task that has been watched for this long is a slow one, and is polled less often.
pub const SLOW_TASK_MS: u64 = 600_000;

impl Default for Polling {
    fn default() -> Self {
        Self {
            first_delay_ms: FIRST_DELAY_MS,
            interval_ms: INTERVAL_MS,
            max_interval_ms: MAX_INTERVAL_MS,
            outage_budget_ms: OUTAGE_BUDGET_MS,
            not_found_grace_ms: NOT_FOUND_GRACE_MS,
        }
    }
}

impl Polling {
    /// The delay before the next poll in ms, after `polls` polls of a task that has been watched for `age` ms. `random` is any
    /// number; it spreads the delay evenly over ±20 %, so that many pages do not poll in step.
    pub fn delay(&self, polls: u32, age: u64, random: u32) -> u64 {
        spread(self.exact_delay(polls, age), random)
    }

    /// The longest [`delay`](Self::delay) for any random number.
    pub(crate) fn max_delay(&self, polls: u32, age: u64) -> u64 {
        max_spread(self.exact_delay(polls, age))
    }

    fn exact_delay(&self, polls: u32, age: u64) -> u64 {
        if polls == 0 {
            self.first_delay_ms
        } else if age >= SLOW_TASK_MS {
            self.max_interval_ms.saturating_mul(2)
        } else {
            grown(self.interval_ms, self.max_interval_ms, polls)
        }
    }
}
