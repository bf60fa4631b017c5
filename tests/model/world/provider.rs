//! The service, and the network to it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use kling_core::endpoint::{HttpRequest, Method, TransportError};
use kling_core::flow::Reply;

use super::executor::{Executor, Slot};
use super::random::Random;
use super::schedule::{DeliveryFault, GetFault, Odd, PostFault, Refusal, Schedule};
use crate::script::{answer, no_such_task, redirect, unreachable};

/// A task of the service.
#[derive(Clone, Debug)]
pub(crate) struct ServiceTask {
    pub(crate) external: String,
    pub(crate) created: u64,
    /// When the service begins to find it.
    pub(crate) shown: u64,
    pub(crate) ends: u64,
}

pub(crate) struct Provider {
    pub(crate) executor: Rc<Executor>,
    pub(crate) random: Random,
    schedule: Schedule,
    posts: RefCell<VecDeque<PostFault>>,
    gets: RefCell<VecDeque<GetFault>>,
    pub(crate) deliveries: RefCell<VecDeque<DeliveryFault>>,
    /// All tasks, by the id of the service. Each was charged.
    pub(crate) tasks: RefCell<BTreeMap<String, ServiceTask>>,
    /// When the network returns.
    pub(crate) offline_until: Cell<u64>,
    /// When all faults ended.
    pub(crate) healed: Cell<Option<u64>>,
    /// How many GET requests were sent.
    pub(crate) polls: Cell<u64>,
}

impl Provider {
    pub(crate) fn new(schedule: Schedule) -> Self {
        Self {
            executor: Rc::default(),
            random: Random::new(schedule.seed),
            posts: RefCell::new(schedule.posts.iter().copied().collect()),
            gets: RefCell::new(schedule.gets.iter().copied().collect()),
            deliveries: RefCell::new(schedule.delivery.faults.iter().copied().collect()),
            schedule,
            tasks: RefCell::default(),
            offline_until: Cell::default(),
            healed: Cell::default(),
            polls: Cell::default(),
        }
    }

    /// Ends all faults.
    pub(crate) fn heal(&self) {
        self.posts.borrow_mut().clear();
        self.gets.borrow_mut().clear();
        self.deliveries.borrow_mut().clear();
        self.offline_until.set(0);
        self.healed.set(Some(self.executor.now()));
    }

    /// Whether the delivery host lets no page read: only the content route of the gateway delivers.
    pub(crate) fn is_blocked(&self) -> bool {
        self.schedule.delivery.is_blocked
    }

    pub(crate) fn is_online(&self) -> bool {
        self.executor.now() >= self.offline_until.get()
    }

    /// The tasks that were charged under an external id.
    pub(crate) fn charged(&self, external: &str) -> Vec<String> {
        let tasks = self.tasks.borrow();
        tasks.iter().filter(|(_, task)| task.external == external).map(|(id, _)| id.clone()).collect()
    }

    /// Sends a request, and counts its charges. The request arrives even if the caller is dropped.
    pub(crate) async fn send(
        self: &Rc<Self>,
        request: HttpRequest,
        external: Option<&str>,
        paid: &Rc<Cell<u32>>,
    ) -> Reply {
        let slot = Rc::new(Slot::default());
        let (provider, to, paid) = (Rc::clone(self), Rc::clone(&slot), Rc::clone(paid));
        let external = external.map(str::to_owned);
        self.executor.spawn(None, async move {
            let reply = match request.method {
                Method::Post => provider.submission(&external.expect("a submission has an id"), &paid, &to).await,
                Method::Get => provider.poll(&decoded(request.url.rsplit('/').next().unwrap())).await,
            };
            if let Some(reply) = reply {
                to.put(if provider.is_online() { reply } else { unreachable() });
            }
        });
        slot.take().await
    }

    async fn travel(&self) {
        self.executor.sleep(20 + u64::from(self.random.below(300))).await;
    }

    async fn submission(&self, external: &str, paid: &Cell<u32>, early: &Slot<Reply>) -> Option<Reply> {
        let fault = self.posts.borrow_mut().pop_front().unwrap_or(PostFault::Fine);
        self.travel().await;
        if !self.is_online() {
            return Some(unreachable());
        }
        let reply = match fault {
            PostFault::LostBefore => unreachable(),
            PostFault::Stalled(false) => return None,
            PostFault::Odd(odd, false) => odd_response(odd),
            PostFault::Busy(code) => busy(code),
            PostFault::Refused(refusal) => refused(refusal),
            PostFault::Late(time) => {
                early.put(unreachable());
                self.executor.sleep(time).await;
                let _ = self.create(external, paid);
                return None;
            }
            PostFault::Fine => self.create(external, paid),
            PostFault::LostAfter => {
                let _ = self.create(external, paid);
                unreachable()
            }
            PostFault::Stalled(true) => {
                let _ = self.create(external, paid);
                return None;
            }
            PostFault::Repeated => {
                let _ = self.create(external, paid);
                self.travel().await;
                self.create(external, paid)
            }
            PostFault::Odd(odd, true) => {
                let _ = self.create(external, paid);
                odd_response(odd)
            }
            PostFault::Slow(time) => {
                let reply = self.create(external, paid);
                self.executor.sleep(time).await;
                reply
            }
        };
        self.travel().await;
        Some(reply)
    }

    fn create(&self, external: &str, paid: &Cell<u32>) -> Reply {
        if self.schedule.dedupes && !self.charged(external).is_empty() {
            return answer(400, r#"{"code":1201,"message":"external_task_id already exists","request_id":"r"}"#);
        }
        paid.set(paid.get() + 1);
        let now = self.executor.now();
        let id = self.make(external, now + self.schedule.takes);
        response_for(&id, &self.tasks.borrow()[&id], now)
    }

    /// Creates a task that ends at `ends`.
    pub(crate) fn make(&self, external: &str, ends: u64) -> String {
        let mut tasks = self.tasks.borrow_mut();
        let id = ids(self.schedule.seed)(tasks.len());
        let created = self.executor.now();
        let shown = created + self.schedule.lag;
        tasks.insert(id.clone(), ServiceTask { external: external.to_owned(), created, shown, ends });
        id
    }

    async fn poll(&self, id: &str) -> Option<Reply> {
        self.polls.set(self.polls.get() + 1);
        let fault = self.gets.borrow_mut().pop_front().unwrap_or(GetFault::Fine);
        self.travel().await;
        if !self.is_online() {
            return Some(unreachable());
        }
        let reply = match fault {
            GetFault::Fine => self.find(id),
            GetFault::Lost => unreachable(),
            GetFault::Stalled => return None,
            GetFault::Absent => no_such_task(),
            GetFault::Busy => busy(1302),
            GetFault::Odd(odd) => odd_response(odd),
            GetFault::Slow(time) => {
                let reply = self.find(id);
                self.executor.sleep(time).await;
                reply
            }
        };
        self.travel().await;
        Some(reply)
    }

    fn find(&self, id: &str) -> Reply {
        let (now, tasks) = (self.executor.now(), self.tasks.borrow());
        let by_external = || tasks.iter().find(|(_, task)| self.schedule.finds && task.external == id);
        match tasks.get_key_value(id).or_else(by_external) {
            Some((id, task)) if now >= task.shown => response_for(id, task, now),
            _ => no_such_task(),
        }
    }
}

/// The divisor, and the remainder of the ends of tasks without a URL.
const NO_URL: (u64, u64) = (7, 2);

impl ServiceTask {
    /// Whether it succeeds without a URL.
    pub(crate) fn has_no_url(&self) -> bool {
        self.ends % NO_URL.0 == NO_URL.1
    }
}

/// The response of the service for a task.
fn response_for(id: &str, task: &ServiceTask, now: u64) -> Reply {
    // Each task has words of its own, and some of them are unknown to everyone.
    let word = |words: &[&'static str]| words[task.ends as usize / 3 % words.len()];
    let status = match task.ends {
        ends if now < ends => {
            if now < task.created + 5_000 {
                word(&["submitted", "QUEUED", "in-queue", "created"])
            } else {
                word(&["processing", "InProgress", "upscaling", "stage 2"])
            }
        }
        // One task in three fails.
        ends if ends % 3 == 0 => word(&["failed", "EXPIRED", "time-out", "cancelled"]),
        _ => word(&["succeed", "done", "COMPLETED", "finished", "delivered"]),
    };
    let (external, has_succeeded) = (&task.external, now >= task.ends && !task.ends.is_multiple_of(3));
    // Each task has its URL elsewhere, and some have none.
    let video = match task.ends % NO_URL.0 {
        _ if !has_succeeded => "",
        0 => r#","outputs":["https://cdn.example/v.mp4"]"#,
        1 => r#","video":{"url":"/v1/videos/1/content"}"#,
        remainder if remainder == NO_URL.1 => r#","progress":100"#,
        _ => r#","task_result":{"videos":[{"url":"https://cdn.example/v.mp4"}]}"#,
    };
    let id = id.replace('\\', r"\\");
    answer(
        200,
        &format!(
            r#"{{"code":0,"message":"SUCCEED","data":{{"task_id":"{id}","task_status":"{status}","task_info":{{"external_task_id":"{external}"}}{video}}}}}"#
        ),
    )
}

/// The form of the service's ids, one for each seed.
fn ids(seed: u32) -> fn(usize) -> String {
    match seed % 5 {
        0 => |number| format!("video_{number:08}=="),
        1 => |number| format!("projects/p:{number}/%2e%2e/x y"),
        2 => |number| format!("..\\任务🌊{number}?a#b"),
        _ => |number| format!("7{number:08}"),
    }
}

/// A segment of a path, decoded.
fn decoded(segment: &str) -> String {
    let segment = segment.split('?').next().unwrap();
    let mut bytes = Vec::new();
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        let is_escape = byte == b'%';
        let mut digit = || (rest.next().unwrap() as char).to_digit(16).unwrap() as u8;
        bytes.push(if is_escape { digit() << 4 | digit() } else { byte });
    }
    String::from_utf8(bytes).unwrap()
}

fn odd_response(odd: Odd) -> Reply {
    const HTML: &str = "<!DOCTYPE html><title>Error</title>";
    match odd {
        Odd::ServerError => answer(500, r#"{"code":"do_request_failed","message":"upstream error"}"#),
        Odd::BadGateway => answer(502, HTML),
        Odd::EdgeTimeout => answer(524, HTML),
        Odd::RequestTimeout => answer(408, ""),
        Odd::Empty => answer(200, ""),
        Odd::Broken => answer(200, r#"{"code":0,"data":{"task_id":"7"#),
        Odd::WithoutId => answer(200, r#"{"code":0,"message":"SUCCEED","data":{}}"#),
        Odd::SuccessInHtml => answer(200, HTML),
    }
}

fn busy(code: u16) -> Reply {
    answer(429, &format!(r#"{{"code":{code},"message":"no room"}}"#))
}

fn refused(refusal: Refusal) -> Reply {
    match refusal {
        Refusal::Parameters => answer(400, r#"{"code":1200,"message":"invalid parameters"}"#),
        Refusal::Key => answer(401, r#"{"code":1002,"message":"no such key"}"#),
        Refusal::Balance => answer(429, r#"{"code":1102,"message":"resource pack exhausted"}"#),
        Refusal::Html => answer(403, "<html>"),
        Refusal::TooLarge => answer(413, ""),
        Refusal::InvalidRequest => answer(500, r#"{"code":"invalid_request","message":"images"}"#),
        Refusal::Redirect => redirect(),
    }
}

/// The error of an offline browser.
pub(crate) fn no_network() -> TransportError {
    TransportError::new("net::ERR_INTERNET_DISCONNECTED")
}
