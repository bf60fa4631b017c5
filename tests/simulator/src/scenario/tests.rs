//! The words of scenarios.

use super::{KEYS, NAMES, PLACES, Place, Scenario};
use crate::trouble::TROUBLES;
use std::time::Duration;

#[test]
fn every_name_in_the_list_is_known() {
    for (name, _) in NAMES {
        assert!(name.parse::<Scenario>().is_ok(), "{name}");
    }
    for (place, _) in PLACES {
        for (trouble, _) in TROUBLES {
            assert!(format!("{place}{trouble}").parse::<Scenario>().is_ok(), "{place}{trouble}");
        }
    }
    for (key, _) in KEYS {
        let value = match *key {
            "status" => "500",
            "code" => "1201",
            "family" => "flat",
            "hold" => "submitted",
            "ranges" => "right",
            "packing" => "gzip",
            _ => "1",
        };
        assert!(format!("ok,{key}={value}").parse::<Scenario>().is_ok(), "{key}");
    }
}

#[test]
fn what_is_nowhere_in_the_list_is_unknown() {
    let message = "okay".parse::<Scenario>().unwrap_err().to_string();
    for (name, what) in NAMES.iter().chain(TROUBLES).chain(KEYS) {
        assert!(message.contains(&format!("{name} ({what})")), "{name}");
    }
}

#[test]
fn keys_change_what_they_name() {
    let scenario: Scenario = "query-flaky,times=1,submitted=20,tag=a".parse().unwrap();
    assert_eq!(scenario.submitted, Duration::from_millis(20));
    assert_eq!(scenario.times, 1);
    assert!(scenario.trouble(Place::Query).is_some());
    assert!(scenario.trouble(Place::Submit).is_none());
}

#[test]
fn what_is_created_in_trouble_can_be_said() {
    for (segment, created) in [
        ("submit-lost", true),
        ("submit-lost,created=0", false),
        ("submit-stall", false),
        ("submit-stall,created=1", true),
        ("submit-empty", true),
        ("submit-empty,status=504", false),
        ("submit-500", false),
        ("submit-upstream-repeat", true),
    ] {
        let scenario: Scenario = segment.parse().unwrap();
        let trouble = scenario.trouble(Place::Submit).unwrap();
        assert_eq!(scenario.creates(trouble), created, "{segment}");
    }
}

#[test]
fn unknown_names_keys_and_values_are_refused() {
    for segment in [
        "",
        "okay",
        "submit",
        "submit-",
        "submit-okay",
        "video-lost",
        "ok,times",
        "ok,time=3",
        "ok,times=-1",
        "ok,status=99",
        "ok,status=600",
        "ok,code=1",
        "ok,created=2",
        "ok,family=none",
        "ok,content=404",
        "ok,ranges=1",
        "ok,packing=lzma",
        "ok,exposed=yes",
    ] {
        assert!(segment.parse::<Scenario>().is_err(), "{segment}");
    }
}
