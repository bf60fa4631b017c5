//! Tasks and responses that wait until a test releases them, so that no test depends on the speed of the machine.

use crate::key::key;
use crate::service::Service;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// Every value of the key `hold`, in the order in which they are opened.
pub const HOLDS: &[(&str, Hold)] = &[
    ("answer", Hold::Answer),
    ("lookup", Hold::Lookup),
    ("trouble", Hold::Trouble),
    ("submitted", Hold::Submitted),
    ("processing", Hold::Processing),
    ("video", Hold::Video),
];

/// Where a task stops until it is released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// The answer to its submission is not sent.
    Answer,
    /// No look-up by the id of the request finds it.
    Lookup,
    /// Its queries and downloads meet the trouble of the scenario.
    Trouble,
    /// It stays submitted.
    Submitted,
    /// It stays processing.
    Processing,
    /// Its downloads stop after a third of the bytes.
    Video,
}

/// Which submissions were released.
#[derive(Debug, Default)]
pub struct Holds {
    /// Key and external id.
    released: Mutex<HashSet<(String, String)>>,
    changed: Notify,
}

impl Holds {
    /// Waits until [`Holds::release`] was called for this submission, before or after this call.
    pub async fn wait(&self, key: &str, external: &str) {
        loop {
            let changed = self.changed.notified();
            if self.is_released(key, external) {
                return;
            }
            changed.await;
        }
    }

    /// Sends the response.
    pub fn release(&self, key: &str, external: &str) {
        let mut released = self.released.lock().unwrap_or_else(PoisonError::into_inner);
        released.insert((key.to_owned(), external.to_owned()));
        self.changed.notify_waiters();
    }

    fn is_released(&self, key: &str, external: &str) -> bool {
        let released = self.released.lock().unwrap_or_else(PoisonError::into_inner);
        released.contains(&(key.to_owned(), external.to_owned()))
    }
}

/// `POST /release/{external id}`
pub async fn release(
    State(service): State<Arc<Service>>,
    Path(external): Path<String>,
    headers: HeaderMap,
) -> Response {
    match key(&headers) {
        Ok(key) => {
            service.holds.release(key, &external);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => error.into(),
    }
}
