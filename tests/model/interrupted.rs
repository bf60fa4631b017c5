//! A submission that is dropped: what its record must be, wherever it stopped.

use kling_core::record::RecordState;
use kling_core::retry::Backoff;

use crate::script::{Halt, Script, no_such_task, poll_once, service, task, unreachable};
use crate::submit::{refused, submit_call};

#[test]
fn an_abort_writes_the_right_record() {
    use RecordState::{Rejected, Unknown};
    for (halt, posts, expected) in [
        (Halt::Save(0), vec![], None),
        (Halt::Get, vec![], None),
        (Halt::Post, vec![], Some(Unknown)),
        // During the look-ups after an unclear response.
        (Halt::Sleep, vec![unreachable()], Some(Unknown)),
        // Between a throttled request and the next one.
        (Halt::Sleep, vec![refused(429, 1303)], Some(Rejected)),
        // The response has arrived, and the record is not written yet.
        (Halt::Save(1), vec![task("submitted")], Some(RecordState::Submitted)),
        (Halt::Save(1), vec![refused(400, 1200)], Some(Rejected)),
    ] {
        for earlier in [None, Some(Unknown)] {
            let script = Script { halt: Some(halt), ..Script::of(posts.clone(), no_such_task()) };
            if let Some(state) = earlier {
                script.remember(state, 0);
            }
            let host = script.flow();
            let (service, backoff) = (service(), Backoff::default());
            let flow = host.submit(&service, &backoff, submit_call(&script), Box::pin(async { Ok(7) }));
            assert!(poll_once(flow).is_none(), "{halt:?} did not stop");
            // An unknown record stays unknown, unless the task was found.
            let expected = match (earlier, expected) {
                (Some(_), None | Some(Rejected)) => Some(Unknown),
                (_, expected) => expected,
            };
            assert_eq!(script.state(), expected, "{halt:?} {posts:?} after {earlier:?}");
            assert!(script.saves_after_end.get() <= 1, "once");
        }
    }
}
