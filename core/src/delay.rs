//! Delays in ms: their bounds, how they grow and spread, and how much of one remains. Arithmetic over a given clock.

/// The lower bound of every configurable time, in ms.
pub const MIN_TIME_MS: u64 = 10;

/// The upper bound of every configurable time, in ms: 24 days, the longest that a browser's timer counts.
pub const MAX_TIME_MS: u64 = 2_147_483_647;

/// By how much a random number lengthens or shortens a delay at most, in percent.
const JITTER_PERCENT: u32 = 20;

/// `first`, lengthened by a quarter for each step after the first, up to `max`.
pub(crate) fn grown(first: u64, max: u64, steps: u32) -> u64 {
    let mut delay = first;
    for _ in 1..steps {
        if delay >= max {
            break;
        }
        // At least one more, so that the shortest delays grow too.
        delay = delay.saturating_add(delay.checked_div(4).unwrap_or(0).max(1));
    }
    delay.min(max)
}

/// `delay`, spread evenly over ±20 % by any random number, so that many pages do not send requests in step.
pub(crate) fn spread(delay: u64, random: u32) -> u64 {
    let steps = JITTER_PERCENT.saturating_mul(2).saturating_add(1);
    percent(delay, 100_u32.saturating_sub(JITTER_PERCENT).saturating_add(random.checked_rem(steps).unwrap_or(0)))
}

/// The longest that [`spread`] makes of `delay`.
pub(crate) fn max_spread(delay: u64) -> u64 {
    percent(delay, JITTER_PERCENT.saturating_add(100))
}

fn percent(delay: u64, percent: u32) -> u64 {
    delay.saturating_mul(percent.into()).checked_div(100).unwrap_or(delay).max(MIN_TIME_MS)
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
