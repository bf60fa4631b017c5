//! When to poll next.

use super::super::STALL_MS;
use crate::delay::Countdown;
use crate::error::{Error, ErrorCode};
use crate::poll::Polling;

/// The shortest time between two polls, in ms, however often the page is shown or the network returns.
pub(super) const MIN_GAP_MS: u64 = 1_000;

/// The polls of one watch: how many there were, when the next is due, and when to give up.
#[derive(Debug)]
pub(super) struct Schedule {
    polling: Polling,
    /// When the watch began, by the monotonic clock.
    began: u64,
    /// When the caller's timeout ends.
    deadline: Option<u64>,
    /// How many polls had a result, including those of other tabs.
    polls: u32,
    next_poll: Countdown,
}

impl Schedule {
    /// The first poll is due at once.
    pub(super) fn new(polling: Polling, now: u64) -> Self {
        Self { polling, began: now, deadline: None, polls: 0, next_poll: Countdown::default() }
    }

    /// The first poll is due after the first delay.
    pub(super) fn delay_first_poll(&mut self, random: u32) {
        self.next_poll = Countdown::new(self.began, self.polling.delay(0, 0, random));
    }

    /// Gives up `timeout` ms after `now`.
    pub(super) fn give_up_after(&mut self, now: u64, timeout: Option<u64>) {
        self.deadline = timeout.map(|timeout| now.saturating_add(timeout));
    }

    /// When the caller's timeout ends.
    pub(super) fn deadline(&self) -> Option<u64> {
        self.deadline
    }

    /// How long the watch has been going on, in ms.
    pub(super) fn watched_for(&self, now: u64) -> u64 {
        now.saturating_sub(self.began)
    }

    /// Fails when the caller's timeout has passed.
    pub(super) fn check_deadline(&self, now: u64) -> Result<(), Error> {
        if self.deadline.is_none_or(|deadline| now < deadline) { Ok(()) } else { Err(timed_out()) }
    }

    /// `time`, or the ms until the deadline if they are fewer.
    pub(super) fn until_deadline(&self, time: u64, now: u64) -> u64 {
        self.deadline.map_or(time, |deadline| time.min(deadline.saturating_sub(now)))
    }

    /// The ms until the next poll.
    pub(super) fn until_poll(&mut self, now: u64) -> u64 {
        self.next_poll.remaining(now)
    }

    /// Polls sooner, because the page became visible or the network returned.
    pub(super) fn bring_forward(&mut self) {
        self.next_poll.shorten(MIN_GAP_MS);
    }

    /// The next poll is due `delay` ms after `now`.
    pub(super) fn poll_after(&mut self, now: u64, delay: u64) {
        self.next_poll = Countdown::new(now, delay);
    }

    /// Counts a poll that took `took` ms. Returns the longest time since the last result that sleep does not explain.
    pub(super) fn count_poll(&mut self, took: u64) -> u64 {
        self.polls = self.polls.saturating_add(1);
        self.next_poll.delay().saturating_add(took.min(STALL_MS))
    }

    /// Whether the last poll was the first.
    pub(super) fn was_first_poll(&self) -> bool {
        self.polls == 1
    }

    /// The delay before the next poll.
    pub(super) fn next_delay(&self, now: u64, random: u32) -> u64 {
        self.polling.delay(self.polls, self.watched_for(now), random)
    }

    /// The longest delay before the next poll that any tab would choose.
    pub(super) fn max_next_delay(&self, now: u64) -> u64 {
        self.polling.max_delay(self.polls, self.watched_for(now))
    }
}

/// The error of a call whose timeout passed.
pub fn timed_out() -> Error {
    let message = "the timeout of this call passed; the task continues: wait again";
    Error::new(ErrorCode::Timeout, message).retryable(true)
}
