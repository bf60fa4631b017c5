//! A text is JSON exactly if `serde_json` says so, up to the nesting that the package accepts.

#![no_main]

use kling_core::answer::Answer;
use kling_core::endpoint::{HttpResponse, Status};
use libfuzzer_sys::{Corpus, fuzz_target};
use serde::de::IgnoredAny;

/// More brackets than this in a row may be nested too deeply.
const MAX_BRACKETS: usize = 60;

fuzz_target!(|text: &str| -> Corpus {
    if text.matches(['[', '{']).count() > MAX_BRACKETS {
        return Corpus::Reject;
    }
    let response = HttpResponse { status: Status::Code(200), body: text.into(), retry_after: None };
    let is_json = match Answer::read(&response) {
        Answer::Task(_) | Answer::Refused(_) => true,
        Answer::Unrecognized(unrecognized) => unrecognized.is_json(),
    };
    assert_eq!(is_json, serde_json::from_str::<IgnoredAny>(text).is_ok(), "{text:?}");
    Corpus::Keep
});
