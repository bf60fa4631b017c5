//! The schedule.

use kling_core::delay::{MAX_TIME_MS, MIN_TIME_MS};
use kling_core::poll::Polling;
use proptest::prelude::*;

/// Of the 41 steps of jitter, the one without effect.
pub(crate) const EXACT: u32 = 20;

#[test]
fn the_default_schedule() {
    let delays = |age: u64| (0..8).map(|polls| Polling::default().delay(polls, age, EXACT)).collect::<Vec<_>>();
    assert_eq!(delays(0), [5000, 5000, 6250, 7812, 9765, 12206, 15000, 15000]);
    assert_eq!(delays(600_000)[1..], [30_000; 7], "after ten minutes");
    assert_eq!(Polling::default().delay(2, 0, 0), 5000, "a fifth less");
    assert_eq!(Polling::default().delay(2, 0, 40), 7500, "a fifth more");
}

proptest! {
    #[test]
    fn no_delay_is_a_storm_or_for_ever(
        times in prop::array::uniform3(MIN_TIME_MS..=MAX_TIME_MS),
        polls: u32, age: u64, random: u32,
    ) {
        let [first_delay_ms, interval_ms, longest] = times;
        let polling = Polling { first_delay_ms, interval_ms, max_interval_ms: longest.max(interval_ms), ..Polling::default() };
        let delay = polling.delay(polls, age, random);
        prop_assert!(delay >= MIN_TIME_MS);
        prop_assert!(delay <= polling.max_interval_ms.max(first_delay_ms) * 2 * 6 / 5);
    }

    #[test]
    fn intervals_never_shrink(interval_ms in 10..20_000_u64, polls in 1..200_u32) {
        let polling = Polling { interval_ms, max_interval_ms: 20_000, ..Polling::default() };
        prop_assert!(polling.delay(polls, 0, EXACT) <= polling.delay(polls + 1, 0, EXACT));
    }
}
