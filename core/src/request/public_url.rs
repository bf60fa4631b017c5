//! URLs that the service requests, and not this browser.

use crate::issue::{Issue, IssueCode};
use crate::url::{HttpUrl, Network};

/// An `http:` or `https:` URL that the service can connect to, as far as its host says: of an image, or of the caller's
/// server, to which the service reports each change of the task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// Checks a URL that a browser has normalised. `advice` ends the message of the issue.
    pub(super) fn check(path: &str, text: String, advice: &str) -> Result<Self, Issue> {
        let found = match HttpUrl::parse(text) {
            Ok(url) => match url.network {
                Network::Public => return Ok(Self(url.into_string())),
                Network::Loopback => "a URL of this machine",
                Network::Local => "a URL of a local network",
            },
            Err(found) => found,
        };
        let message = format!("expected a public http(s): URL that the service can reach, found {found}{advice}");
        Err(Issue::error(IssueCode::BadUrl, path, message))
    }

    /// The URL as a string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
