//! How long to wait before a retry, as a response requests it. The browser cases test which headers are read.

use kling_core::answer::{Answer, retry_after};
use kling_core::delay::MAX_TIME_MS;
use kling_core::endpoint::{HttpResponse, Status};
use proptest::prelude::*;

#[test]
fn a_requested_delay_is_within_the_bounds_of_a_delay() {
    for (requested, expected) in [
        (0.0, Some(0)),
        (1_500.0, Some(1_500)),
        (90_000.7, Some(90_000)),
        (1e300, Some(MAX_TIME_MS)),
        (f64::INFINITY, Some(MAX_TIME_MS)),
        // A date that has passed.
        (-1.0, Some(0)),
        (f64::NEG_INFINITY, Some(0)),
        (f64::NAN, None),
    ] {
        assert_eq!(retry_after(requested), expected, "{requested}");
    }
}

#[test]
fn it_is_reported_with_the_error() {
    let body = r#"{"code":1302,"message":"m"}"#.into();
    let response = HttpResponse { status: Status::Code(429), body, retry_after: Some(90_000) };
    let Answer::Refused(refusal) = Answer::read(&response) else { panic!("no refusal") };
    assert_eq!(refusal.into_query_error().details().retry_after, Some(90_000));
}

proptest! {
    #[test]
    fn any_requested_delay_is_bounded(requested: f64) {
        prop_assert!(retry_after(requested).is_none_or(|wait| wait <= MAX_TIME_MS));
    }
}
