//! The browser as one call of a tab uses it, and the laws that every request must keep.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use kling_core::endpoint::{HttpRequest, HttpResponse, Method, Status};
use kling_core::error::Error;
use kling_core::flow::tabs::TabMessage;
use kling_core::flow::{Held, Host, Reply, Wake};
use kling_core::gate::Gate;
use kling_core::progress::Progress;
use kling_core::record::{Change, RecordState, TaskRecord};

use super::browser::{Browser, Inbox, Lock, MAX_REQUESTS, Post, Tab};
use super::provider::no_network;
use crate::script::SECOND;

/// The browser as one call of a tab uses it. It checks the laws of each request.
pub(crate) struct Call {
    pub(crate) browser: Rc<Browser>,
    pub(crate) tab: Rc<Tab>,
    client: usize,
    topic: Option<String>,
    inbox: Rc<Inbox>,
    /// The external task id of its submission.
    external: Option<String>,
    /// The number of the call.
    number: u64,
    /// How many paid requests the caller could know when it called.
    pub(crate) known_posts: Cell<usize>,
    /// Whether the last paid request of this call was throttled; `None` before the first.
    was_throttled: Cell<Option<bool>>,
    /// How many tasks its paid requests have created so far.
    pub(crate) paid: Rc<Cell<u32>>,
    /// When it last sent a GET request.
    last_poll: Cell<Option<u64>>,
}

impl Call {
    pub(crate) fn new(browser: &Rc<Browser>, tab: &Rc<Tab>, topic: Option<&str>, external: Option<&str>) -> Self {
        Self::of_client(0, browser, tab, topic, external)
    }

    pub(crate) fn of_client(
        client: usize,
        browser: &Rc<Browser>,
        tab: &Rc<Tab>,
        topic: Option<&str>,
        external: Option<&str>,
    ) -> Self {
        let inbox = Rc::new(Inbox::default());
        let entry = (topic.map(str::to_owned), Rc::clone(tab), Rc::downgrade(&inbox));
        browser.listeners.borrow_mut().push(entry);
        Self {
            browser: Rc::clone(browser),
            tab: Rc::clone(tab),
            client,
            topic: topic.map(str::to_owned),
            inbox,
            external: external.map(str::to_owned),
            number: browser.calls.replace(browser.calls.get() + 1),
            known_posts: Cell::default(),
            was_throttled: Cell::default(),
            paid: Rc::default(),
            last_poll: Cell::default(),
        }
    }

    /// Checks the laws of a paid request.
    fn check_post(&self) {
        let id = self.external.as_deref().expect("only a submission may send a paid request");
        assert_ne!(self.was_throttled.get(), Some(false), "a paid request was repeated automatically");
        let state = self.browser.record(id).map(|record| record.state);
        assert_eq!(state, Some(RecordState::Submitting), "sent without a record in state `submitting`");
        let mut posts = self.browser.posts.borrow_mut();
        let unknown = |(at, post): (usize, &Post)| {
            post.external == id && post.call != self.number && !post.is_refused && at >= self.known_posts.get()
        };
        assert!(
            !posts.iter().enumerate().any(unknown),
            "sent although the caller could not know the outcome of an earlier request"
        );
        posts.push(Post { external: id.to_owned(), call: self.number, is_refused: false });
    }

    /// Notes whether the response proves that no task was created.
    fn note_refusal(&self, reply: &Reply) {
        let Ok(response) = reply else { return };
        let is_refused = match response.status {
            Status::Redirect | Status::Code(401 | 403 | 413 | 429) => true,
            Status::Code(400) => !contains(response, "external_task_id"),
            Status::Code(500) => contains(response, "invalid_request"),
            Status::Code(_) => false,
        };
        if let Some(post) = self.browser.posts.borrow_mut().iter_mut().rev().find(|post| post.call == self.number) {
            post.is_refused = is_refused;
        }
    }

    /// Checks the law of a watch: at most one poll per second.
    fn check_get(&self) {
        let now = self.browser.executor().now();
        if let Some(last) = self.last_poll.get()
            && self.topic.is_some()
        {
            assert!(now - last >= SECOND, "polled after {} ms", now - last);
        }
        self.last_poll.set(Some(now));
    }
}

fn contains(response: &HttpResponse, words: &str) -> bool {
    response.body.as_text().is_some_and(|text| text.contains(words))
}

/// An open request, counted until this is dropped.
struct Open<'a>(&'a Cell<u32>);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Host for &Call {
    type Lock = Lock;
    type Video = Vec<u8>;

    async fn send(&self, request: HttpRequest) -> Reply {
        let is_paid = request.method == Method::Post;
        if is_paid {
            self.check_post();
        } else {
            self.check_get();
        }
        let open = &self.tab.open[self.client];
        open.set(open.get() + 1);
        let _open = Open(open);
        assert!(open.get() <= MAX_REQUESTS, "{} requests at once", open.get());
        if !self.browser.provider.is_online() {
            self.browser.executor().sleep(1).await;
            return Err(no_network());
        }
        if is_paid {
            self.was_throttled.set(Some(false));
        }
        let reply = self.browser.provider.send(request, self.external.as_deref(), &self.paid).await;
        if is_paid {
            let is_busy =
                matches!(&reply, Ok(response) if response.status == Status::Code(429) && contains(response, ":130"));
            self.was_throttled.set(Some(is_busy));
            self.note_refusal(&reply);
        }
        reply
    }

    fn gate(&self) -> &Gate {
        &self.tab.gates[self.client]
    }

    fn sleep(&self, milliseconds: u64) -> impl Future<Output = ()> {
        self.browser.executor().sleep(milliseconds)
    }

    async fn rest(&self, milliseconds: u64) -> Wake {
        let mut pending = pin!(self.inbox.take());
        let mut sleep = pin!(self.browser.executor().sleep(milliseconds));
        poll_fn(|context| match pending.as_mut().poll(context) {
            Poll::Ready(wake) => Poll::Ready(wake),
            Poll::Pending => sleep.as_mut().poll(context).map(|()| Wake::TimePassed),
        })
        .await
    }

    fn is_online(&self) -> bool {
        self.browser.provider.is_online()
    }

    fn is_visible(&self) -> bool {
        self.tab.is_visible.get()
    }

    fn broadcast(&self, message: TabMessage) {
        self.inbox.with(|pending| *pending = None);
        let (browser, topic, own) = (Rc::clone(&self.browser), self.topic.clone(), Rc::downgrade(&self.inbox));
        self.browser.executor().spawn(None, async move {
            browser.executor().sleep(2).await;
            for (heard, _, inbox) in &*browser.listeners.borrow() {
                if *heard == topic
                    && !inbox.ptr_eq(&own)
                    && let Some(inbox) = inbox.upgrade()
                {
                    inbox.put(Wake::Message(message.clone()));
                }
            }
        });
    }

    fn now(&self) -> u64 {
        self.browser.executor().now()
    }

    fn wall(&self) -> u64 {
        self.browser.wall()
    }

    fn random(&self) -> u32 {
        self.browser.provider.random.next()
    }

    fn report(&self, _: &Progress) {}

    fn load(&self, id: &str) -> impl Future<Output = Result<Option<Box<TaskRecord>>, Error>> {
        self.browser.load(id)
    }

    async fn list(&self) -> Result<Vec<Box<TaskRecord>>, Error> {
        self.browser.storage().await?;
        Ok(self.browser.records.borrow().values().cloned().map(Box::new).collect())
    }

    fn save(&self, change: Change) -> impl Future<Output = Result<Option<Box<TaskRecord>>, Error>> {
        self.browser.save(&self.tab, change)
    }

    fn save_later(&self, change: Change, lock: Option<Lock>) {
        if self.tab.is_gone.get() {
            return;
        }
        let saved = self.browser.save(&self.tab, change);
        self.browser.executor().spawn(Some(self.tab.number), async move {
            let _ = saved.await;
            drop(lock);
        });
    }

    async fn kept_video(&self, id: &str) -> Result<Option<Vec<u8>>, Error> {
        self.browser.storage().await?;
        Ok(self.browser.videos.borrow().get(id).cloned())
    }

    async fn keep_video(&self, id: &str, video: &Vec<u8>) -> Result<(), Error> {
        self.browser.storage().await?;
        self.browser.videos.borrow_mut().insert(id.to_owned(), video.clone());
        Ok(())
    }

    fn lock(&self, id: &str, wait: bool) -> impl Future<Output = Option<Held<Lock>>> {
        self.browser.lock(self.tab.number, id, wait)
    }
}
