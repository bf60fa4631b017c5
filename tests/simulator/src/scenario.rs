//! The scenario, which is part of the path: `/s/<name>[,key=value…]/…`.
//!
//! The scenario of the submission decides how the task goes and how its video is delivered; the
//! scenario of a query decides the response to that query. So parallel tests do not disturb each
//! other: each uses its own base URL.

use crate::answers::CODES;
use crate::content::{CONTENTS, Content};
use crate::delivery::Delivery;
use crate::family::{FAMILIES, Family};
use crate::hold::{HOLDS, Hold};
use crate::packing::{PACKINGS, Packing};
use crate::ranges::{RANGES, Ranges, Readable};
use crate::trouble::{Kind, TROUBLES, Trouble};
use axum::http::StatusCode;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Every scenario with a name of its own, and what it does; the others are a [`Place`] and one of
/// [`TROUBLES`]. The response to an unknown name lists all of them.
pub const NAMES: &[(&str, &str)] = &[
    ("demo", "succeeds at a pace that a person can follow"),
    ("ok", "succeeds within a fraction of a second"),
    ("task-failed", "the task ends as failed"),
    ("unknown-status", "while it is processing, the task has an undocumented status word"),
    ("not-found-yet", "the first times=N (3) queries of a task report that it does not exist"),
    ("submit-upstream-repeat", "the task is created, and then the submission is refused because its id is taken"),
    ("video-missing", "the delivery URL is not found"),
    ("video-forbidden", "the delivery URL has expired"),
    ("video-html", "the delivery URL returns a web page"),
    ("video-empty", "the delivery URL returns no bytes"),
    ("video-no-cors", "the delivery host sends no CORS header"),
    ("video-slow", "the video takes ms=N (1000) to arrive"),
    ("video-expired", "the first times=N (1) URLs of the video have expired; a further query returns a new one"),
    ("video-503", "the first times=N (2) downloads get HTTP 503"),
    ("video-cut", "the connections of the first times=N (1) downloads close after a third of the bytes"),
    ("video-stall", "the first times=N (1) downloads stop after a third of the bytes"),
    ("video-no-range", "as video-cut, and the host ignores ranges"),
    ("video-short", "the first times=N (1) downloads end cleanly after a third of the bytes, without a length"),
    ("video-part", "the first times=N (1) downloads get an unrequested part, a third of the bytes"),
    ("video-packed", "every download of the whole video is compressed, with the length of the compressed bytes"),
];

/// Every key that may follow the name, with what it does.
pub const KEYS: &[(&str, &str)] = &[
    ("submitted", "how many ms a task stays submitted"),
    ("processing", "how many ms it is processing after that"),
    ("upload", "how many ms it takes to read the body of a submission"),
    ("ms", "the delay of the slow scenarios, in ms"),
    ("times", "how many requests for the same task or id have the trouble"),
    ("created", "1 or 0: whether a submission with a trouble creates and charges its task"),
    ("held", "1: the response to a submission with a trouble waits for POST /release/<external id>"),
    ("status", "the HTTP status, 200 to 599, of error, word, html and empty"),
    ("code", "Kling's code of an error"),
    ("word", "the word in place of a code"),
    ("retry-after", "seconds, in a header of an error"),
    ("lookup", "0: no look-up by the id of the request finds a task"),
    ("lookup-after", "how many ms after its creation a look-up by the id of the request finds a task"),
    ("dedupe", "0: a reused id is accepted, and charged again"),
    ("content", "the gateway's own route to a video: 1 works, 0 does not exist, 502 fails"),
    (
        "ranges",
        "the response to a request for a range of the video: right, whole, 416, elsewhere (another part), liar (another part, with the headers of the right one), units (another unit), star (unknown total), total (wrong total), silent (no Content-Range)",
    ),
    ("packing", "how video-packed compresses: gzip, deflate, stored (gzip, larger than the video), br, zstd, several"),
    ("exposed", "1: pages of another origin may read the headers of the video that pages of the same origin can read"),
    ("family", "the form of the responses about a task"),
    (
        "hold",
        "where a task stops until it is released; may be given more than once; holds: answer (the response to its submission), lookup (by the id of the request), trouble (as long as it lasts), submitted, processing, video (after a third of the bytes); each POST /account/release with the key opens the next hold, in this order, of every task of the key",
    ),
    ("tag", "no effect; gives each test a base URL of its own"),
];

/// Which request has the trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The submission.
    Submit,
    /// A query of a task.
    Query,
    /// A look-up of an id that belongs to no task.
    Probe,
}

/// The prefixes of the troubles' names.
pub const PLACES: &[(&str, Place)] = &[("submit-", Place::Submit), ("query-", Place::Query), ("probe-", Place::Probe)];

/// How the task ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// `succeed`, with a video.
    Succeed,
    /// `failed`.
    Fail,
    /// As [`Ending::Succeed`], after an undocumented status word.
    SucceedStrangely,
}

/// One parsed scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// The path segment as it was given, for URLs of the same scenario.
    pub segment: String,
    /// How long a task stays `submitted`.
    pub submitted: Duration,
    /// How long it is `processing` after that.
    pub processing: Duration,
    /// How it ends.
    pub ending: Ending,
    /// The trouble, and the request that has it.
    pub trouble: Option<(Place, Trouble)>,
    /// How many requests for the same task or id have it.
    pub times: u32,
    /// What happens to a download.
    pub delivery: Delivery,
    /// How long it takes to read the body of a submission.
    pub upload: Duration,
    /// How long a slow download takes.
    pub delay: Duration,
    /// Whether a submission with a trouble creates its task, if the scenario sets it.
    pub created: Option<bool>,
    /// Whether the response to a submission with a trouble waits until it is released.
    pub held: bool,
    /// Whether a task is found by its external id.
    pub lookup: bool,
    /// How long after its creation it is found.
    pub lookup_after: Duration,
    /// Whether an external id can be used only once.
    pub dedupe: bool,
    /// Where a task stops until it is released.
    pub holds: Vec<Hold>,
    /// What the gateway's own route to a video does.
    pub content: Content,
    /// The form of the responses about a task.
    pub family: Family,
    /// How a request for a range of the video is answered.
    pub ranges: Ranges,
    /// How the video is compressed, where it is.
    pub packing: Packing,
    /// Which headers of the video a page of another origin may read.
    pub readable: Readable,
}

/// Why a path segment is no scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioError(String);

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ScenarioError {}

impl FromStr for Scenario {
    type Err = ScenarioError;

    fn from_str(segment: &str) -> Result<Self, ScenarioError> {
        let mut parts = segment.split(',');
        let name = parts.next().unwrap_or_default();
        let mut scenario = Self::named(name).ok_or_else(|| unknown(name))?;
        segment.clone_into(&mut scenario.segment);
        for part in parts {
            let (key, value) = part.split_once('=').ok_or_else(|| {
                ScenarioError(format!("expected key=value after the scenario's name, found '{part}'"))
            })?;
            scenario.set(key, value)?;
        }
        Ok(scenario)
    }
}

fn unknown(name: &str) -> ScenarioError {
    let listed = |list: &[(&str, &str)]| {
        let entries: Vec<String> = list.iter().map(|(name, what)| format!("{name} ({what})")).collect();
        entries.join("; ")
    };
    let families: Vec<&str> = FAMILIES.iter().map(|(name, _)| *name).collect();
    ScenarioError(format!(
        "unknown scenario '{name}', expected one of: {}; or submit- (the submission), query- (of a task) or probe- \
         (a look-up of an id that belongs to no task), followed by one of: {}; and after it, each after a comma, any key=value \
         of: {}; families: {}",
        listed(NAMES),
        listed(TROUBLES),
        listed(KEYS),
        families.join(", "),
    ))
}

impl Scenario {
    /// The trouble of this request.
    pub fn trouble(&self, place: Place) -> Option<&Trouble> {
        self.trouble.as_ref().filter(|(there, _)| *there == place).map(|(_, trouble)| trouble)
    }

    /// Whether a submission with this trouble creates its task.
    pub fn creates(&self, trouble: &Trouble) -> bool {
        self.created.unwrap_or_else(|| trouble.creates())
    }

    fn named(name: &str) -> Option<Self> {
        let plain = Self {
            segment: String::new(),
            submitted: Duration::from_millis(50),
            processing: Duration::from_millis(150),
            ending: Ending::Succeed,
            trouble: None,
            times: u32::MAX,
            delivery: Delivery::Fine,
            upload: Duration::ZERO,
            delay: Duration::from_secs(1),
            created: None,
            held: false,
            lookup: true,
            lookup_after: Duration::ZERO,
            dedupe: true,
            holds: Vec::new(),
            content: Content::Fine,
            family: Family::Flat,
            ranges: Ranges::Right,
            packing: Packing::Gzip,
            readable: Readable::Length,
        };
        let video = |delivery| Self { delivery, ..plain.clone() };
        let first = |times, delivery| Self { times, ..video(delivery) };
        let trouble = |place, trouble| Self { trouble: Some((place, trouble)), ..plain.clone() };
        Some(match name {
            "demo" => Self { submitted: Duration::from_secs(4), processing: Duration::from_secs(12), ..plain.clone() },
            "ok" => plain.clone(),
            "task-failed" => Self { ending: Ending::Fail, ..plain.clone() },
            "unknown-status" => Self { ending: Ending::SucceedStrangely, ..plain.clone() },
            "not-found-yet" => Self { times: 3, ..trouble(Place::Query, Trouble::new(Kind::Word)) },
            "submit-upstream-repeat" => trouble(Place::Submit, Trouble::new(Kind::Repeat)),
            "video-missing" => video(Delivery::Missing),
            "video-forbidden" => video(Delivery::Forbidden),
            "video-html" => video(Delivery::Html),
            "video-empty" => video(Delivery::Empty),
            "video-no-cors" => video(Delivery::NoCors),
            "video-slow" => video(Delivery::Slow),
            "video-expired" => first(1, Delivery::Expired),
            "video-503" => first(2, Delivery::Unavailable),
            "video-cut" => first(1, Delivery::Cut),
            "video-stall" => first(1, Delivery::Stall),
            "video-no-range" => first(1, Delivery::NoRange),
            "video-short" => first(1, Delivery::Short),
            "video-part" => first(1, Delivery::Part),
            "video-packed" => video(Delivery::Packed),
            _ => {
                let split = |(prefix, place): &(&str, Place)| Some((*place, name.strip_prefix(prefix)?));
                let (place, what) = PLACES.iter().find_map(split)?;
                let times = if what == "flaky" { 3 } else { u32::MAX };
                Self { times, ..trouble(place, Trouble::named(what)?) }
            }
        })
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), ScenarioError> {
        let expected = |what: &str| ScenarioError(format!("expected {what} for {key}, found '{value}'"));
        let number = || value.parse::<u32>().map_err(|_| expected("a whole number"));
        let flag = || match value {
            "0" => Ok(false),
            "1" => Ok(true),
            _ => Err(expected("0 or 1")),
        };
        let millis = || number().map(|n| Duration::from_millis(n.into()));
        let trouble = self.trouble.as_mut().map(|(_, trouble)| trouble);
        match key {
            "submitted" => self.submitted = millis()?,
            "processing" => self.processing = millis()?,
            "upload" => self.upload = millis()?,
            "times" => self.times = number()?,
            "created" => self.created = Some(flag()?),
            "held" => self.held = flag()?,
            "lookup" => self.lookup = flag()?,
            "lookup-after" => self.lookup_after = millis()?,
            "dedupe" => self.dedupe = flag()?,
            "hold" => {
                let found = HOLDS.iter().find(|(name, _)| *name == value);
                let hold = found.ok_or_else(|| expected("one of the holds"))?.1;
                if hold == Hold::Trouble {
                    self.times = u32::MAX;
                }
                self.holds.push(hold);
            }
            "tag" => {}
            "content" => {
                let found = CONTENTS.iter().find(|(name, _)| *name == value);
                self.content = found.ok_or_else(|| expected("0, 1 or 502"))?.1;
            }
            "family" => {
                let found = FAMILIES.iter().find(|(name, _)| *name == value);
                self.family = found.ok_or_else(|| expected("a family"))?.1;
            }
            "ranges" => {
                let found = RANGES.iter().find(|(name, _)| *name == value);
                self.ranges = found.ok_or_else(|| expected("an answer to ranges"))?.1;
            }
            "packing" => {
                let found = PACKINGS.iter().find(|(name, _)| *name == value);
                self.packing = found.ok_or_else(|| expected("a packing"))?.1;
            }
            "exposed" => self.readable = if flag()? { Readable::Lengths } else { Readable::Length },
            "ms" => {
                self.delay = millis()?;
                if let Some(trouble) = trouble {
                    trouble.delay = self.delay;
                }
            }
            // These keys have an effect on troubles only, but are always checked.
            "status" => {
                let status = number()?.try_into().ok().filter(|status| (200..600).contains(status));
                let status = status.and_then(|status| StatusCode::from_u16(status).ok());
                let status = status.ok_or_else(|| expected("200 to 599"))?;
                if let Some(trouble) = trouble {
                    trouble.status = Some(status);
                }
            }
            "code" => {
                let code = number()?;
                if !CODES.iter().any(|(known, ..)| *known == code) {
                    return Err(expected("one of Kling's error codes"));
                }
                if let Some(trouble) = trouble {
                    trouble.code = Some(code);
                }
            }
            "word" => {
                if let Some(trouble) = trouble {
                    trouble.word = Some(value.to_owned());
                }
            }
            "retry-after" => {
                let seconds = number()?;
                if let Some(trouble) = trouble {
                    trouble.retry_after = Some(seconds);
                }
            }
            _ => {
                let known: Vec<&str> = KEYS.iter().map(|(name, _)| *name).collect();
                return Err(ScenarioError(format!("unknown key '{key}', expected one of: {}", known.join(", "))));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
