//! How far the browser is believed when it reports that it is offline.

use super::Host;
use crate::delay::Countdown;
use crate::progress::{Progress, WaitingReason};

/// How long to believe a browser that reports offline, in ms. Some report it wrongly, and a service on the same machine needs
/// no network.
const OFFLINE_DOUBT_MS: u64 = 60_000;

/// What the browser reports of its network, and whether to believe it.
///
/// ```text
///   online ──── browser reports offline ────► offline ── 60 s passed ──► try a request
///     ▲                                          │
///     └──────── browser reports online ──────────┘
/// ```
#[derive(Debug)]
pub(super) struct Connectivity {
    /// Whether a report of "offline" is believed.
    is_believed: bool,
    /// When to try a request although the browser reports offline; `None` while it is online.
    doubt: Option<Countdown>,
}

impl Default for Connectivity {
    fn default() -> Self {
        Self { is_believed: true, doubt: None }
    }
}

impl Connectivity {
    /// Does not believe "offline" before the first request has failed.
    pub(super) fn unproven() -> Self {
        Self { is_believed: false, doubt: None }
    }

    /// Takes the result of a request: one that succeeds proves that a browser which reports offline is wrong.
    pub(super) fn update(&mut self, is_answered: bool, is_online: bool) {
        self.is_believed = is_online || !is_answered;
        self.doubt = None;
    }

    /// Whether the browser reports offline and is believed.
    pub(super) fn is_offline(&self, host: &impl Host) -> bool {
        self.is_believed && !host.is_online()
    }

    /// Whether the browser was offline at the last call of [`offline_doubt`](Self::offline_doubt).
    pub(super) fn was_offline(&self) -> bool {
        self.doubt.is_some()
    }

    /// How many ms to wait for the network before a request is tried all the same; 0 while online. Reports to the listener
    /// when the network goes.
    pub(super) fn offline_doubt(&mut self, host: &impl Host, now: u64, elapsed: impl FnOnce() -> u64) -> u64 {
        if !self.is_offline(host) {
            self.doubt = None;
            return 0;
        }
        let report = || {
            let (reason, elapsed) = (WaitingReason::Offline, elapsed());
            host.report(&Progress::Waiting { reason, elapsed, next_poll_in: None, error: None });
            Countdown::new(now, OFFLINE_DOUBT_MS)
        };
        self.doubt.get_or_insert_with(report).remaining(now)
    }
}
