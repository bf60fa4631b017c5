//! What this browser lends to a flow.

use std::cell::RefCell;

use web_sys::Blob;

use super::listener::Listener;
use super::settings::Settings;
use super::tab::{Tab, is_online, is_seen};
use super::timer::{chance, now, sleep};
use crate::endpoint::{HttpRequest, TransportError};
use crate::flow::Host;
use crate::record::Change;

/// `fetch`, timers, clock, chance, records, the caller's ear, the other tabs that watch the same; `body` goes with the one
/// POST.
pub(super) fn host<'a>(
    settings: &'a Settings,
    body: Option<&'a RefCell<Option<Blob>>>,
    listener: &'a Listener,
    tab: &'a Tab,
) -> Host<'a> {
    Host {
        gate: &settings.gate,
        rest: Box::new(move |milliseconds| Box::pin(tab.rest(milliseconds))),
        online: Box::new(is_online),
        seen: Box::new(is_seen),
        tell: Box::new(move |echo| tab.tell(echo)),
        send: Box::new(move |request: HttpRequest| {
            let body = body.and_then(|body| body.borrow().clone());
            Box::pin(async move {
                let sent = settings.fetcher.send(&request, body.as_ref()).await;
                // What a site's own function throws may repeat the header.
                sent.map_err(|error| match &request.key {
                    Some(key) => TransportError { message: key.redact(&error.message) },
                    None => error,
                })
            })
        }),
        sleep: Box::new(|milliseconds| Box::pin(sleep(milliseconds))),
        now: Box::new(now),
        chance: Box::new(chance),
        report: Box::new(|progress| listener.tell(progress)),
        load: Box::new(move |id: String| Box::pin(async move { settings.records.load(&id).await })),
        save: Box::new(move |change: Change| Box::pin(settings.records.save(change))),
    }
}
