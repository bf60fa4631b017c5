//! The faults of one world, and their times.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::download::hosts::LENGTH;
use crate::script::{MINUTE, SECOND};

const HOUR: u64 = 60 * MINUTE;

/// How many tabs are open.
pub(crate) const TABS: usize = 3;

/// How many clients each page has.
pub(crate) const CLIENTS: usize = 2;

/// The service, the browser and the faults of one world.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    /// Whether the service refuses an external id that it knows.
    pub(crate) dedupes: bool,
    /// Whether the service finds a task by its external id.
    pub(crate) finds: bool,
    /// Whether the browser has locks.
    pub(crate) has_locks: bool,
    /// How long a task is not found after it was created.
    pub(crate) lag: u64,
    /// How long a task takes.
    pub(crate) takes: u64,
    /// The seed of the random numbers.
    pub(crate) seed: u32,
    /// The faults of the first paid requests.
    pub(crate) posts: Vec<PostFault>,
    /// The faults of the first GET requests.
    pub(crate) gets: Vec<GetFault>,
    pub(crate) delivery: Delivery,
    /// The events, each with its time after the previous one in ms.
    pub(crate) events: Vec<(u64, Event)>,
}

/// The delivery host.
#[derive(Clone, Debug, Default)]
pub(crate) struct Delivery {
    /// The faults of the first requests to it.
    pub(crate) faults: Vec<DeliveryFault>,
    /// Whether it lets no page read.
    pub(crate) is_blocked: bool,
}

/// What happens to a paid request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PostFault {
    Fine,
    /// The connection breaks before the request has arrived.
    LostBefore,
    /// The connection breaks before the response.
    LostAfter,
    /// The connection breaks, but the request arrives this many ms later.
    Late(u64),
    /// The response takes this many ms.
    Slow(u64),
    /// No response comes; `true`: the request did arrive.
    Stalled(bool),
    /// The browser or the gateway sends it again.
    Repeated,
    /// A response without a task; `true`: the task was created.
    Odd(Odd, bool),
    /// The service throttles the request.
    Busy(u16),
    /// The service refuses the request.
    Refused(Refusal),
}

/// What happens to a GET request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum GetFault {
    Fine,
    Lost,
    Stalled,
    /// The response is created at once, and takes this many ms.
    Slow(u64),
    /// The service does not find the task.
    Absent,
    Busy,
    Odd(Odd),
}

/// What happens to a request for the video.
#[derive(Clone, Copy, Debug)]
pub(crate) enum DeliveryFault {
    Fine,
    Lost,
    /// A response of this status without a video.
    Refused(u16),
    /// The body ends cleanly after this many bytes, without a length.
    Cut(usize),
    /// The connection breaks after this many bytes of the body.
    Broken(usize),
    /// The body stalls after this many bytes.
    Stalled(usize),
    /// Each piece of the body takes this many ms.
    Slow(u64),
    /// The body is compressed to this length.
    Packed(usize),
    /// An unrequested part: this many bytes.
    Part(usize),
    /// A part that begins with this byte, also if another one was requested.
    OtherPart(usize),
}

/// A response that does not show whether a task exists.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Odd {
    ServerError,
    BadGateway,
    EdgeTimeout,
    RequestTimeout,
    Empty,
    Broken,
    WithoutId,
    SuccessInHtml,
}

/// A refusal that proves that no task was created.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refusal {
    Parameters,
    Key,
    Balance,
    Html,
    TooLarge,
    InvalidRequest,
    Redirect,
}

/// What happens in the browser.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    /// A submission in this tab, by this client of its page, under this id.
    Submit(usize, usize, u8),
    /// The same, but its caller dies after this many polls of the future.
    Die(usize, u8, u32, Death),
    /// All submissions of this tab are aborted.
    Abort(usize),
    /// The tab crashes or is reloaded, and its page continues all listed records.
    Reload(usize),
    /// The page continues all listed records.
    Resume(usize),
    Freeze(usize, u64),
    Show(usize, bool),
    Offline(u64),
    /// The wall clock changes.
    Clock(Clock),
    /// This many of the next calls of the storage fail.
    StorageFails(u32),
}

/// How a caller ends before its submission does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Death {
    /// Its signal aborts, or its client is closed.
    Abort,
    /// Its tab crashes, and a new one replaces it.
    Crash,
}

/// How the wall clock runs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Clock {
    /// It runs, this many ms fast or slow.
    Shift(i64),
    /// It stands still.
    Frozen,
    /// It is not a number.
    NotANumber,
    /// It runs backwards.
    Backwards,
}

fn odd() -> impl Strategy<Value = Odd> {
    use Odd::{BadGateway, Broken, EdgeTimeout, Empty, RequestTimeout, ServerError, SuccessInHtml, WithoutId};
    prop::sample::select(&[
        ServerError,
        BadGateway,
        EdgeTimeout,
        RequestTimeout,
        Empty,
        Broken,
        WithoutId,
        SuccessInHtml,
    ])
}

fn refusal() -> impl Strategy<Value = Refusal> {
    use Refusal::{Balance, Html, InvalidRequest, Key, Parameters, Redirect, TooLarge};
    prop::sample::select(&[Parameters, Key, Balance, Html, TooLarge, InvalidRequest, Redirect])
}

/// Short times are as likely as long ones.
fn time(longest: u64) -> impl Strategy<Value = u64> {
    prop_oneof![0..2 * SECOND, 2 * SECOND..MINUTE, MINUTE..longest.max(2 * MINUTE)]
}

fn post_fault() -> impl Strategy<Value = PostFault> {
    prop_oneof![
        2 => Just(PostFault::Fine),
        1 => Just(PostFault::LostBefore),
        2 => Just(PostFault::LostAfter),
        1 => time(10 * MINUTE).prop_map(PostFault::Late),
        1 => time(10 * MINUTE).prop_map(PostFault::Slow),
        1 => any::<bool>().prop_map(PostFault::Stalled),
        2 => Just(PostFault::Repeated),
        3 => (odd(), any::<bool>()).prop_map(|(odd, is_created)| PostFault::Odd(odd, is_created)),
        2 => prop::sample::select(&[1302, 1303]).prop_map(PostFault::Busy),
        1 => refusal().prop_map(PostFault::Refused),
    ]
}

fn get_fault() -> impl Strategy<Value = GetFault> {
    prop_oneof![
        4 => Just(GetFault::Fine),
        1 => Just(GetFault::Lost),
        1 => Just(GetFault::Stalled),
        1 => time(2 * MINUTE).prop_map(GetFault::Slow),
        2 => Just(GetFault::Absent),
        1 => Just(GetFault::Busy),
        2 => odd().prop_map(GetFault::Odd),
    ]
}

fn delivery_fault() -> impl Strategy<Value = DeliveryFault> {
    let refused = prop::sample::select(&[403, 404, 410, 416, 429, 500, 503]);
    prop_oneof![
        2 => Just(DeliveryFault::Fine),
        1 => Just(DeliveryFault::Lost),
        1 => refused.prop_map(DeliveryFault::Refused),
        2 => (0..=LENGTH).prop_map(DeliveryFault::Cut),
        2 => (0..=LENGTH).prop_map(DeliveryFault::Broken),
        1 => (0..=LENGTH).prop_map(DeliveryFault::Stalled),
        1 => time(MINUTE).prop_map(DeliveryFault::Slow),
        2 => (0..2 * LENGTH).prop_map(DeliveryFault::Packed),
        2 => (0..=LENGTH).prop_map(DeliveryFault::Part),
        1 => (0..LENGTH).prop_map(DeliveryFault::OtherPart),
    ]
}

fn death() -> impl Strategy<Value = Death> {
    prop::sample::select(&[Death::Abort, Death::Crash])
}

fn clock() -> impl Strategy<Value = Clock> {
    let day = i64::try_from(24 * HOUR).unwrap();
    prop_oneof![
        3 => (-day..day).prop_map(Clock::Shift),
        1 => Just(Clock::Frozen),
        1 => Just(Clock::NotANumber),
        1 => Just(Clock::Backwards),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let tab = 0..TABS;
    prop_oneof![
        6 => (tab.clone(), 0..CLIENTS, 0..2_u8).prop_map(|(tab, client, id)| Event::Submit(tab, client, id)),
        3 => (tab.clone(), 0..2_u8, 0..60_u32, death()).prop_map(|(tab, id, polls, death)| Event::Die(tab, id, polls, death)),
        2 => tab.clone().prop_map(Event::Abort),
        4 => tab.clone().prop_map(Event::Reload),
        2 => tab.clone().prop_map(Event::Resume),
        2 => (tab.clone(), time(HOUR)).prop_map(|(tab, time)| Event::Freeze(tab, time)),
        2 => (tab, any::<bool>()).prop_map(|(tab, is_visible)| Event::Show(tab, is_visible)),
        2 => time(3 * HOUR).prop_map(Event::Offline),
        1 => clock().prop_map(Event::Clock),
        1 => (1..6_u32).prop_map(Event::StorageFails),
    ]
}

/// All worlds with at least one submission.
pub(crate) fn schedules() -> impl Strategy<Value = Schedule> {
    let service = (any::<bool>(), any::<bool>(), prop::sample::select(&[0, 5 * SECOND, MINUTE]), 0..10 * MINUTE);
    let browser = (prop::bool::weighted(0.8), any::<u32>());
    let faults = (vec(post_fault(), 0..5), vec(get_fault(), 0..12));
    let delivery = (vec(delivery_fault(), 0..8), prop::bool::weighted(0.2));
    let events = vec((time(10 * MINUTE), event()), 0..10);
    (service, browser, faults, events, 0..TABS, delivery).prop_map(
        |(service, browser, faults, mut events, tab, delivery)| {
            events.insert(0, (0, Event::Submit(tab, 0, 0)));
            let (dedupes, finds, lag, takes) = service;
            let ((has_locks, seed), (posts, gets), (delivery_faults, is_blocked)) = (browser, faults, delivery);
            let delivery = Delivery { faults: delivery_faults, is_blocked };
            Schedule { dedupes, finds, has_locks, lag, takes, seed, posts, gets, delivery, events }
        },
    )
}
