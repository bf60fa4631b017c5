//! Submitting and waiting, in virtual time against scripts.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use kling_multi_image2video::endpoint::{ApiKey, BaseUrl, HttpRequest, HttpResponse, Method, Service, TransportError};
use kling_multi_image2video::error::{Error, ErrorCode};
use kling_multi_image2video::flow::Host;
use kling_multi_image2video::flow::watch::Watch;
use kling_multi_image2video::poll::Polling;
use kling_multi_image2video::progress::{Progress, WaitingReason};
use kling_multi_image2video::request::ExternalTaskId;
use kling_multi_image2video::task::{Task, TaskId, TaskStatus};

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;

/// A service that answers from a script, and a clock that moves when somebody sleeps.
#[derive(Default)]
struct Script {
    answers: RefCell<VecDeque<Result<HttpResponse, TransportError>>>,
    /// When the script is at its end.
    rest: Option<Result<HttpResponse, TransportError>>,
    requests: RefCell<Vec<(u64, HttpRequest)>>,
    told: RefCell<Vec<Progress>>,
    now: Cell<u64>,
}

impl Script {
    fn new(answers: impl IntoIterator<Item = Result<HttpResponse, TransportError>>) -> Self {
        Self { answers: RefCell::new(answers.into_iter().collect()), ..Self::default() }
    }

    fn then_always(mut self, answer: Result<HttpResponse, TransportError>) -> Self {
        self.rest = Some(answer);
        self
    }

    fn run<T>(&self, flow: impl AsyncFnOnce(&dyn Fn() -> u64) -> T) -> T {
        block_on(flow(&|| self.now.get()))
    }

    fn wait(&self, timeout: Option<u64>) -> Result<Task, Error> {
        let watch = Watch::new(service(), id(), Polling::default(), 0).within(0, timeout);
        self.run(async |_| host(self).wait(watch).await)
    }

    fn times(&self) -> Vec<u64> {
        self.requests.borrow().iter().map(|(time, _)| *time).collect()
    }

    fn reasons(&self) -> Vec<WaitingReason> {
        let reason = |progress: &Progress| match progress {
            Progress::Waiting { reason, .. } => Some(*reason),
            _ => None,
        };
        self.told.borrow().iter().filter_map(reason).collect()
    }
}

#[expect(clippy::type_complexity, reason = "closures have no names that an alias could give")]
fn host(
    script: &Script,
) -> Host<
    impl AsyncFn(&HttpRequest) -> Result<HttpResponse, TransportError>,
    impl AsyncFn(u64),
    impl Fn() -> u64,
    impl Fn() -> u32,
    impl Fn(Progress),
> {
    Host {
        send: async |request: &HttpRequest| {
            script.requests.borrow_mut().push((script.now.get(), request.clone()));
            let answer = script.answers.borrow_mut().pop_front();
            match answer.or_else(|| script.rest.clone()).expect("a question beyond the script") {
                // As a connection on which nothing ever comes.
                Ok(response) if response.status == STALLED => std::future::pending().await,
                answer => answer,
            }
        },
        sleep: async |milliseconds: u64| script.now.set(script.now.get() + milliseconds),
        now: || script.now.get(),
        chance: || 20,
        report: |progress| script.told.borrow_mut().push(progress),
    }
}

const STALLED: u16 = 1;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the flow waits for something that the script does not bring"),
    }
}

fn service() -> Service {
    Service { base: BaseUrl::parse("https://relay.example").unwrap(), key: ApiKey::parse("sk-test").ok() }
}

fn id() -> TaskId {
    TaskId::parse("1").unwrap()
}

#[expect(clippy::unnecessary_wraps, reason = "it stands in lists with transport errors")]
fn answer(status: u16, body: &str) -> Result<HttpResponse, TransportError> {
    Ok(HttpResponse { status, body: body.into(), retry_after: None })
}

fn task(status: &str) -> Result<HttpResponse, TransportError> {
    let videos =
        if status == "succeed" { r#","task_result":{"videos":[{"url":"https://cdn.example/v.mp4"}]}"# } else { "" };
    answer(
        200,
        &format!(r#"{{"code":0,"message":"SUCCEED","data":{{"task_id":"1","task_status":"{status}"{videos}}}}}"#),
    )
}

fn unreachable() -> Result<HttpResponse, TransportError> {
    Err(TransportError { message: "TypeError: Failed to fetch".into() })
}

fn no_such_task() -> Result<HttpResponse, TransportError> {
    answer(400, r#"{"code":"task_not_exist","message":"task_not_exist"}"#)
}

fn code(result: Result<Task, Error>) -> ErrorCode {
    let error = result.expect_err("a task");
    assert_eq!(error.details().task_id.as_deref(), Some("1"), "{error}");
    error.code()
}

#[test]
fn a_submission_is_sent_once_whatever_comes_of_it() {
    for (reply, expected) in [
        (task("submitted"), None),
        (answer(401, r#"{"code":1004,"message":"expired"}"#), Some(ErrorCode::Unauthorized)),
        (
            answer(429, r#"{"code":1303,"message":"parallel task over resource pack limit"}"#),
            Some(ErrorCode::RateLimited),
        ),
        (answer(503, "<html>"), Some(ErrorCode::SubmissionUnknown)),
        (unreachable(), Some(ErrorCode::SubmissionUnknown)),
    ] {
        let script = Script::new([reply]);
        let external = ExternalTaskId::from_random([1; 16]);
        let result = script.run(async |_| host(&script).submit(&service(), &external, 7).await);
        match &result {
            Ok(task) => assert_eq!(task.external_task_id.as_deref(), Some(external.as_str())),
            Err(error) => assert!(!error.is_retryable(), "{error}"),
        }
        assert_eq!(result.err().map(|error| error.code()), expected);
        let requests = script.requests.borrow();
        assert_eq!(requests.len(), 1);
        assert_eq!(
            (requests[0].1.method, requests[0].1.url.as_str()),
            (Method::Post, "https://relay.example/v1/videos/multi-image2video")
        );
    }
}

#[test]
fn a_wait_follows_the_schedule_to_the_end() {
    let script = Script::new([task("submitted"), task("processing"), task("processing"), task("succeed")]);
    assert_eq!(script.wait(None).unwrap().videos.len(), 1);
    assert_eq!(script.times(), [0, 5000, 11_250, 19_062]);
    assert!(script.requests.borrow().iter().all(|(_, request)| request.method == Method::Get));
}

#[test]
fn a_task_of_37_minutes_is_waited_for() {
    let mut answers = vec![task("processing"); 100];
    answers.push(task("succeed"));
    let script = Script::new(answers);
    script.wait(None).unwrap();
    assert!(script.now.get() > 37 * MINUTE, "{} min", script.now.get() / MINUTE);
    let gaps: Vec<u64> = script.times().windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!((gaps.iter().max(), gaps.iter().min()), (Some(&(30 * SECOND)), Some(&(5 * SECOND))));
}

#[test]
fn an_accepted_task_is_first_asked_for_after_the_first_delay() {
    let script = Script::new([task("submitted"), task("processing"), task("succeed")]);
    let external = ExternalTaskId::from_random([1; 16]);
    let done = script.run(async |now| {
        let host = host(&script);
        let accepted = host.submit(&service(), &external, 7).await.unwrap();
        host.wait(Watch::accepted(service(), accepted, Polling::default(), now()).unwrap()).await
    });
    assert_eq!(done.unwrap().status, TaskStatus::Succeed);
    assert_eq!(script.times(), [0, 5000, 10_000]);
    let told = script.told.borrow();
    assert!(matches!(told[0], Progress::Uploading { total: 7, .. }));
    assert!(matches!(told[1], Progress::Watching { elapsed: 0, next_poll_in: 5000, .. }), "{:?}", told[1]);
}

#[test]
fn a_watch_brings_changes_only() {
    let script =
        Script::new([task("submitted"), task("submitted"), task("processing"), task("processing"), task("failed")]);
    let seen = script.run(async |now| {
        let (host, mut watch) = (host(&script), Watch::new(service(), id(), Polling::default(), now()));
        let mut seen = Vec::new();
        while let Some(task) = watch.next(&host).await.unwrap() {
            seen.push(task.status);
        }
        assert_eq!(watch.next(&host).await.unwrap(), None, "the end stays the end");
        seen
    });
    assert_eq!(seen, [TaskStatus::Submitted, TaskStatus::Processing, TaskStatus::Failed]);
}

#[test]
fn a_failed_task_is_an_error_of_wait_with_the_services_reason() {
    let body = r#"{"code":0,"message":"SUCCEED","data":{"task_id":"1","task_status":"failed","task_status_msg":"Image pixel is invalid"}}"#;
    let error = Script::new([answer(200, body)]).wait(None).unwrap_err();
    assert_eq!(error.code(), ErrorCode::TaskFailed);
    assert!(error.message().ends_with("Image pixel is invalid") && !error.is_retryable(), "{error}");
}

#[test]
fn what_may_pass_is_waited_out() {
    use WaitingReason::{NotFoundYet, RateLimited, Unreachable};
    let script = Script::new([
        no_such_task(),
        unreachable(),
        answer(502, "<html>"),
        answer(200, "<html>"),
        answer(500, r#"{"code":5000,"message":"internal"}"#),
        answer(429, r#"{"code":1302,"message":"too fast"}"#),
        answer(STALLED, ""),
        task("some new word"),
        task("succeed"),
    ]);
    script.wait(None).unwrap();
    assert_eq!(
        script.reasons(),
        [NotFoundYet, Unreachable, Unreachable, Unreachable, Unreachable, RateLimited, Unreachable]
    );
}

#[test]
fn what_cannot_pass_ends_the_wait_at_once() {
    for (reply, expected) in [
        (answer(401, r#"{"code":1002,"message":"x"}"#), ErrorCode::Unauthorized),
        (answer(403, r#"{"code":1103,"message":"x"}"#), ErrorCode::Forbidden),
        (answer(400, r#"{"code":1200,"message":"x"}"#), ErrorCode::Rejected),
    ] {
        let script = Script::new([task("processing"), reply]);
        assert_eq!(code(script.wait(None)), expected);
    }
}

#[test]
fn budgets_end_what_does_not_pass() {
    for (reply, budget, expected) in [
        (unreachable(), 5 * MINUTE, ErrorCode::Network),
        (answer(502, "<html>"), 5 * MINUTE, ErrorCode::ServerError),
        (answer(200, "<html>"), 5 * MINUTE, ErrorCode::Protocol),
        (answer(STALLED, ""), 5 * MINUTE, ErrorCode::Network),
        (no_such_task(), 90 * SECOND, ErrorCode::TaskNotFound),
        (answer(200, r#"{"data":{"task_id":"1","task_status":"succeed"}}"#), 90 * SECOND, ErrorCode::Protocol),
    ] {
        let script = Script::new([]).then_always(reply.clone());
        assert_eq!(code(script.wait(None)), expected, "{reply:?}");
        // At most one more question, unanswered, and the pauses around it.
        let (end, last_gap) = (script.now.get(), 80 * SECOND);
        assert!((budget..budget + last_gap).contains(&end), "{reply:?} ended after {end} ms");
    }
}

#[test]
fn an_outage_that_passes_starts_the_budget_afresh() {
    let mut answers = Vec::new();
    for _ in 0..10 {
        answers.extend(vec![unreachable(); 8]);
        answers.push(task("processing"));
    }
    answers.push(task("succeed"));
    Script::new(answers).wait(None).unwrap();
}

#[test]
fn the_callers_own_limit_is_kept_also_while_nothing_comes() {
    for reply in [task("processing"), answer(STALLED, ""), unreachable(), no_such_task()] {
        let script = Script::new([]).then_always(reply.clone());
        let error = script.wait(Some(40 * SECOND)).unwrap_err();
        assert_eq!((error.code(), error.is_retryable()), (ErrorCode::Timeout, true), "{reply:?}");
        assert_eq!(script.now.get(), 40 * SECOND, "{reply:?}");
    }
}

#[test]
fn one_question_brings_one_answer() {
    let ask = |reply| {
        let script = Script::new([reply]);
        script.run(async |_| host(&script).task(&service(), &id()).await)
    };
    assert_eq!(ask(task("failed")).unwrap().status, TaskStatus::Failed, "an answer, not an error");
    for (reply, expected, retryable) in [
        (no_such_task(), ErrorCode::TaskNotFound, false),
        (unreachable(), ErrorCode::Network, true),
        (answer(STALLED, ""), ErrorCode::Network, true),
        (answer(502, "<html>"), ErrorCode::ServerError, true),
        (answer(200, "<html>"), ErrorCode::Protocol, true),
    ] {
        let error = ask(reply).unwrap_err();
        assert_eq!((error.code(), error.is_retryable()), (expected, retryable), "{error}");
        assert_eq!(error.details().task_id.as_deref(), Some("1"));
    }
}
