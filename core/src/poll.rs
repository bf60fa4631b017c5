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

/// When it is this tab's turn to ask, by the wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Turn {
    since: u64,
    delay: u64,
}

impl Turn {
    /// However often the page is shown, and the network comes back: not sooner than that after the last question.
    const CLOSEST: u64 = 1_000;

    /// So many ms from now on.
    pub(crate) fn after(now: u64, delay: u64) -> Self {
        Self { since: now, delay }
    }

    /// How long it is until then. A clock that was put back begins anew, and never makes it longer than it was.
    pub(crate) fn left(&mut self, now: u64) -> u64 {
        self.since = self.since.min(now);
        self.delay.saturating_sub(now.saturating_sub(self.since))
    }

    /// Brings it forward, because somebody looks at the page again or the network is back.
    pub(crate) fn hasten(&mut self) {
        self.delay = self.delay.min(Self::CLOSEST);
    }

    /// The longest time from the last answer to the next, whose question took so long, were the machine awake.
    pub(crate) fn longest(&self, took: u64) -> u64 {
        self.delay.saturating_add(took.min(STALL))
    }
}

/// How long something has been going wrong without a break.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Patience {
    spent: u64,
    last: Option<u64>,
}

impl Patience {
    /// Nothing is wrong any more.
    pub(crate) fn restore(&mut self) {
        *self = Self::default();
    }

    /// What passes until it is seen the next time does not count: there is no network.
    pub(crate) fn suspend(&mut self) {
        self.last = None;
    }

    /// Passes the error on when it has lasted longer than the budget. No more than `longest` counts at a time: what is
    /// beyond that the machine slept, or its clock was set.
    pub(crate) fn spend(&mut self, now: u64, longest: u64, budget: u64, error: Error) -> Result<Error, Error> {
        let passed = self.last.map_or(0, |last| now.saturating_sub(last));
        self.spent = self.spent.saturating_add(passed.min(longest));
        self.last = Some(now);
        if self.spent >= budget { Err(error) } else { Ok(error) }
    }
}
