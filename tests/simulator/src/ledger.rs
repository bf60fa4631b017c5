//! The books: who submitted what, what it cost, and every request as it came.
//!
//! Everything is kept under the key that it came with, so that tests which run side by side, each
//! with a key of its own, do not see each other. What came without a key (preflights, downloads) is
//! kept with the task that its path names, else under no key.

use crate::task::Task;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many requests are remembered under one key, lest a long demo fill the memory.
const REMEMBERED: usize = 20_000;

/// One request.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// HTTP method.
    pub method: String,
    /// Path as it came.
    pub path: String,
    /// What a preflight asked leave for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preflight_headers: Option<String>,
    /// Whether there was an `Authorization` header; never its value.
    pub authorization: bool,
    /// The `Content-Type` header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// HTTP status, or 0 while there is no answer, which stays so when the caller hangs up.
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
    /// What belongs to no key.
    strangers: Account,
    /// How often each trouble was met.
    met: HashMap<String, u32>,
}

#[derive(Debug, Default)]
struct Account {
    /// In the order they were charged in.
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
    /// Enters a task and charges it, unless its external id was used under this key before. Where the
    /// scenario does not mind, the external id goes on to stand for the first of its tasks.
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

    /// The task with this id, whoever asks.
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

    /// Enters a request and what is wrong with it. `key` is that of the request, `id` what its path
    /// names.
    pub fn enter(&self, key: Option<&str>, id: Option<&str>, call: &Arc<Call>, violations: Vec<String>) {
        let mut books = self.books();
        let owner = key.or_else(|| books.owners.get(id?).map(String::as_str)).map(str::to_owned);
        let account = match owner {
            Some(key) => books.accounts.entry(key).or_default(),
            None => &mut books.strangers,
        };
        if account.calls.len() == REMEMBERED {
            account.calls.pop_front();
        }
        account.calls.push_back(Arc::clone(call));
        account.violations.extend(violations);
    }

    /// Opens the next hold of each task of a key, and returns the ids of those that had come to one.
    pub fn release(&self, key: &str) -> Vec<String> {
        let tasks = self.books().accounts.get(key).map(|account| account.charges.clone()).unwrap_or_default();
        tasks.iter().filter(|task| task.release()).map(|task| task.id.clone()).collect()
    }

    /// Enters what is wrong with a request of a key, once it has been read.
    pub fn object(&self, key: &str, violation: String) {
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
                "imageCount": task.image_count,
                "images": task.gallery().await.findings,
            }));
        }
        json["charges"] = list.into();
        json
    }

    /// The requests that belong to no key.
    pub fn strangers(&self) -> Value {
        self.books().strangers.requests()
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
