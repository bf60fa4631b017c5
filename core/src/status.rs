//! The status of a response.

/// The status of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// An HTTP status code.
    Code(u16),
    /// A redirect that was not followed. A browser shows neither its status code nor its target.
    Redirect,
}

impl Status {
    /// The status from `Response.status` of `fetch`. A redirect that was not followed has the status 0 in a browser, and its own
    /// in Node.
    pub fn from_fetch(status: u16) -> Self {
        match status {
            0 | 301..=303 | 307 | 308 => Self::Redirect,
            status => Self::Code(status),
        }
    }

    /// The status as [`Status::from_fetch`] reads it.
    pub fn to_fetch(self) -> u16 {
        self.code().unwrap_or(0)
    }

    /// The HTTP status code, unless it is unknown.
    pub fn code(self) -> Option<u16> {
        match self {
            Self::Code(code) => Some(code),
            Self::Redirect => None,
        }
    }
}
