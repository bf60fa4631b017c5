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
    /// The status from `Response.status` of `fetch`, where 0 stands for a redirect that was not followed.
    pub fn from_fetch(status: u16) -> Self {
        if status == 0 { Self::Redirect } else { Self::Code(status) }
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
