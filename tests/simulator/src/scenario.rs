//! Which service is played, said in the path: `/s/<name>[,key=value…]/…`.
//!
//! The scenario of the submission decides how the task goes and how its video is delivered; the
//! scenario of a query decides how that query is answered. So a test that runs beside others
//! switches nothing: it only talks to another base address.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Every scenario by name, with what it does; the text stands in the answer to an unknown name.
pub const NAMES: &[(&str, &str)] = &[
    ("demo", "succeeds at a pace that a person can follow"),
    ("ok", "succeeds within a fraction of a second"),
    ("task-failed", "the task ends as failed"),
    ("unknown-status", "the task is, while processing, in a status nobody knows"),
    ("submit-401", "the key is refused in the gateway's words"),
    ("submit-400", "the request is refused as invalid"),
    ("submit-429", "too many tasks at once"),
    ("submit-500", "internal error; created=1: after the task was created"),
    ("submit-html", "a page of the edge; status=N, created=1 as above"),
    ("submit-no-id", "an answer without a task id, after the task was created"),
    ("submit-slow", "the answer comes ms=N after the task was created"),
    ("query-flaky", "the first times=N queries of a task get an internal error"),
    ("query-500", "internal error"),
    ("query-401", "the key is refused in the gateway's words"),
    ("query-html", "a page of the edge; status=N"),
    ("query-slow", "the answer comes after ms=N"),
    ("not-found-yet", "the first times=N queries of a task do not find it"),
    ("probe-401", "a look-up of an id that is no task's is refused for its key"),
    ("probe-html", "a look-up of an id that is no task's gets a page of the edge"),
    ("video-missing", "the delivery address is not found"),
    ("video-forbidden", "the delivery address has expired"),
    ("video-html", "the delivery address holds a page"),
    ("video-empty", "the delivery address holds nothing"),
    ("video-no-cors", "the delivery host lets no page read"),
    ("video-slow", "the video trickles in over ms=N"),
];

/// How one answer goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// 401 in the gateway's envelope.
    Unauthorized,
    /// 400 with code 1201.
    BadRequest,
    /// 429 with code 1303.
    TooMany,
    /// 500 with code 5000.
    Internal,
    /// A page instead of JSON.
    Html,
    /// 200 with JSON that names no task.
    NoId,
    /// 400 `task_not_exist` for a task that does exist.
    NotFound,
    /// The right answer, late.
    Slow,
}

/// How the delivery of the video goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// As it should be.
    Fine,
    /// 404.
    Missing,
    /// 403, as an expired signature gets it.
    Forbidden,
    /// 200 with a page.
    Html,
    /// 200 with no bytes.
    Empty,
    /// No CORS header.
    NoCors,
    /// All bytes, slowly.
    Slow,
}

/// How the task ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// `succeed`, with a video.
    Succeed,
    /// `failed`.
    Fail,
    /// As [`Ending::Succeed`], after a status word nobody knows.
    SucceedStrangely,
}

/// One parsed scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// The segment as it was given, for addresses that lead back here.
    pub segment: String,
    /// How long a task stays `submitted`.
    pub submitted: Duration,
    /// How long it is `processing` after that.
    pub processing: Duration,
    /// How it ends.
    pub ending: Ending,
    /// What becomes of a submission.
    pub submit: Option<Trouble>,
    /// What becomes of a query of a task.
    pub query: Option<Trouble>,
    /// What becomes of a look-up of an id that is no task's.
    pub probe: Option<Trouble>,
    /// How many queries of a task meet [`Scenario::query`].
    pub times: u32,
    /// What becomes of a download.
    pub delivery: Delivery,
    /// How slow the slow ones are.
    pub delay: Duration,
    /// The HTTP status of a page.
    pub page_status: u16,
    /// Whether a submission in trouble creates its task, and charges it, all the same.
    pub created: bool,
}

/// Why a segment is no scenario.
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
        let mut scenario = Self::named(name).ok_or_else(|| {
            let known: Vec<String> = NAMES.iter().map(|(n, what)| format!("{n} ({what})")).collect();
            ScenarioError(format!("unknown scenario '{name}', expected one of: {}", known.join("; ")))
        })?;
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

impl Scenario {
    /// Whether the `asked`-th query of a task, counted from 1, meets the trouble.
    pub fn query_trouble(&self, asked: u32) -> Option<Trouble> {
        self.query.filter(|_| asked <= self.times)
    }

    fn named(name: &str) -> Option<Self> {
        let plain = Self {
            segment: String::new(),
            submitted: Duration::from_millis(50),
            processing: Duration::from_millis(150),
            ending: Ending::Succeed,
            submit: None,
            query: None,
            probe: None,
            times: u32::MAX,
            delivery: Delivery::Fine,
            delay: Duration::from_secs(1),
            page_status: 502,
            created: false,
        };
        let submit = |trouble| Self { submit: Some(trouble), ..plain.clone() };
        let query = |trouble| Self { query: Some(trouble), ..plain.clone() };
        let probe = |trouble| Self { probe: Some(trouble), ..plain.clone() };
        let video = |delivery| Self { delivery, ..plain.clone() };
        Some(match name {
            "demo" => Self { submitted: Duration::from_secs(4), processing: Duration::from_secs(12), ..plain.clone() },
            "ok" => plain.clone(),
            "task-failed" => Self { ending: Ending::Fail, ..plain.clone() },
            "unknown-status" => Self { ending: Ending::SucceedStrangely, ..plain.clone() },
            "submit-401" => submit(Trouble::Unauthorized),
            "submit-400" => submit(Trouble::BadRequest),
            "submit-429" => submit(Trouble::TooMany),
            "submit-500" => submit(Trouble::Internal),
            "submit-html" => submit(Trouble::Html),
            "submit-no-id" => Self { created: true, ..submit(Trouble::NoId) },
            "submit-slow" => Self { created: true, ..submit(Trouble::Slow) },
            "query-flaky" => Self { times: 3, ..query(Trouble::Internal) },
            "query-500" => query(Trouble::Internal),
            "query-401" => query(Trouble::Unauthorized),
            "query-html" => query(Trouble::Html),
            "query-slow" => query(Trouble::Slow),
            "not-found-yet" => Self { times: 3, ..query(Trouble::NotFound) },
            "probe-401" => probe(Trouble::Unauthorized),
            "probe-html" => probe(Trouble::Html),
            "video-missing" => video(Delivery::Missing),
            "video-forbidden" => video(Delivery::Forbidden),
            "video-html" => video(Delivery::Html),
            "video-empty" => video(Delivery::Empty),
            "video-no-cors" => video(Delivery::NoCors),
            "video-slow" => video(Delivery::Slow),
            _ => return None,
        })
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), ScenarioError> {
        let number = || {
            value
                .parse::<u32>()
                .map_err(|_| ScenarioError(format!("expected a whole number for {key}, found '{value}'")))
        };
        let millis = || number().map(|n| Duration::from_millis(n.into()));
        match key {
            "submitted" => self.submitted = millis()?,
            "processing" => self.processing = millis()?,
            "ms" => self.delay = millis()?,
            "times" => self.times = number()?,
            "created" => self.created = number()? != 0,
            "status" => {
                self.page_status = u16::try_from(number()?)
                    .ok()
                    .filter(|status| (200..600).contains(status))
                    .ok_or_else(|| ScenarioError(format!("expected 200 to 599 for status, found '{value}'")))?;
            }
            // Tells the base addresses of tests apart, and with them what is in `/requests`.
            "tag" => {}
            _ => {
                return Err(ScenarioError(format!(
                    "unknown key '{key}', expected submitted, processing, ms, times, created, status or tag"
                )));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{NAMES, Scenario, Trouble};
    use std::time::Duration;

    #[test]
    fn every_name_in_the_list_is_known() {
        for (name, _) in NAMES {
            assert!(name.parse::<Scenario>().is_ok(), "{name}");
        }
    }

    #[test]
    fn keys_change_what_they_name() {
        let scenario: Scenario = "query-flaky,times=1,submitted=20,tag=a".parse().unwrap();
        assert_eq!(scenario.submitted, Duration::from_millis(20));
        assert_eq!(scenario.query_trouble(1), Some(Trouble::Internal));
        assert_eq!(scenario.query_trouble(2), None);
    }

    #[test]
    fn unknown_names_keys_and_values_are_refused() {
        for segment in ["", "okay", "ok,times", "ok,time=3", "ok,times=-1", "ok,status=99"] {
            assert!(segment.parse::<Scenario>().is_err(), "{segment}");
        }
    }
}
