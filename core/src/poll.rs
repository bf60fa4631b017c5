//! When to ask again and what to tolerate, as arithmetic over a given clock. All times in ms.

use crate::error::Error;

/// How a task is polled, in ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Polling {
    /// Before the first question after a submission.
    pub first_delay: u64,
    /// Before the second question; grows by a quarter each time.
    pub interval: u64,
    /// Where the interval stops growing; twice that once the task is ten minutes old.
    pub max_interval: u64,
    /// How long an unbroken outage is tolerated.
    pub outage_budget: u64,
    /// How long "no such task" is tolerated.
    pub not_found_grace: u64,
}

/// Twice the longest interval after that, because a task that old is a slow one.
const OLD: u64 = 600_000;

/// How long one question may go without an answer before it counts as an outage.
pub(crate) const STALL: u64 = 30_000;

impl Default for Polling {
    /// The schedule for the real service, whose gateway refreshes a task only every few seconds.
    fn default() -> Self {
        Self {
            first_delay: 5_000,
            interval: 5_000,
            max_interval: 15_000,
            outage_budget: 300_000,
            not_found_grace: 90_000,
        }
    }
}

impl Polling {
    /// The least of every time: shorter ones would be a storm.
    pub const SHORTEST: u64 = 10;
    /// The most of every time: 24 days, the longest that a browser's timer counts.
    pub const LONGEST: u64 = 2_147_483_647;

    /// The time to wait before question number `asked` (the first is 0) about a task of that age.
    ///
    /// `random` spreads it evenly over ±20 %, so that many pages do not ask in step.
    pub fn delay(&self, asked: u32, age: u64, random: u32) -> u64 {
        let longest = if age >= OLD { self.max_interval.saturating_mul(2) } else { self.max_interval };
        let plain = if asked == 0 { self.first_delay } else { self.grown(asked, age).min(longest) };
        let percent = u64::from(random.checked_rem(41).unwrap_or(0)).saturating_add(80);
        plain.saturating_mul(percent).checked_div(100).unwrap_or(plain).max(Self::SHORTEST)
    }

    /// The longest [`delay`](Self::delay) before that poll.
    pub(crate) fn max_delay(&self, asked: u32, age: u64) -> u64 {
        self.delay(asked, age, 40)
    }

    fn grown(&self, asked: u32, age: u64) -> u64 {
        if age >= OLD {
            return self.max_interval.saturating_mul(2);
        }
        let mut interval = self.interval;
        for _ in 1..asked {
            if interval >= self.max_interval {
                break;
            }
            // At least one more, so that the shortest intervals grow too.
            interval = interval.saturating_add(interval.checked_div(4).unwrap_or(0).max(1));
        }
        interval
    }
}

/// The time from a start, such as the last poll, to an event, such as the next poll.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Countdown {
    since: u64,
    delay: u64,
}

impl Countdown {
    /// Ends `delay` ms after `now`.
    pub(crate) fn new(now: u64, delay: u64) -> Self {
        Self { since: now, delay }
    }

    /// The ms that remain. A clock that was set back restarts the countdown, and never makes it longer than it was.
    pub(crate) fn remaining(&mut self, now: u64) -> u64 {
        self.since = self.since.min(now);
        self.delay.saturating_sub(now.saturating_sub(self.since))
    }

    /// Ends at most `max_delay` ms after its start.
    pub(crate) fn shorten(&mut self, max_delay: u64) {
        self.delay = self.delay.min(max_delay);
    }

    /// The ms from its start to its end.
    pub(crate) fn delay(&self) -> u64 {
        self.delay
    }
}

/// How long one kind of trouble may last without a break.
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
        let passed = self.last.map_or(0, |last| now.saturating_sub(last));
        self.spent = self.spent.saturating_add(passed.min(max_gap));
        self.last = Some(now);
        if self.spent >= self.limit { Err(error) } else { Ok(error) }
    }
}
