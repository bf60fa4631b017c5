//! The delays before retries.

use kling_core::delay::{MAX_TIME_MS, MIN_TIME_MS};
use kling_core::poll::Polling;
use kling_core::retry::{Backoff, MIN_UPLOAD_BYTES_PER_MS};
use proptest::prelude::*;

use crate::poll::EXACT;

#[test]
fn the_default_backoff() {
    let delays = |failures: std::ops::Range<u32>| {
        failures.map(|failures| Backoff::default().delay(failures, EXACT)).collect::<Vec<_>>()
    };
    assert_eq!(delays(0..8), [5000, 5000, 6250, 7812, 9765, 12206, 15000, 15000]);
    assert_eq!(Backoff::default().delay(2, 0), 5000, "a fifth less");
    assert_eq!(Backoff::default().delay(2, 40), 7500, "a fifth more");
    assert_eq!(delays(0..5).iter().sum::<u64>(), 33_827, "the look-ups take about half a minute");
}

#[test]
fn polls_and_retries_tolerate_the_same_outage() {
    assert_eq!(Backoff::default().budget_ms, Polling::default().outage_budget_ms);
}

proptest! {
    #[test]
    fn every_delay_is_within_its_bounds(
        times in prop::array::uniform2(MIN_TIME_MS..=MAX_TIME_MS), failures: u32, random: u32,
    ) {
        let [min_delay_ms, longest] = times;
        let backoff = Backoff { min_delay_ms, max_delay_ms: longest.max(min_delay_ms), ..Backoff::default() };
        let delay = backoff.delay(failures, random);
        prop_assert!(delay >= MIN_TIME_MS.max(min_delay_ms * 4 / 5));
        prop_assert!(delay <= backoff.max_delay_ms * 6 / 5);
    }

    #[test]
    fn delays_never_shrink(min_delay_ms in 10..20_000_u64, failures in 0..200_u32) {
        let backoff = Backoff { min_delay_ms, max_delay_ms: 20_000, ..Backoff::default() };
        prop_assert!(backoff.delay(failures, EXACT) <= backoff.delay(failures + 1, EXACT));
    }
}

/// An upload that still moves is not taken for a stall: rows of body, rate and budget.
#[test]
fn a_slow_upload_is_not_a_stall() {
    const MB: u64 = 1_000_000;
    let default = Backoff::default();
    for (body_bytes, bytes_per_ms) in
        [(1_000, 8), (MB, 8), (14 * MB, 16), (56 * MB, 8), (56 * MB, 64), (56 * MB, 10_000)]
    {
        let upload_ms = body_bytes / bytes_per_ms;
        for budget_ms in [10, 60_000, default.budget_ms] {
            let limit_ms = Backoff { budget_ms, ..default }.max_silence_ms(body_bytes);
            assert!(limit_ms >= upload_ms + budget_ms, "{body_bytes} bytes at {bytes_per_ms} bytes per ms");
        }
    }
    assert_eq!(default.max_silence_ms(0), default.budget_ms);
    assert_eq!(default.max_silence_ms(u64::MAX), u64::MAX / MIN_UPLOAD_BYTES_PER_MS + default.budget_ms);
    assert_eq!(Backoff { budget_ms: u64::MAX, ..default }.max_silence_ms(MB), u64::MAX);
}
