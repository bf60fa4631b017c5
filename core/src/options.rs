//! The options of a client and of its calls: default values, allowed values and bounds.

use crate::delay::{MAX_TIME_MS, MIN_TIME_MS};
use crate::error::Error;
use crate::poll::Polling;
use crate::retry::Backoff;

/// How many requests to the service one client has under way at most. With [`MAX_DOWNLOADS`] these are the six connections
/// that a browser makes to one host.
pub const MAX_SERVICE_REQUESTS: u32 = 4;

/// How many videos one client downloads at once at most. They are counted apart, because a download may take minutes and
/// must not delay a poll.
pub const MAX_DOWNLOADS: u32 = 2;

/// Checks a time that a caller gave, in ms: [`MIN_TIME_MS`] to [`MAX_TIME_MS`]. `None` is no number.
///
/// # Errors
///
/// [`ErrorCode::InvalidOption`](crate::error::ErrorCode::InvalidOption) for the option of this path.
pub fn checked_time(path: &str, milliseconds: Option<u64>) -> Result<u64, Error> {
    milliseconds.filter(|time| (MIN_TIME_MS..=MAX_TIME_MS).contains(time)).ok_or_else(|| {
        Error::invalid_option(path, &format!("expected ms from {MIN_TIME_MS} to {MAX_TIME_MS}"))
            .with("minimum", MIN_TIME_MS)
            .with("maximum", MAX_TIME_MS)
    })
}

/// The polling options that a caller gave, in ms.
#[derive(Clone, Copy, Debug, Default)]
pub struct PollingOptions {
    /// Before the first poll after a submission.
    pub first_delay: Option<u64>,
    /// Before the second poll.
    pub interval: Option<u64>,
    /// The upper bound of the growing interval.
    pub max_interval: Option<u64>,
    /// How long an unbroken outage is tolerated.
    pub outage_budget: Option<u64>,
    /// How long "no such task" is tolerated.
    pub not_found_grace: Option<u64>,
}

impl PollingOptions {
    /// The schedule of polls and that of retries, with the default of each option that was left out. A caller who sets the
    /// intervals sets the delays before retries too. Without `max_interval`, an interval above its default raises it.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidOption`](crate::error::ErrorCode::InvalidOption) for a `max_interval` below the interval.
    pub fn schedules(self) -> Result<(Polling, Backoff), Error> {
        let (mut polling, mut backoff) = (Polling::default(), Backoff::default());
        if let Some(first_delay) = self.first_delay {
            polling.first_delay_ms = first_delay;
        }
        if let Some(interval) = self.interval {
            (polling.interval_ms, backoff.min_delay_ms) = (interval, interval);
            polling.max_interval_ms = polling.max_interval_ms.max(interval);
            backoff.max_delay_ms = backoff.max_delay_ms.max(interval);
        }
        if let Some(max_interval) = self.max_interval {
            (polling.max_interval_ms, backoff.max_delay_ms) = (max_interval, max_interval);
        }
        if let Some(outage_budget) = self.outage_budget {
            (polling.outage_budget_ms, backoff.budget_ms) = (outage_budget, outage_budget);
        }
        if let Some(not_found_grace) = self.not_found_grace {
            polling.not_found_grace_ms = not_found_grace;
        }
        if polling.max_interval_ms < polling.interval_ms {
            return Err(Error::invalid_option("polling.maxInterval", "expected at least the interval"));
        }
        Ok((polling, backoff))
    }
}

/// Where records and kept videos are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StoreKind {
    /// In the browser's database. In memory where there is none.
    #[default]
    IndexedDb,
    /// In memory, as long as the page lives.
    Memory,
}

impl StoreKind {
    /// Reads the `store` option.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidOption`](crate::error::ErrorCode::InvalidOption) for another word.
    pub fn parse(word: &str) -> Result<Self, Error> {
        [Self::IndexedDb, Self::Memory]
            .into_iter()
            .find(|kind| kind.as_str() == word)
            .ok_or_else(|| Error::invalid_option("options.store", "expected \"indexeddb\" or \"memory\""))
    }

    /// The word of the option.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IndexedDb => "indexeddb",
            Self::Memory => "memory",
        }
    }
}

/// The name of a store, which separates the records of several apps on one origin. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreName(String);

impl StoreName {
    /// Reads the `storeName` option.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::InvalidOption`](crate::error::ErrorCode::InvalidOption) for an empty string.
    pub fn parse(name: String) -> Result<Self, Error> {
        if name.is_empty() {
            return Err(Error::invalid_option("options.storeName", "expected a string that is not empty"));
        }
        Ok(Self(name))
    }

    /// The name as a string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for StoreName {
    fn default() -> Self {
        Self("kling-multi-image2video".to_owned())
    }
}
