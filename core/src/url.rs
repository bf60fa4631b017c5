//! A URL, taken apart once.

/// An absolute `http:` or `https:` URL.
#[derive(Clone, Debug)]
pub(crate) struct HttpUrl {
    /// Where its path begins.
    path_start: usize,
    pub(crate) is_https: bool,
    /// Whether it contains a user name or a password.
    pub(crate) has_credentials: bool,
    /// The network of its host.
    pub(crate) network: Network,
    text: String,
}

/// From where a host can be connected to, as far as its name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Network {
    /// From this machine only.
    Loopback,
    /// From its local network only.
    Local,
    /// From anywhere.
    Public,
}

impl HttpUrl {
    /// Parses a URL that a browser has normalised, as `new URL(text).href` does: in it, a host of digits and dots is an IPv4
    /// address in four parts, and an IPv6 address is compressed and in brackets.
    ///
    /// # Errors
    ///
    /// What was found instead of such a URL.
    pub(crate) fn parse(text: String) -> Result<Self, &'static str> {
        let (is_https, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err("another scheme"),
        };
        if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err("white space in it");
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
        let (has_credentials, host_and_port) = match authority.rsplit_once('@') {
            Some((_, host_and_port)) => (true, host_and_port),
            None => (false, authority),
        };
        if host_and_port.is_empty() || host_and_port.starts_with(':') {
            return Err("no host");
        }
        let network = Network::of(host_and_port);
        let path_start = text.len().saturating_sub(rest.len()).saturating_add(authority.len());
        Ok(Self { path_start, is_https, has_credentials, network, text })
    }

    /// The URL as a string.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The URL as a string.
    pub(crate) fn into_string(self) -> String {
        self.text
    }

    /// Scheme, host and port, without a slash at the end.
    pub(crate) fn origin(&self) -> &str {
        self.text.split_at_checked(self.path_start).map_or(&self.text, |(origin, _)| origin)
    }

    /// What comes before a URL that is relative to the origin: nothing, if it is absolute.
    pub(crate) fn start_of(&self, url: &str) -> &str {
        if is_absolute(url) {
            ""
        } else if url.starts_with("//") {
            "https:"
        } else {
            let end = self.path_start.saturating_add(usize::from(!url.starts_with('/')));
            self.text.get(..end).unwrap_or_default()
        }
    }

    /// Whether it contains a query or a fragment.
    pub(crate) fn has_query_or_fragment(&self) -> bool {
        self.text.contains(['?', '#'])
    }
}

impl Network {
    /// The network of `host[:port]`, normalised.
    fn of(host_and_port: &str) -> Self {
        if let Some(ipv6) = host_and_port.strip_prefix('[') {
            return Self::of_ipv6(ipv6);
        }
        let host = host_and_port.split(':').next().unwrap_or(host_and_port).trim_end_matches('.');
        if let Some(ipv4) = ipv4(host) {
            return Self::of_ipv4(ipv4);
        }
        let is_in = |domain: &str| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        if is_in("localhost") {
            Self::Loopback
        } else if !host.contains('.') || ["local", "internal", "lan", "home.arpa"].into_iter().any(is_in) {
            Self::Local
        } else {
            Self::Public
        }
    }

    /// RFC 6890: loopback, private, shared (`100.64/10`), link-local and unspecified addresses.
    fn of_ipv4(address: [u8; 4]) -> Self {
        match address {
            [127, ..] => Self::Loopback,
            [0 | 10, ..] | [100, 64..=127, ..] | [172, 16..=31, ..] | [192, 168, ..] | [169, 254, ..] => Self::Local,
            _ => Self::Public,
        }
    }

    /// Loopback, unspecified, unique local (`fc00::/7`) and link-local (`fe80::/10`) addresses, and IPv4 addresses mapped to
    /// IPv6, which are never public. The address ends with its bracket.
    fn of_ipv6(address: &str) -> Self {
        const LOCAL: [&str; 7] = ["fc", "fd", "fe8", "fe9", "fea", "feb", "::ffff:"];
        if address.starts_with("::1]") {
            Self::Loopback
        } else if address.starts_with("::]") || LOCAL.iter().any(|start| address.starts_with(start)) {
            Self::Local
        } else {
            Self::Public
        }
    }
}

/// Whether a URL is an absolute `http:` or `https:` URL.
pub(crate) fn is_absolute(text: &str) -> bool {
    let has_scheme = |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    has_scheme("https://") || has_scheme("http://")
}

/// A string as one segment of a path: all bytes but the unreserved characters of RFC 3986 are percent-encoded. A browser
/// resolves the segments `.` and `..`, also when they are encoded once, so these are encoded twice: they name no task, but stay
/// in their place.
pub(crate) fn encoded_segment(text: &str) -> String {
    match text {
        "." => return "%252E".to_owned(),
        ".." => return "%252E%252E".to_owned(),
        _ => {}
    }
    let digit = |half: u8| half.saturating_add(if half < 10 { b'0' } else { b'7' });
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            push(&mut encoded, byte);
        } else {
            push(&mut encoded, b'%');
            push(&mut encoded, digit(byte >> 4));
            push(&mut encoded, digit(byte & 15));
        }
    }
    encoded
}

fn push(text: &mut String, byte: u8) {
    text.push(char::from(byte));
}

fn ipv4(host: &str) -> Option<[u8; 4]> {
    let mut parts = host.split('.').map(|part| part.parse().ok());
    let address = [parts.next()??, parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(address)
}
