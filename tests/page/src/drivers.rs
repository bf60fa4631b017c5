//! The drivers that the tests share. Each has one session at a time: geckodriver allows no more.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::browser::required;

/// The drivers without a session; `None` until the first call of `take`.
static FREE: Mutex<Option<Vec<Driver>>> = Mutex::new(None);
static RETURNED: Condvar = Condvar::new();

/// A driver that one test has for itself until it gives it back.
#[derive(Debug, Default)]
pub(crate) struct Driver {
    /// Its URL.
    pub(crate) url: String,
    /// The URL of a session that an earlier test left running.
    pub(crate) session: Option<String>,
}

impl Driver {
    /// Waits until one of the drivers in `KLING_WEBDRIVER` is free. The variable lists their URLs, separated by spaces.
    pub(crate) fn take() -> Self {
        let mut free = lock();
        free.get_or_insert_with(|| {
            let urls = required("KLING_WEBDRIVER");
            let driver = |url: &str| Self { url: url.trim_end_matches('/').to_owned(), session: None };
            urls.split_whitespace().map(driver).collect()
        });
        let mut free = RETURNED
            .wait_while(free, |free| free.as_ref().is_none_or(Vec::is_empty))
            .unwrap_or_else(PoisonError::into_inner);
        free.as_mut().and_then(Vec::pop).expect("a free driver")
    }

    /// Makes it free for the next test.
    pub(crate) fn give_back(self) {
        lock().get_or_insert_default().push(self);
        RETURNED.notify_one();
    }
}

fn lock() -> MutexGuard<'static, Option<Vec<Driver>>> {
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}
