//! The options: defaults, allowed values, bounds, and the places that repeat them.

use std::fs;
use std::path::Path;

use kling_core::delay::{MAX_TIME_MS, MIN_TIME_MS};
use kling_core::endpoint::DEFAULT_BASE_URL;
use kling_core::flow::watch::timed_out;
use kling_core::issue::Param;
use kling_core::options::{PollingOptions, StoreKind, StoreName, checked_time};
use kling_core::poll::Polling;
use kling_core::retry::Backoff;
use kling_core::submission::closed;

fn read(path: &str) -> String {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap();
    // Where a line of a comment breaks does not matter.
    text.replace("\n   * ", " ").replace("\n * ", " ")
}

#[track_caller]
fn states(path: &str, expected: &str) {
    assert!(read(path).contains(expected), "{path} does not say {expected:?}");
}

#[test]
fn polling_options_that_are_left_out_have_the_defaults() {
    assert_eq!(PollingOptions::default().schedules().unwrap(), (Polling::default(), Backoff::default()));
}

#[test]
fn polling_options_set_the_polls_and_the_retries() {
    let all = PollingOptions {
        first_delay: Some(10),
        interval: Some(20),
        max_interval: Some(30),
        outage_budget: Some(40),
        not_found_grace: Some(50),
    };
    let polling = Polling {
        first_delay_ms: 10,
        interval_ms: 20,
        max_interval_ms: 30,
        outage_budget_ms: 40,
        not_found_grace_ms: 50,
    };
    let backoff = Backoff { min_delay_ms: 20, max_delay_ms: 30, budget_ms: 40 };
    assert_eq!(all.schedules().unwrap(), (polling, backoff));
}

#[test]
fn the_longest_interval_is_at_least_the_interval() {
    let max_interval = |interval, max_interval| {
        let options = PollingOptions { interval, max_interval, ..PollingOptions::default() };
        let (polling, backoff) = options.schedules().map_err(|error| error.to_string())?;
        assert_eq!(backoff.max_delay_ms, polling.max_interval_ms);
        Ok::<_, String>(polling.max_interval_ms)
    };
    assert_eq!(max_interval(Some(100), None), Ok(15_000));
    assert_eq!(max_interval(Some(20_000), None), Ok(20_000), "raised by the interval");
    assert_eq!(max_interval(Some(20), Some(20)), Ok(20));
    for (interval, longest) in [(Some(100), 50), (None, 4_999)] {
        let error = max_interval(interval, Some(longest)).unwrap_err();
        assert!(error.contains("polling.maxInterval: expected at least the interval"), "{error}");
    }
}

#[test]
fn times_have_bounds() {
    for time in [10, 11, 2_147_483_647] {
        assert_eq!(checked_time("options.timeout", Some(time)).unwrap(), time);
    }
    for time in [None, Some(0), Some(9), Some(2_147_483_648), Some(u64::MAX)] {
        let error = checked_time("options.timeout", time).unwrap_err();
        assert_eq!(error.message(), "options.timeout: expected ms from 10 to 2147483647");
        let params = &error.details().params;
        assert_eq!(params.get("path"), Some(&Param::from("options.timeout")));
        assert_eq!(
            ["minimum", "maximum"].map(|name| params.get(name).cloned()),
            [10_u64, 2_147_483_647].map(|time| Some(time.into()))
        );
    }
}

#[test]
fn a_store_has_one_of_two_kinds_and_a_name() {
    assert_eq!(StoreKind::default(), StoreKind::IndexedDb);
    for kind in [StoreKind::IndexedDb, StoreKind::Memory] {
        assert_eq!(StoreKind::parse(kind.as_str()).unwrap(), kind);
    }
    for word in ["", "disk", "IndexedDB", "memory "] {
        assert!(StoreKind::parse(word).unwrap_err().to_string().contains("options.store"), "{word:?}");
    }
    assert_eq!(StoreName::parse("x".to_owned()).unwrap().as_str(), "x");
    assert!(StoreName::parse(String::new()).unwrap_err().to_string().contains("options.storeName"));
}

#[test]
fn javascript_has_the_same_defaults() {
    states("src/js/store.js", &format!("const DEFAULT_KIND = {:?};", StoreKind::default().as_str()));
    states("src/js/store.js", &format!("const DEFAULT_NAME = {:?};", StoreName::default().as_str()));
    states("src/js/relay-options.js", &format!("= {DEFAULT_BASE_URL:?};"));
}

#[test]
fn javascript_ends_calls_before_the_module_is_loaded_as_core_does() {
    let script = "src/js/loader.js";
    states(script, &format!("const CLOSED = {:?};", closed(None).message()));
    states(script, &format!("const TIMED_OUT = {:?};", timed_out().message()));
    states(script, &format!("const MIN_TIME_MS = {MIN_TIME_MS};"));
    states(script, "const MAX_TIME_MS = 2_147_483_647;");
    assert_eq!(MAX_TIME_MS, 2_147_483_647);
}

#[test]
fn the_declarations_state_the_defaults() {
    let polling = Polling::default();
    let declarations = "src/js/types.d.ts";
    for (name, default) in [
        ("firstDelay", polling.first_delay_ms),
        ("interval", polling.interval_ms),
        ("maxInterval", polling.max_interval_ms),
        ("outageBudget", polling.outage_budget_ms),
        ("notFoundGrace", polling.not_found_grace_ms),
    ] {
        let text = read(declarations);
        let comment = text.split(&format!("  {name}?: number")).next().unwrap().rsplit("/**").next().unwrap();
        assert!(comment.contains(&format!("default {default}")), "{name}: {comment}");
    }
    states(declarations, &format!("default {:?}", StoreKind::default().as_str()));
    states(declarations, &format!("default {:?}", StoreName::default().as_str()));
    for path in [declarations, "src/js/relay.d.ts"] {
        states(path, &format!("default `{DEFAULT_BASE_URL}`"));
    }
}
