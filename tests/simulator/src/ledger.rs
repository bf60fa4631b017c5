//! The ledger: the submissions of each key, what they cost, and every request as it came.
//!
//! Everything is kept under the key of the request, so that parallel tests, each with a key of its
//! own, do not see each other. A request without a key (a preflight, a download) is kept with the
//! task that its path names, else under no key.

use crate::task::Task;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many requests are kept for one key, so that a long demo does not fill the memory.
const MAX_REQUESTS_PER_KEY: usize = 20_000;

/// One request.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// HTTP method.
    pub method: String,
    /// Path as it came.
    pub path: String,
    /// The headers that a preflight asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preflight_headers: Option<String>,
    /// Whether there was an `Authorization` header; never its value.
    pub authorization: bool,
    /// The `Content-Type` header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// HTTP status, or 0 without a response: not yet, or the caller aborted.
    pub status: AtomicU16,
}

/// All accounts.
#[derive(Debug, Default)]
pub struct Ledger {
    books: Mutex<Books>,
}

#[derive(Debug, Default)]
struct Books {
    accounts: HashMap<String, Account>,
    /// Task and external ids, to the key they belong to.
    owners: HashMap<String, String>,
    /// The requests that belong to no key.
    without_key: Account,
    /// How often each trouble occurred.
    met: HashMap<String, u32>,
}

#[derive(Debug, Default)]
struct Account {
    /// In the order of the charges.
    charges: Vec<Arc<Task>>,
    /// By task id and by external id.
    tasks: HashMap<String, Arc<Task>>,
    calls: VecDeque<Arc<Call>>,
    violations: Vec<String>,
}

/// The external id of a submission is taken.
#[derive(Debug)]
pub struct Taken;

impl Ledger {
    /// Adds a task and charges it, unless its external id was used under this key before. If the
    /// scenario allows a second use, the external id still finds the first task.
    pub fn charge(&self, key: &str, task: &Arc<Task>) -> Result<(), Taken> {
        let mut books = self.books();
        let account = books.accounts.entry(key.to_owned()).or_default();
        let external = task.external_task_id.as_ref();
        if task.scenario.dedupe && external.is_some_and(|id| account.tasks.contains_key(id)) {
            return Err(Taken);
        }
        account.charges.push(Arc::clone(task));
        for id in external.into_iter().chain([&task.id]) {
            account.tasks.entry(id.clone()).or_insert_with(|| Arc::clone(task));
        }
        for id in external.into_iter().chain([&task.id]) {
            books.owners.insert(id.clone(), key.to_owned());
        }
        Ok(())
    }

    /// The task of this key with this id or external id.
    pub fn find(&self, key: &str, id: &str) -> Option<Arc<Task>> {
        self.books().accounts.get(key)?.tasks.get(id).cloned()
    }

    /// The task with this id, of any key.
    pub fn task(&self, id: &str) -> Option<Arc<Task>> {
        let books = self.books();
        let task = books.accounts.get(books.owners.get(id)?)?.tasks.get(id)?;
        Some(Arc::clone(task))
    }

    /// Counts one more of `what`; the first is 1.
    pub fn count(&self, what: String) -> u32 {
        let mut books = self.books();
        let count = books.met.entry(what).or_default();
        *count = count.saturating_add(1);
        *count
    }

    /// Adds a request and its violations. `key` is the request's, `id` is the one in its path.
    pub fn enter(&self, key: Option<&str>, id: Option<&str>, call: &Arc<Call>, violations: Vec<String>) {
        let mut books = self.books();
        let owner = key.or_else(|| books.owners.get(id?).map(String::as_str)).map(str::to_owned);
        let account = match owner {
            Some(key) => books.accounts.entry(key).or_default(),
            None => &mut books.without_key,
        };
        if account.calls.len() == MAX_REQUESTS_PER_KEY {
            account.calls.pop_front();
        }
        account.calls.push_back(Arc::clone(call));
        account.violations.extend(violations);
    }

    /// Opens the next hold of each task of a key, and returns the ids of the tasks that had reached one.
    pub fn release(&self, key: &str) -> Vec<String> {
        let tasks = self.books().accounts.get(key).map(|account| account.charges.clone()).unwrap_or_default();
        tasks.iter().filter(|task| task.release()).map(|task| task.id.clone()).collect()
    }

    /// Adds a violation that was found in the body of a request.
    pub fn add_violation(&self, key: &str, violation: String) {
        self.books().accounts.entry(key.to_owned()).or_default().violations.push(violation);
    }

    /// Everything about one key.
    pub async fn account(&self, key: &str) -> Value {
        let (charges, mut json) = {
            let mut books = self.books();
            let account = books.accounts.entry(key.to_owned()).or_default();
            (account.charges.clone(), account.requests())
        };
        let mut list = Vec::with_capacity(charges.len());
        for task in charges {
            list.push(json!({
                "taskId": task.id,
                "externalTaskId": task.external_task_id,
                "usd": f64::from(task.cents) / 100.0,
                "bodyBytes": task.body_bytes,
                "imageCount": task.image_count,
                "images": task.inspection().await.findings,
            }));
        }
        json["charges"] = list.into();
        json
    }

    /// The requests that belong to no key.
    pub fn without_key(&self) -> Value {
        self.books().without_key.requests()
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Account {
    fn requests(&self) -> Value {
        let calls: Vec<&Call> = self.calls.iter().map(AsRef::as_ref).collect();
        json!({ "requests": calls, "violations": self.violations })
    }
}

impl Call {
    /// Notes the answer.
    pub fn answered(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }
}
