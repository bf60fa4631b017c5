//! What this browser lends to a flow.

use web_sys::Blob;

use super::fetch::Fetcher;
use super::listener::Listener;
use super::timer::{chance, now, sleep};
use crate::endpoint::{HttpRequest, HttpResponse, TransportError};
use crate::flow::Host;
use crate::progress::Progress;

/// `fetch`, timers, clock, chance, and the caller's ear; `body` goes with the one POST.
#[expect(clippy::type_complexity, reason = "closures have no names that an alias could give")]
pub(super) fn host<'a>(
    fetcher: &'a Fetcher,
    body: Option<&'a Blob>,
    listener: &'a Listener,
) -> Host<
    impl AsyncFn(&HttpRequest) -> Result<HttpResponse, TransportError> + 'a,
    impl AsyncFn(u64) + 'a,
    impl Fn() -> u64 + 'a,
    impl Fn() -> u32 + 'a,
    impl Fn(Progress) + 'a,
> {
    Host {
        send: async move |request: &HttpRequest| fetcher.send(request, body).await,
        sleep: async |milliseconds: u64| sleep(milliseconds).await,
        now,
        chance,
        report: move |progress: Progress| listener.tell(&progress),
    }
}
