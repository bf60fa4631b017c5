//! What polling costs, in virtual time: requests, and the time until a result is noticed. `docs/performance.md` has the tables,
//! which each test prints with `--nocapture`.

mod client;

use std::fs;
use std::path::Path;
use std::rc::Rc;

use kling_core::options::MAX_SERVICE_REQUESTS;
use kling_core::poll::Polling;

use self::client::{Client, Polls};
use crate::script::{MINUTE, SECOND};
use crate::world::executor::Executor;
use crate::world::random::Random;

/// How long a request takes, in ms.
const ROUND_TRIP_MS: u64 = 200;

/// How long tasks take, in minutes: from the shortest to the longest that was reported to succeed.
const DURATIONS_MIN: [u64; 6] = [1, 2, 5, 7, 15, 37];

/// The fixed intervals that other clients have, in ms.
const INTERVALS_MS: [u64; 4] = [500, 5_000, 6_000, 10_000];

/// How many tasks of each duration.
const SAMPLES: u32 = 100;

/// How many tasks one client watches at once.
const SIZES: [u32; 6] = [1, 4, 10, 100, 300, 1_000];

const HOUR: u64 = 60 * MINUTE;

/// A duration of about this many minutes in ms: evenly distributed over ±20 %.
fn about(minutes: u64, random: &Random) -> u64 {
    minutes * MINUTE * u64::from(80_000 + random.below(40_001)) / 100_000
}

/// Requests and delays of many tasks.
#[derive(Default)]
struct Cost {
    requests: u64,
    /// From the end of each task until it was noticed, in ms.
    delays: Vec<u64>,
    longest_gap: u64,
}

impl Cost {
    fn of(polls: impl IntoIterator<Item = Polls>) -> Self {
        let mut cost = Self::default();
        for polls in polls {
            cost.requests += polls.requests;
            cost.longest_gap = cost.longest_gap.max(polls.longest_gap);
            cost.delays.push(polls.noticed.expect("a task that was never noticed") - polls.ends);
        }
        cost.delays.sort_unstable();
        cost
    }

    fn mean_requests(&self) -> String {
        tenths(self.requests, self.delays.len() as u64)
    }

    fn mean_delay(&self) -> u64 {
        self.delays.iter().sum::<u64>() / self.delays.len() as u64
    }

    fn p95_delay(&self) -> u64 {
        self.delays[self.delays.len() * 95 / 100]
    }

    fn max_delay(&self) -> u64 {
        *self.delays.last().unwrap()
    }

    /// Mean, 95th percentile and longest delay in s.
    fn delay_columns(&self) -> String {
        [self.mean_delay(), self.p95_delay(), self.max_delay()].map(|ms| tenths(ms, SECOND)).join(" / ")
    }
}

/// A quotient with one decimal.
fn tenths(number: u64, divisor: u64) -> String {
    let tenths = (number * 10 + divisor / 2) / divisor;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// The polls of a client that waits `interval` ms before each poll.
fn fixed(interval: u64, ends: u64) -> Polls {
    let mut polls = Polls { ends, ..Polls::default() };
    let mut now = 0;
    while polls.noticed.is_none() {
        polls.requests += 1;
        now += interval + ROUND_TRIP_MS;
        polls.noticed = (now - ROUND_TRIP_MS / 2 >= ends).then_some(now);
    }
    polls
}

/// Our polls of tasks with these durations, each in a client of its own.
fn ours(durations: &[u64]) -> Cost {
    let executor = Rc::<Executor>::default();
    let watched = durations.iter().zip(0..).map(|(duration, seed)| {
        let client = Client::new(&executor, seed);
        client.watch(*duration);
        client
    });
    let clients: Vec<_> = watched.collect();
    executor.run(u64::MAX, || false);
    Cost::of(clients.iter().flat_map(|client| client.tasks.take().into_values()))
}

/// Prints the tables, and fails if the document lacks one.
#[track_caller]
#[expect(clippy::print_stdout, reason = "the tables are for readers too")]
fn documented(tables: &[&str]) {
    println!("{}", tables.join("\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/performance.md");
    let page = fs::read_to_string(path).unwrap();
    for table in tables {
        assert!(page.contains(table), "docs/performance.md does not have this table:\n\n{table}");
    }
}

#[test]
fn fewer_requests_than_a_fixed_interval_and_a_bounded_delay() {
    let names = INTERVALS_MS.map(|ms| format!("every {} s", tenths(ms, SECOND).replace(".0", "")));
    let head = format!("| Task of about | ours | {} |\n|---|---|---|---|---|---|\n", names.join(" | "));
    let (mut requests, mut delays) = (head.clone(), head);
    for minutes in DURATIONS_MIN {
        let random = Random::new(minutes as u32);
        let durations: Vec<u64> = (0..SAMPLES).map(|_| about(minutes, &random)).collect();
        let own = ours(&durations);
        let others = INTERVALS_MS.map(|interval| Cost::of(durations.iter().map(|ends| fixed(interval, *ends))));
        // 0.5 s to 6 s: more requests at any duration; 10 s: more from five minutes on.
        for (other, interval) in others.iter().zip(INTERVALS_MS) {
            assert!(interval == 10_000 && minutes < 5 || own.requests < other.requests, "{minutes} min, {interval} ms");
        }
        // A result is noticed within the longest interval of its time, with the longest jitter.
        let Polling { max_interval_ms, .. } = Polling::default();
        let interval = if minutes < 8 { max_interval_ms } else { max_interval_ms * 2 };
        assert!(own.max_delay() <= interval * 6 / 5 + 2 * ROUND_TRIP_MS, "{minutes} min: {} ms", own.max_delay());
        let row = |cell: &dyn Fn(&Cost) -> String| {
            let cells: Vec<_> = [&own].into_iter().chain(&others).map(cell).collect();
            format!("| {minutes} min | {} |\n", cells.join(" | "))
        };
        requests.push_str(&row(&Cost::mean_requests));
        delays.push_str(&row(&Cost::delay_columns));
    }
    documented(&[&requests, &delays]);
}

/// Each of the other tasks is polled at most once while a task waits for its turn.
fn max_gap(tasks: u32) -> u64 {
    let longest_interval = Polling::default().max_interval_ms * 2 * 6 / 5;
    longest_interval + (u64::from(tasks.div_ceil(MAX_SERVICE_REQUESTS)) + 1) * ROUND_TRIP_MS
}

#[test]
fn many_tasks_of_one_client_are_all_polled() {
    let mut table = "| Tasks | Requests of each | At once | Longest gap | Delay |\n|---|---|---|---|---|\n".to_owned();
    for size in SIZES {
        let executor = Rc::<Executor>::default();
        let (client, random) = (Client::new(&executor, size), Random::new(size));
        for number in 0..size as usize {
            client.watch(about(DURATIONS_MIN[number % 4], &random));
        }
        executor.run(u64::MAX, || false);
        assert_eq!(executor.counts(), [0, 0, 0], "{size} tasks leave no job, timer or waker behind");
        let (cost, at_once) = (Cost::of(client.tasks.take().into_values()), client.most_at_once.get());
        assert!(at_once <= MAX_SERVICE_REQUESTS, "{size} tasks: {at_once} requests at once");
        assert!(cost.longest_gap <= max_gap(size), "{size} tasks: {} ms", cost.longest_gap);
        let (requests, gap, delay) = (cost.mean_requests(), tenths(cost.longest_gap, SECOND), cost.delay_columns());
        let row = format!("| {size} | {requests} | {at_once} | {gap} s | {delay} |\n");
        table.push_str(&row);
    }
    documented(&[&table]);
}

#[test]
fn nothing_grows_while_tasks_are_watched_for_a_day() {
    for (size, hours) in [(1, 24), (4, 24), (5, 24), (20, 24), (200, 2)] {
        let executor = Rc::<Executor>::default();
        let client = Client::new(&executor, size);
        for _ in 0..size {
            client.watch(u64::MAX);
        }
        let jobs = size as usize;
        for hour in 1..=hours {
            executor.run(hour * HOUR, || false);
            let [left, timers, wakers] = executor.counts();
            assert_eq!(left, jobs, "{size} tasks after {hour} h");
            // One timer while it rests, two while it polls: of the request, and of its limit.
            assert!(timers <= 2 * jobs, "{size} tasks after {hour} h: {timers} timers");
            // One of the job itself, one of each timer, and one in the queue of the gate.
            assert!(wakers <= timers + 2 * jobs, "{size} tasks after {hour} h: {wakers} wakers");
        }
    }
}
