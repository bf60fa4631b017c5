//! Any response becomes an answer, a submission's outcome and an error, and only a successful one is a task.

#![no_main]

use kling_core::answer::{Answer, retry_after};
use kling_core::endpoint::{HttpResponse, Status};
use kling_core::plain::ToPlain;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, f64, &str)| {
    let (status, requested, body) = input;
    let response =
        HttpResponse { status: Status::Code(status), body: body.into(), retry_after: retry_after(requested) };
    match Answer::read(&response) {
        Answer::Task(task) => {
            assert!((200..300).contains(&status), "a task with status {status}");
            let _ = task.to_plain();
        }
        Answer::Refused(refusal) => {
            let _ = (refusal.clone().into_query_error(), refusal.clone().into_submission_error());
            let _ = refusal.into_unclear_error();
        }
        Answer::Unrecognized(unrecognized) => {
            let _ = (unrecognized.into_query_error(), unrecognized.into_submission_error());
        }
    }
});
