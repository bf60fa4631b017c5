//! Polling one task until it has ended.

use crate::answer::Answer;
use crate::endpoint::{Service, TransportError};
use crate::error::{Error, ErrorCode};
use crate::flow::Host;
use crate::poll::{Patience, Polling, STALL};
use crate::progress::{Progress, WaitingReason};
use crate::task::{Task, TaskId, TaskStatus};

/// Polls one task; [`next`](Self::next) brings each change.
#[derive(Debug)]
pub struct Watch {
    service: Service,
    id: TaskId,
    polling: Polling,
    /// When the caller loses patience, by the wall clock.
    deadline: Option<u64>,
    /// When the task was created, or, before that is known, when the watch began.
    began: u64,
    asked: u32,
    /// Whether the task was accepted a moment ago.
    is_new: bool,
    last: Option<Box<Task>>,
    ended: bool,
    outage: Patience,
    not_found: Patience,
    no_video: Patience,
}

/// What one question taught.
enum Lesson {
    /// A task, as it stands.
    Task(Box<Task>),
    /// Something that may pass, which is told and waited out.
    MayPass(WaitingReason, Error),
}

impl Watch {
    /// Watches a task of which nothing is known yet: the first question is asked at once.
    pub fn new(service: Service, id: TaskId, polling: Polling, now: u64) -> Self {
        Self {
            service,
            id,
            polling,
            deadline: None,
            began: now,
            asked: 0,
            is_new: false,
            last: None,
            ended: false,
            outage: Patience::default(),
            not_found: Patience::default(),
            no_video: Patience::default(),
        }
    }

    /// For a task just accepted: the first question waits for the first delay.
    #[must_use]
    pub fn accepted(self, task: Option<Box<Task>>) -> Self {
        Self { is_new: true, last: task, ..self }
    }

    /// Gives up that many ms after `now`.
    #[must_use]
    pub fn within(mut self, now: u64, timeout: Option<u64>) -> Self {
        self.deadline = timeout.map(|timeout| now.saturating_add(timeout));
        self
    }

    /// The task as it is first seen, then whenever its status, message or videos change; nothing after its end.
    ///
    /// May be dropped at any await and called again.
    ///
    /// # Errors
    ///
    /// What cannot pass ([`ErrorCode::Unauthorized`], [`ErrorCode::Forbidden`], …), what has lasted longer than its
    /// budget ([`ErrorCode::Network`], [`ErrorCode::TaskNotFound`], …), or [`ErrorCode::Timeout`].
    pub async fn next(&mut self, host: &Host<'_>) -> Result<Option<Box<Task>>, Error> {
        if self.ended {
            return Ok(None);
        }
        // A task that was seen, or just accepted, has its next question still before it.
        let mut waiting = (self.is_new || self.last.is_some()).then_some(None);
        loop {
            if let Some(trouble) = waiting.take() {
                let delay = self.polling.delay(self.asked, self.age((host.now)()), (host.chance)());
                self.tell(host, trouble, delay);
                (host.sleep)(self.limited(delay, (host.now)())).await;
            }
            self.check_deadline((host.now)())?;
            let within = self.limited(STALL, (host.now)());
            let answer = host.ask(&self.service, &self.id, within).await;
            self.asked = self.asked.saturating_add(1);
            let now = (host.now)();
            match self.learn(answer, now).map_err(|error| self.named(error))? {
                Lesson::Task(task) => {
                    if self.notice(&task) {
                        host.keep(&self.id, &task).await;
                        return Ok(Some(task));
                    }
                    waiting = Some(None);
                }
                Lesson::MayPass(reason, error) => waiting = Some(Some((reason, error))),
            }
        }
    }

    /// Remembers the task, and says whether the caller should see it.
    fn notice(&mut self, task: &Task) -> bool {
        let changed = self.asked == 1 || self.last.as_ref().is_none_or(|last| task.differs_from(last));
        self.began = task.created_at.map_or(self.began, |created| created.min(self.began));
        self.ended = task.status.is_final();
        self.last = Some(Box::new(task.clone()));
        changed || self.ended
    }

    fn learn(&mut self, answer: Result<Answer, TransportError>, now: u64) -> Result<Lesson, Error> {
        let error = match answer {
            Ok(Answer::Task(task)) => return self.learn_task(task, now),
            Ok(Answer::Refused(refusal)) if refusal.is_task_not_found() => {
                let error = refusal.into_query_error();
                let error = self.not_found.spend(now, self.polling.not_found_grace, error)?;
                return Ok(Lesson::MayPass(WaitingReason::NotFoundYet, error));
            }
            Ok(Answer::Refused(refusal)) => return self.learn_refusal(refusal.into_query_error(), now),
            Ok(Answer::Odd(odd)) => odd.into_query_error(),
            Err(error) => error.into_error(),
        };
        let error = self.outage.spend(now, self.polling.outage_budget, error)?;
        Ok(Lesson::MayPass(WaitingReason::Unreachable, error))
    }

    fn learn_task(&mut self, mut task: Box<Task>, now: u64) -> Result<Lesson, Error> {
        self.outage.restore();
        self.not_found.restore();
        if task.status == TaskStatus::Succeed && task.videos.is_empty() {
            let message = "the service reports success, but no address of a video";
            self.no_video.spend(now, self.polling.not_found_grace, Error::new(ErrorCode::Protocol, message))?;
            task.status = TaskStatus::Processing;
        }
        Ok(Lesson::Task(task))
    }

    fn learn_refusal(&mut self, error: Error, now: u64) -> Result<Lesson, Error> {
        let reason = match error.code() {
            ErrorCode::RateLimited | ErrorCode::ConcurrencyLimited => WaitingReason::RateLimited,
            ErrorCode::ServerError => WaitingReason::Unreachable,
            _ => return Err(error),
        };
        let error = self.outage.spend(now, self.polling.outage_budget, error)?;
        Ok(Lesson::MayPass(reason, error))
    }

    fn tell(&self, host: &Host<'_>, trouble: Option<(WaitingReason, Error)>, next_poll_in: u64) {
        let elapsed = self.age((host.now)());
        let progress = match (trouble, &self.last) {
            (Some((reason, error)), _) => Progress::Waiting { reason, elapsed, next_poll_in, error },
            (None, Some(task)) => Progress::Watching { task: task.clone(), elapsed, next_poll_in },
            (None, None) => return,
        };
        (host.report)(&progress);
    }

    fn age(&self, now: u64) -> u64 {
        now.saturating_sub(self.began)
    }

    fn limited(&self, time: u64, now: u64) -> u64 {
        self.deadline.map_or(time, |deadline| time.min(deadline.saturating_sub(now)))
    }

    fn check_deadline(&self, now: u64) -> Result<(), Error> {
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return Ok(());
        }
        Err(self.named(timed_out()))
    }

    fn named(&self, error: Error) -> Error {
        let external = self.last.as_ref().and_then(|task| task.external_task_id.clone());
        let id = self.last.as_ref().map_or_else(|| self.id.as_str().to_owned(), |task| task.task_id.clone());
        error.detailed(|details| {
            details.task_id = Some(id);
            details.external_task_id = external;
        })
    }
}

/// The error of a call whose time limit passed.
pub fn timed_out() -> Error {
    let message = "the time limit of this call passed; the task goes on, wait for it again by its id";
    Error::new(ErrorCode::Timeout, message).retryable(true)
}
