//! One task, from its acceptance to its video.

use crate::delivery::Delivery;
use crate::family::{Family, encoded};
use crate::hold::{HOLDS, Hold};
use crate::movie::Script;
use crate::pictures::{Finding, Frame};
use crate::request::{Aspect, Mode, Submission};
use crate::scenario::{Ending, Scenario};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

/// The result of the inspection of a task's images.
#[derive(Debug)]
pub struct Inspection {
    /// One per picture, in order.
    pub findings: Vec<Finding>,
    /// One per picture without a fault, in order.
    pub frames: Vec<Arc<Frame>>,
}

/// An accepted and charged submission.
#[derive(Debug)]
pub struct Task {
    /// 18 digits, more than a JavaScript number holds exactly.
    pub id: String,
    /// The caller's own id.
    pub external_task_id: Option<String>,
    /// The scenario of the submission.
    pub scenario: Scenario,
    /// What the submission cost, in cents of a US dollar.
    pub cents: u32,
    /// The length of the body of the submission, in bytes.
    pub body_bytes: usize,
    /// How many pictures were submitted.
    pub image_count: usize,
    seconds: u32,
    aspect: Aspect,
    created: SystemTime,
    inspection: watch::Sender<Option<Arc<Inspection>>>,
    signatures: AtomicU32,
    /// The opened holds, each with the age of the task at that moment.
    opened: watch::Sender<Vec<(Hold, Duration)>>,
}

/// The phase of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Waiting.
    Submitted,
    /// Being processed.
    Processing,
    /// Done.
    Succeed,
    /// Failed, and why.
    Failed(&'static str),
}

/// A task at one moment, for a response about it. Times are in milliseconds of Unix time.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The task's id.
    pub id: String,
    /// The caller's own id.
    pub external_task_id: Option<String>,
    /// What it cost.
    pub cents: u32,
    /// How long the video was asked to be.
    pub seconds: u32,
    /// Its phase.
    pub phase: Phase,
    /// Kling's word for the phase.
    pub word: &'static str,
    /// When it was accepted.
    pub created: u64,
    /// When processing began or will begin.
    pub begun: u64,
    /// When the phase began.
    pub updated: u64,
    /// The URL of the video, once there is one.
    pub url: Option<String>,
}

impl Task {
    /// A task that begins now.
    pub fn new(submission: &Submission, body_bytes: usize, scenario: Scenario) -> Self {
        let created = SystemTime::now();
        Self {
            id: if scenario.family == Family::Words {
                format!("video:{}/x==", task_id(created))
            } else {
                task_id(created)
            },
            external_task_id: submission.external_task_id.clone(),
            scenario,
            cents: price(submission.mode, submission.seconds),
            body_bytes,
            image_count: submission.pictures.len(),
            seconds: submission.seconds,
            aspect: submission.aspect,
            created,
            inspection: watch::Sender::new(None),
            signatures: AtomicU32::new(0),
            opened: watch::Sender::new(Vec::new()),
        }
    }

    /// Sets the result of the inspection.
    pub fn set_inspection(&self, inspection: Inspection) {
        self.inspection.send_replace(Some(Arc::new(inspection)));
    }

    /// Waits for the result of the inspection.
    pub async fn inspection(&self) -> Arc<Inspection> {
        let mut inspection = self.inspection.subscribe();
        loop {
            if let Some(known) = inspection.borrow_and_update().clone() {
                return known;
            }
            // This cannot fail: the sender lives in `self`.
            let _ = inspection.changed().await;
        }
    }

    /// How long ago it was accepted.
    pub fn age(&self) -> Duration {
        self.created.elapsed().unwrap_or_default()
    }

    /// Opens the next hold, if the task has reached it. Returns whether it did.
    pub fn release(&self) -> bool {
        let age = self.age();
        self.opened.send_if_modified(|opened| {
            let is_closed = |hold: Hold| self.holds(hold) && !opened.iter().any(|(other, _)| *other == hold);
            let Some((_, hold)) = HOLDS.iter().find(|(_, hold)| is_closed(*hold)) else { return false };
            let since = match hold {
                Hold::Processing => self.begin(opened),
                Hold::Video => self.end(opened),
                Hold::Answer | Hold::Lookup | Hold::Trouble | Hold::Submitted => Some(Duration::ZERO),
            };
            let is_reached = since.is_some_and(|since| age >= since);
            if is_reached {
                opened.push((*hold, age));
            }
            is_reached
        })
    }

    /// Whether the task stops at this hold and is not released yet.
    pub fn is_held(&self, hold: Hold) -> bool {
        self.holds(hold) && opening(&self.opened.borrow(), hold).is_none()
    }

    /// Waits until the task is not held at this hold.
    pub async fn pass(&self, hold: Hold) {
        let mut opened = self.opened.subscribe();
        // This cannot fail: the sender lives in `self`.
        let _ = opened.wait_for(|opened| !self.holds(hold) || opening(opened, hold).is_some()).await;
    }

    fn holds(&self, hold: Hold) -> bool {
        self.scenario.holds.contains(&hold)
    }

    /// The age at which processing begins, if it is known.
    fn begin(&self, opened: &[(Hold, Duration)]) -> Option<Duration> {
        if self.holds(Hold::Submitted) { opening(opened, Hold::Submitted) } else { Some(self.scenario.submitted) }
    }

    /// The age at which it ends, if it is known.
    fn end(&self, opened: &[(Hold, Duration)]) -> Option<Duration> {
        if self.holds(Hold::Processing) {
            return opening(opened, Hold::Processing);
        }
        Some(self.begin(opened)? + self.scenario.processing)
    }

    /// The task at its acceptance.
    pub fn beginning(&self) -> Snapshot {
        self.at(Phase::Submitted, Duration::ZERO, None)
    }

    /// The task now; `origin` is the origin of the delivery URL.
    pub async fn snapshot(&self, origin: &str) -> Snapshot {
        let (phase, since) = self.phase().await;
        let url = (phase == Phase::Succeed).then(|| self.delivery_url(origin));
        self.at(phase, since, url)
    }

    /// How many URLs were signed; the last one has this number.
    pub fn signatures(&self) -> u32 {
        self.signatures.load(Ordering::Relaxed)
    }

    /// The URL of the video, with a new signature if signatures expire.
    fn delivery_url(&self, origin: &str) -> String {
        let url = format!("{origin}/s/{}/delivery/{}.mp4", self.scenario.segment, encoded(&self.id));
        if self.scenario.delivery != Delivery::Expired {
            return url;
        }
        let before = self.signatures.fetch_add(1, Ordering::Relaxed);
        format!("{url}?sig={}", before.saturating_add(1))
    }

    fn at(&self, phase: Phase, since: Duration, url: Option<String>) -> Snapshot {
        let begun = self.begin(&self.opened.borrow()).unwrap_or(self.scenario.submitted);
        Snapshot {
            id: self.id.clone(),
            external_task_id: self.external_task_id.clone(),
            cents: self.cents,
            seconds: self.seconds,
            phase,
            word: self.status_word(phase),
            created: millis(self.created),
            begun: millis(self.created + begun),
            updated: millis(self.created + since),
            url,
        }
    }

    /// The content of the video, if the task has succeeded.
    pub async fn script(&self) -> Option<Script> {
        if self.phase().await.0 != Phase::Succeed {
            return None;
        }
        let frames = self.inspection().await.frames.clone();
        Some(Script { frames, seconds: self.seconds, aspect: self.aspect })
    }

    /// The phase, and the age at which it began.
    async fn phase(&self) -> (Phase, Duration) {
        let elapsed = self.age();
        let (begin, end) = {
            let opened = self.opened.borrow();
            (self.begin(&opened), self.end(&opened))
        };
        let Some(begin) = begin.filter(|begin| elapsed >= *begin) else { return (Phase::Submitted, Duration::ZERO) };
        let Some(end) = end.filter(|end| elapsed >= *end) else { return (Phase::Processing, begin) };
        let inspection = self.inspection().await;
        let fault = inspection.findings.iter().find_map(|finding| finding.fault);
        let phase = match (fault, self.scenario.ending) {
            (Some(fault), _) => Phase::Failed(fault),
            (None, Ending::Fail) => Phase::Failed("Failure to pass the risk control system"),
            (None, Ending::Succeed | Ending::SucceedStrangely) => Phase::Succeed,
        };
        (phase, end)
    }

    fn status_word(&self, phase: Phase) -> &'static str {
        match phase {
            Phase::Submitted => "submitted",
            Phase::Processing if self.scenario.ending == Ending::SucceedStrangely => "upscaling",
            Phase::Processing => "processing",
            Phase::Succeed => "succeed",
            Phase::Failed(_) => "failed",
        }
    }
}

impl Snapshot {
    /// The id of its video.
    pub fn video_id(&self) -> String {
        format!("{}7", self.id)
    }
}

/// When a hold was opened.
fn opening(opened: &[(Hold, Duration)], hold: Hold) -> Option<Duration> {
    opened.iter().find(|(other, _)| *other == hold).map(|(_, age)| *age)
}

/// The provider's price list for this model.
fn price(mode: Mode, seconds: u32) -> u32 {
    match (mode, seconds) {
        (Mode::Standard, 5) => 26,
        (Mode::Standard, _) => 53,
        (Mode::Professional, 5) => 46,
        (Mode::Professional, _) => 92,
    }
}

/// Unique digits, also after a restart: the time, then a count. The number is odd, so rounding to a JavaScript
/// number always changes it.
fn task_id(now: SystemTime) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed) % 50_000;
    format!("{}{:05}", millis(now), count * 2 + 1)
}

fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
