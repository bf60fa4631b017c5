//! The bearer key of a request.

use axum::http::{HeaderMap, header};

/// Keys that are good here, and by their look nowhere else.
const PREFIX: &str = "sk-sim-";

/// Why a request has no good key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// No `Authorization` header.
    Missing,
    /// One that is not `Bearer` and a key.
    Malformed,
    /// A key that is not one of the simulator's.
    Wrong,
}

/// The key of a request.
pub fn key(headers: &HeaderMap) -> Result<&str, KeyError> {
    let value = headers.get(header::AUTHORIZATION).ok_or(KeyError::Missing)?;
    let text = value.to_str().map_err(|_| KeyError::Malformed)?;
    let key = text.strip_prefix("Bearer ").ok_or(KeyError::Malformed)?;
    if key.starts_with(PREFIX) { Ok(key) } else { Err(KeyError::Wrong) }
}
