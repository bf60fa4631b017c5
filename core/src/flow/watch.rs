//! Polling one task until it has ended, together with the other tabs that watch it.

use std::mem;

use super::echo::{Echo, Lesson};
use super::{DOUBT, Flow, Host, Reply, Wake};
use crate::answer::Answer;
use crate::endpoint::Service;
use crate::error::{Error, ErrorCode};
use crate::poll::{Patience, Polling, Turn};
use crate::progress::{Progress, WaitingReason};
use crate::task::{Task, TaskId, TaskStatus};

/// Polls one task; [`next`](Self::next) brings each change.
///
/// Tabs that watch the same task tell each other what they ask and what they were answered. Whoever hears of an answer takes
/// it for its own, and lets the one who asked go on asking: it waits a little longer than that one said it would, so that it
/// takes over when nothing is heard. A page that is seen takes over from one that is not. Nobody has to know who is there.
#[derive(Debug)]
pub struct Watch {
    service: Service,
    id: TaskId,
    polling: Polling,
    /// When the caller's time limit ends.
    deadline: Option<u64>,
    began: u64,
    /// When the task was created, by the service's clock.
    created: Option<u64>,
    asked: u32,
    turn: Turn,
    /// No more than that counts as time since the last answer.
    longest: u64,
    last: Option<Box<Task>>,
    /// Whether a listener has not been told yet how it stands.
    is_untold: bool,
    /// What was wrong with the last answer.
    trouble: Option<(WaitingReason, Error)>,
    /// Whether requests get through, whatever the browser says of its network.
    gets_through: bool,
    ended: bool,
    outage: Patience,
    not_found: Patience,
    no_video: Patience,
}

/// How long it may take another tab to be answered, in ms.
const ASKING: u64 = 5_000;

impl Watch {
    /// Watches a task of which nothing is known yet: the first question is asked at once.
    pub fn new(service: Service, id: TaskId, polling: Polling, now: u64) -> Self {
        Self {
            service,
            id,
            polling,
            deadline: None,
            began: now,
            created: None,
            asked: 0,
            turn: Turn::default(),
            longest: 0,
            last: None,
            is_untold: false,
            trouble: None,
            gets_through: true,
            ended: false,
            outage: Patience::default(),
            not_found: Patience::default(),
            no_video: Patience::default(),
        }
    }

    /// For a task just accepted: the first question waits for the first delay.
    #[must_use]
    pub fn accepted(mut self, task: Option<Box<Task>>, chance: u32) -> Self {
        self.turn = Turn::after(self.began, self.polling.delay(0, 0, chance));
        self.is_untold = task.is_some();
        Self { last: task, ..self }
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
    pub async fn next(&mut self, host: &Flow<impl Host>) -> Result<Option<Box<Task>>, Error> {
        while !self.ended {
            let heard = self.rest(host).await?;
            let begun = host.0.now();
            let (reply, pause) = match heard {
                Some((reply, pause)) => (reply, Some(pause)),
                None => (self.ask(host).await, None),
            };
            self.asked = self.asked.saturating_add(1);
            let now = host.0.now();
            let is_offline = reply.is_err() && !host.0.online();
            self.gets_through = reply.is_ok() && !host.0.online();
            self.longest = self.turn.longest(now.saturating_sub(begun));
            let lesson = self.learn(&reply, now, is_offline).map_err(|error| self.named(error))?;
            let news = match &lesson {
                Lesson::Task(task) if self.notice(task) => Some(task.clone()),
                _ => None,
            };
            let delay = self.polling.delay(self.asked, self.watched_for(now), host.0.chance());
            self.turn = Turn::after(now, pause.unwrap_or(delay));
            if pause.is_none() {
                host.0.tell(Echo::of(reply, delay, host));
            }
            self.is_untold = true;
            self.trouble = match lesson {
                Lesson::Task(_) => None,
                Lesson::MayPass(reason, error) => Some((reason, error)),
            };
            if let Some(task) = news {
                host.keep(&self.id, &task).await;
                return Ok(Some(task));
            }
        }
        Ok(None)
    }

    /// Waits until it is this tab's turn to ask, or until another one tells what it was answered and for how long that will
    /// do.
    async fn rest(&mut self, host: &Flow<impl Host>) -> Result<Option<(Reply, u64)>, Error> {
        let mut offline_since = None;
        loop {
            let now = host.0.now();
            self.check_deadline(now)?;
            let mut left = self.turn.left(now);
            if host.0.online() || self.gets_through {
                if offline_since.take().is_some() {
                    self.turn.hasten();
                    continue;
                }
                // Also when it is time to ask again: to write a record may take longer than the shortest intervals.
                if mem::take(&mut self.is_untold) {
                    let trouble = self.trouble.take();
                    self.tell(host, trouble, left);
                }
                if left == 0 {
                    return Ok(None);
                }
            } else {
                let since = *offline_since.get_or_insert_with(|| {
                    host.0.report(&Progress::Waiting {
                        reason: WaitingReason::Offline,
                        elapsed: self.elapsed(host),
                        next_poll_in: None,
                        error: None,
                    });
                    now
                });
                self.suspend();
                left = left.max(DOUBT.saturating_sub(now.saturating_sub(since)));
                if left == 0 {
                    return Ok(None);
                }
            }
            match host.0.rest(self.limited(left, now)).await {
                Wake::Time => {}
                Wake::Seen => self.turn.hasten(),
                Wake::Heard(mut echo) => {
                    // However seldom that one asks: it may be gone long before.
                    let longest = self.polling.delay(self.asked, self.watched_for(now), 40).max(ASKING);
                    echo.next_poll_in = echo.next_poll_in.min(longest);
                    let pause = echo.pause(host.0.seen(), host.0.chance());
                    if let Some(reply) = echo.reply {
                        return Ok(Some((reply, pause)));
                    }
                    self.turn = Turn::after(host.0.now(), pause);
                }
            }
        }
    }

    /// Asks for the task, and tells the other tabs so.
    async fn ask(&mut self, host: &Flow<impl Host>) -> Reply {
        host.0.tell(Echo { reply: None, next_poll_in: ASKING, is_seen: host.0.seen() });
        host.ask(&self.service, &self.id, self.deadline).await
    }

    /// Remembers the task, and says whether the caller should see it.
    fn notice(&mut self, task: &Task) -> bool {
        let changed = self.asked == 1 || self.last.as_ref().is_none_or(|last| task.differs_from(last));
        self.created = task.created_at.or(self.created);
        self.ended = task.status.is_final();
        self.last = Some(Box::new(task.clone()));
        changed || self.ended
    }

    fn learn(&mut self, reply: &Reply, now: u64, is_offline: bool) -> Result<Lesson, Error> {
        let error = match reply.as_ref().map(Answer::read) {
            Ok(Answer::Task(task)) => return self.learn_task(task, now),
            Ok(Answer::Refused(refusal)) if refusal.is_task_not_found() => {
                let (grace, error) = (self.polling.not_found_grace, refusal.into_query_error());
                let error = self.not_found.spend(now, self.longest, grace, error)?;
                return Ok(Lesson::MayPass(WaitingReason::NotFoundYet, error));
            }
            Ok(Answer::Refused(refusal)) => return self.learn_refusal(refusal.into_query_error(), now),
            Ok(Answer::Odd(odd)) => odd.into_query_error(),
            // The next request could not be made either.
            Err(error) if !error.is_sent => return Err(error.clone().into_error()),
            Err(error) if is_offline => return Ok(Lesson::MayPass(WaitingReason::Offline, error.clone().into_error())),
            Err(error) => error.clone().into_error(),
        };
        self.learn_trouble(WaitingReason::Unreachable, error, now)
    }

    fn learn_task(&mut self, mut task: Box<Task>, now: u64) -> Result<Lesson, Error> {
        self.outage.restore();
        self.not_found.restore();
        task.found_under(self.id.as_str());
        if task.status == TaskStatus::Succeed && task.videos.is_empty() {
            let error = super::no_url();
            self.no_video.spend(now, self.longest, self.polling.not_found_grace, error)?;
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
        self.learn_trouble(reason, error, now)
    }

    fn learn_trouble(&mut self, reason: WaitingReason, error: Error, now: u64) -> Result<Lesson, Error> {
        let error = self.outage.spend(now, self.longest, self.polling.outage_budget, error);
        error.map(|error| Lesson::MayPass(reason, error)).map_err(Error::into_outage)
    }

    /// Time without a network is nobody's fault.
    fn suspend(&mut self) {
        self.is_untold = false;
        for patience in [&mut self.outage, &mut self.not_found, &mut self.no_video] {
            patience.suspend();
        }
    }

    fn tell(&self, host: &Flow<impl Host>, trouble: Option<(WaitingReason, Error)>, next_poll_in: u64) {
        let elapsed = self.elapsed(host);
        let progress = match (trouble, &self.last) {
            (Some((reason, error)), _) => {
                Progress::Waiting { reason, elapsed, next_poll_in: Some(next_poll_in), error: Some(error) }
            }
            (None, Some(task)) => Progress::Watching { task: task.clone(), elapsed, next_poll_in },
            (None, None) => return,
        };
        host.0.report(&progress);
    }

    fn watched_for(&self, now: u64) -> u64 {
        now.saturating_sub(self.began)
    }

    /// Since the task was created, by the wall clock; since the watch began, where that is not known or the clock is wrong.
    fn elapsed(&self, host: &Flow<impl Host>) -> u64 {
        let watched = self.watched_for(host.0.now());
        self.created.map_or(watched, |created| host.0.wall().saturating_sub(created).max(watched))
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
    let message = "the time limit of this call passed; the task goes on: wait again";
    Error::new(ErrorCode::Timeout, message).retryable(true)
}
