//! Addresses that the service, not this browser, will fetch from.

use crate::issue::{Issue, IssueCode};
use crate::reach::Reach;

/// A public `http:` or `https:` address of an image. The service fetches it; nothing of it is checked here but its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageUrl(String);

impl ImageUrl {
    /// Takes an address that is absolute and normalised, as the URL standard does it.
    pub(super) fn check(path: &str, text: String) -> Result<Self, Issue> {
        match public_host(&text) {
            Ok(()) => Ok(Self(text)),
            Err(found) => {
                let message = format!(
                    "expected a public http(s): address that the service can reach, found {found}; pass the file itself"
                );
                Err(Issue::error(IssueCode::BadUrl, path, message))
            }
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Checks that an address is one that a server elsewhere can reach; says what it found if not.
pub(super) fn public_host(url: &str) -> Result<(), &'static str> {
    let Some(rest) = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")) else {
        return Err("another scheme");
    };
    if url.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("white space in it");
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host_and_port = authority.rfind('@').and_then(|at| authority.get(at..)?.get(1..)).unwrap_or(authority);
    if host_and_port.is_empty() || host_and_port.starts_with(':') {
        return Err("no host");
    }
    match Reach::of(host_and_port) {
        Reach::Public => Ok(()),
        Reach::Loopback => Err("an address of this machine"),
        Reach::Local => Err("an address of a local network"),
    }
}
