//! The bearer key of a request.

use axum::http::{HeaderMap, Uri, header};

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

/// Where a request has such a key besides the one header that it belongs in.
pub fn strays(uri: &Uri, headers: &HeaderMap) -> Vec<String> {
    let in_headers = headers
        .iter()
        .filter(|(name, value)| **name != header::AUTHORIZATION && holds_key(value.as_bytes()))
        .map(|(name, _)| format!("the key in the header {name}"));
    let in_address = holds_key(uri.to_string().as_bytes()).then(|| "the key in the address".to_owned());
    in_headers.chain(in_address).collect()
}

fn holds_key(bytes: &[u8]) -> bool {
    bytes.windows(PREFIX.len()).any(|part| part.eq_ignore_ascii_case(PREFIX.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::strays;
    use axum::http::{HeaderMap, HeaderValue, Uri, header};

    #[test]
    fn a_key_is_found_wherever_it_should_not_be() {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer sk-sim-1"));
        assert!(strays(&Uri::from_static("/v1/videos/1?x=1"), &headers).is_empty());
        headers.insert(header::REFERER, HeaderValue::from_static("http://a/?key=SK-sim-1"));
        assert_eq!(strays(&Uri::from_static("/v1/sk-sim-1"), &headers).len(), 2);
    }
}
