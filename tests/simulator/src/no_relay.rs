//! In place of the relay, in a build without the feature `relay`: no relay can be made.

#![expect(clippy::needless_pass_by_value, reason = "the functions of the relay take it by value")]

use crate::service::Service;
use axum::Router;
use axum::routing::MethodRouter;
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

/// A relay that does not exist.
#[derive(Clone, Debug)]
pub struct Relay(Infallible);

/// Why a relay cannot be made.
#[derive(Debug)]
pub struct RelayError;

impl fmt::Display for RelayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a build with the feature `relay`, found one without it")
    }
}

impl std::error::Error for RelayError {}

impl Relay {
    /// Always an error.
    pub fn new(_base: &str, _key: &str) -> Result<Self, RelayError> {
        Err(RelayError)
    }
}

/// The routes of a relay.
pub fn routes(relay: Relay) -> Router {
    match relay.0 {}
}

/// The gateway's own route to a video.
pub fn content_route(_service: Arc<Service>, relay: Relay) -> MethodRouter {
    match relay.0 {}
}
