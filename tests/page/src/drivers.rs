//! The drivers that the tests share: each has one session at a time, as geckodriver can have no more.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::browser::required;

/// Those that have no session; none is read before the first is asked for.
static FREE: Mutex<Option<Vec<Driver>>> = Mutex::new(None);
static RETURNED: Condvar = Condvar::new();

/// A driver that is nobody else's until it is given back.
#[derive(Debug, Default)]
pub(crate) struct Driver {
    /// Where it listens.
    pub(crate) address: String,
    /// The address of a session that somebody left running.
    pub(crate) session: Option<String>,
}

impl Driver {
    /// One of those that `KLING_WEBDRIVER` lists with blanks between them, once one is free.
    pub(crate) fn take() -> Self {
        let mut free = lock();
        free.get_or_insert_with(|| {
            let addresses = required("KLING_WEBDRIVER");
            let driver = |address: &str| Self { address: address.trim_end_matches('/').to_owned(), session: None };
            addresses.split_whitespace().map(driver).collect()
        });
        let mut free = RETURNED
            .wait_while(free, |free| free.as_ref().is_none_or(Vec::is_empty))
            .unwrap_or_else(PoisonError::into_inner);
        free.as_mut().and_then(Vec::pop).expect("a free driver")
    }

    /// Leaves it to the next one.
    pub(crate) fn give_back(self) {
        lock().get_or_insert_default().push(self);
        RETURNED.notify_one();
    }
}

fn lock() -> MutexGuard<'static, Option<Vec<Driver>>> {
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}
