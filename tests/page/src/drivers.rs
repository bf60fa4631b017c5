//! The drivers that the tests share: each has one session at a time, as geckodriver can have no more.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::browser::required;

/// Those that have no session; none is read before the first is asked for.
static FREE: Mutex<Option<Vec<String>>> = Mutex::new(None);
static RETURNED: Condvar = Condvar::new();

/// A driver that is nobody else's until this is dropped.
#[derive(Debug)]
pub(crate) struct Driver(String);

impl Driver {
    /// One of those that `KLING_WEBDRIVER` lists with blanks between them, once one is free.
    pub(crate) fn take() -> Self {
        let mut free = lock();
        free.get_or_insert_with(|| {
            let addresses = required("KLING_WEBDRIVER");
            addresses.split_whitespace().map(|address| address.trim_end_matches('/').to_owned()).collect()
        });
        let mut free = RETURNED
            .wait_while(free, |free| free.as_ref().is_none_or(Vec::is_empty))
            .unwrap_or_else(PoisonError::into_inner);
        Self(free.as_mut().and_then(Vec::pop).expect("a free driver"))
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        &self.0
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        lock().get_or_insert_default().push(std::mem::take(&mut self.0));
        RETURNED.notify_one();
    }
}

fn lock() -> MutexGuard<'static, Option<Vec<String>>> {
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}
