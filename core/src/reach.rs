//! From where a host can be reached, told from its name alone.

/// From where a host can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// From this machine only.
    Loopback,
    /// From the local network only.
    Local,
    /// From anywhere, as far as the name tells.
    Public,
}

impl Reach {
    /// Takes the `host[:port]` of an address normalised as the URL standard does it: a host of digits and dots is an IPv4
    /// address in four parts, an IPv6 address stands in brackets and is compressed.
    pub(crate) fn of(host_and_port: &str) -> Self {
        if let Some(ipv6) = host_and_port.strip_prefix('[') {
            return Self::of_ipv6(ipv6.split(']').next().unwrap_or_default());
        }
        let host = host_and_port.split(':').next().unwrap_or_default().trim_end_matches('.');
        if let Some(ipv4) = ipv4(host) {
            return Self::of_ipv4(ipv4);
        }
        let under = |domain: &str| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        if under("localhost") {
            Self::Loopback
        } else if under("local") || under("internal") {
            Self::Local
        } else {
            Self::Public
        }
    }

    /// RFC 6890: loopback, private, link-local and unspecified.
    fn of_ipv4(address: [u8; 4]) -> Self {
        match address {
            [127, ..] => Self::Loopback,
            [0 | 10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [169, 254, ..] => Self::Local,
            _ => Self::Public,
        }
    }

    /// Loopback, unspecified, unique local (`fc00::/7`), link-local (`fe80::/10`), and IPv4 in IPv6's clothes, which no
    /// public address wears.
    fn of_ipv6(address: &str) -> Self {
        let local = ["fc", "fd", "fe8", "fe9", "fea", "feb", "::ffff:"];
        match address {
            "::1" => Self::Loopback,
            "::" => Self::Local,
            _ if local.iter().any(|start| address.starts_with(start)) => Self::Local,
            _ => Self::Public,
        }
    }
}

fn ipv4(host: &str) -> Option<[u8; 4]> {
    let mut parts = host.split('.').map(|part| part.parse().ok());
    let address = [parts.next()??, parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(address)
}
