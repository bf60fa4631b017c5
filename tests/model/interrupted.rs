//! A submission that nobody goes on with: what its record must say, wherever it stood.

use kling_core::record::RecordState;
use kling_core::retry::Backoff;

use crate::script::{Halt, Script, no_such_task, poll_once, service, task, unreachable};
use crate::submit::{asked, refused};

#[test]
fn an_abort_leaves_the_record_as_it_must_be() {
    use RecordState::{Rejected, Unknown};
    for (halt, posts, expected) in [
        (Halt::Save(0), vec![], None),
        (Halt::Get, vec![], None),
        (Halt::Post, vec![], Some(Unknown)),
        // While the task of an unclear answer is looked for.
        (Halt::Sleep, vec![unreachable()], Some(Unknown)),
        // Between a refusal for now and the next request.
        (Halt::Sleep, vec![refused(429, 1303)], Some(Rejected)),
        // The answer is there, and its record is not written yet.
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
            let flow = host.submit(&service, &backoff, asked(&script), Box::pin(async { Ok(7) }));
            assert!(poll_once(flow).is_none(), "{halt:?} came to an end");
            // What was unknown before stays so, unless the task was found.
            let expected = match (earlier, expected) {
                (Some(_), None | Some(Rejected)) => Some(Unknown),
                (_, expected) => expected,
            };
            assert_eq!(script.state(), expected, "{halt:?} {posts:?} after {earlier:?}");
            assert!(script.late.get() <= 1, "once");
        }
    }
}
