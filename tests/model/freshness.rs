//! A cache of the site that answers each poll with an old response.

use kling_core::flow::Reply;
use kling_core::task::TaskStatus;

use crate::script::{Script, answer, no_such_task, task};

fn repeated(reply: &Reply, count: usize) -> Vec<Reply> {
    vec![reply.clone(); count]
}

/// The queries of the URLs that were requested.
fn queries(script: &Script) -> Vec<Option<String>> {
    let requests = script.requests.borrow();
    requests.iter().map(|(_, request)| request.url.split_once('?').map(|(_, query)| query.to_owned())).collect()
}

#[test]
fn after_many_equal_responses_the_urls_of_polls_differ() {
    let mut answers = repeated(&task("processing"), 30);
    answers.push(task("succeed"));
    let script = Script::new(answers);
    assert_eq!(script.wait(None).unwrap().status, TaskStatus::Succeed);
    let queries = queries(&script);
    let marked = queries.iter().position(Option::is_some).unwrap();
    assert_eq!(marked, 5, "after the first response and four repetitions");
    assert!(queries.iter().skip(marked).flatten().all(|query| query.starts_with("_=")));
    assert!(queries.iter().skip(marked).all(Option::is_some), "to the end");
}

#[test]
fn responses_that_differ_change_no_url() {
    let answers = (0..30).map(|number| {
        answer(200, &format!(r#"{{"request_id":"{number}","data":{{"task_id":"1","task_status":"processing"}}}}"#))
    });
    let script = Script::new(answers.chain([task("succeed")]).collect::<Vec<_>>());
    script.wait(None).unwrap();
    assert_eq!(queries(&script).iter().flatten().count(), 0);
}

#[test]
fn a_service_that_refuses_the_parameter_is_polled_without_it() {
    for refusal in [
        answer(400, r#"{"code":1201,"message":"unknown parameter _"}"#),
        answer(403, "<html>"),
        answer(401, r#"{"code":1000,"message":"bad signature"}"#),
        no_such_task(),
        answer(502, ""),
    ] {
        let mut answers = repeated(&task("processing"), 5);
        answers.push(refusal.clone());
        answers.extend(repeated(&task("processing"), 3));
        answers.push(task("succeed"));
        let script = Script::new(answers);
        assert_eq!(script.wait(None).unwrap().status, TaskStatus::Succeed, "{refusal:?}");
        assert_eq!(queries(&script).iter().flatten().count(), 1, "{refusal:?}");
    }
}
