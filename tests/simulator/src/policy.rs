//! Which headers a page may set, and the check of it.
//!
//! The preflight announces the headers that a page sets in a cross-origin request. Same-origin requests have no
//! preflight, so every header that browsers do not send by themselves is checked too.

use axum::http::{HeaderMap, HeaderName, Method, header};

/// The target of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// The endpoint itself.
    Endpoint,
    /// One task of it, by either id.
    Task(&'a str),
    /// The video of the task with this id.
    Video(&'a str),
    /// The same with the key, from the gateway.
    Content(&'a str),
    /// The target of a redirect that must not be followed.
    Elsewhere,
}

const BY_BROWSERS: &[HeaderName] = &[
    header::USER_AGENT,
    header::ORIGIN,
    header::REFERER,
    header::HOST,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CACHE_CONTROL,
    header::PRAGMA,
    header::DNT,
    header::TE,
    header::UPGRADE_INSECURE_REQUESTS,
    header::RANGE,
    header::IF_RANGE,
    header::IF_MODIFIED_SINCE,
    header::IF_NONE_MATCH,
];

const BY_BROWSERS_WITHOUT_CONSTANT: &[&str] = &["priority", "keep-alive", "save-data", "purpose"];

impl<'a> Target<'a> {
    /// The target of a path below `/s/`, or of the gateway's own route; `None` for any other path.
    pub fn of(path: &'a str) -> Option<Self> {
        if let Some(id) = path.strip_prefix('/').and_then(content) {
            return Some(Self::Content(id));
        }
        let (_scenario, rest) = path.strip_prefix("/s/")?.split_once('/')?;
        if let Some(file) = rest.strip_prefix("delivery/") {
            return file.strip_suffix(".mp4").map(Self::Video);
        }
        if let Some(id) = content(rest) {
            return Some(Self::Content(id));
        }
        if rest == "elsewhere" {
            return Some(Self::Elsewhere);
        }
        match rest.strip_prefix("kling/v1/videos/multi-image2video")? {
            "" => Some(Self::Endpoint),
            id => id.strip_prefix('/').map(Self::Task),
        }
    }

    /// The scenario of a path below `/s/`.
    pub fn segment(path: &'a str) -> Option<&'a str> {
        Some(path.strip_prefix("/s/")?.split_once('/')?.0)
    }

    /// The id in the path.
    pub fn id(self) -> Option<&'a str> {
        match self {
            Self::Endpoint | Self::Elsewhere => None,
            Self::Task(id) | Self::Video(id) | Self::Content(id) => Some(id),
        }
    }

    /// The headers that a page sets itself, as in a preflight: sorted, in lower case.
    fn set_by_pages(self) -> &'static [&'static str] {
        match self {
            Self::Endpoint => &["authorization", "content-type"],
            Self::Task(_) | Self::Content(_) => &["authorization"],
            // Older browsers send a preflight for it, newer ones do not.
            Self::Video(_) => &["range"],
            Self::Elsewhere => &[],
        }
    }

    /// The violations of a request.
    pub fn violations(self, method: &Method, headers: &HeaderMap) -> Vec<String> {
        if self == Self::Elsewhere {
            return vec!["unexpected request, expected no redirect to be followed".to_owned()];
        }
        if *method == Method::OPTIONS {
            return self.preflight_violations(headers);
        }
        let allowed = self.set_by_pages();
        let mut found = Vec::new();
        for name in headers.keys() {
            let text = name.as_str();
            if !allowed.contains(&text) && !sent_by_browsers(name) {
                let expected = or_none(allowed);
                found.push(format!("unexpected header {text}, expected {expected} besides a browser's own"));
            }
        }
        if self == Self::Endpoint && !is_json(headers) {
            found.push("expected content-type application/json".to_owned());
        }
        found
    }

    fn preflight_violations(self, headers: &HeaderMap) -> Vec<String> {
        let asked = asked_for(headers).unwrap_or_default();
        if matches!(self, Self::Video(_)) && !is_for_range(headers) {
            return vec![format!("unexpected preflight of a download, for '{asked}'")];
        }
        let allowed = self.set_by_pages();
        let strange = asked
            .split(',')
            .map(str::trim)
            .any(|name| !name.is_empty() && !allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(name)));
        if strange {
            let expected = or_none(allowed);
            return vec![format!("expected a preflight for {expected}, found one for '{asked}'")];
        }
        Vec::new()
    }
}

/// The id in `v1/videos/{id}/content`.
fn content(path: &str) -> Option<&str> {
    let id = path.strip_prefix("v1/videos/")?.strip_suffix("/content")?;
    (!id.is_empty() && !id.contains('/')).then_some(id)
}

/// The headers that a preflight asks for.
pub fn asked_for(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS)?.to_str().ok()
}

/// Whether a preflight asks for the range header only.
pub fn is_for_range(headers: &HeaderMap) -> bool {
    asked_for(headers).is_some_and(|names| names.trim().eq_ignore_ascii_case("range"))
}

/// Whether the content type is JSON, with or without a charset.
pub fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

fn sent_by_browsers(name: &HeaderName) -> bool {
    let text = name.as_str();
    BY_BROWSERS.contains(name)
        || BY_BROWSERS_WITHOUT_CONSTANT.contains(&text)
        || text == "accept"
        || text.starts_with("accept-")
        || text.starts_with("sec-")
}

fn or_none(names: &[&str]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(" and ") }
}

#[cfg(test)]
mod tests {
    use super::Target;
    use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};

    fn count(target: Target, method: &Method, headers: &[(&'static str, &'static str)]) -> usize {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        target.violations(method, &headers).len()
    }

    #[test]
    fn paths_are_distinguished() {
        let base = "/s/ok,tag=a/kling/v1/videos/multi-image2video";
        assert_eq!(Target::of(base), Some(Target::Endpoint));
        assert_eq!(Target::of(&format!("{base}/12")), Some(Target::Task("12")));
        assert_eq!(Target::of("/s/ok/delivery/12.mp4"), Some(Target::Video("12")));
        assert_eq!(Target::of("/s/ok/elsewhere"), Some(Target::Elsewhere));
        assert_eq!(Target::of("/s/ok/v1/videos/12/content"), Some(Target::Content("12")));
        assert_eq!(Target::of("/v1/videos/12/content"), Some(Target::Content("12")));
        for other in [
            "/",
            "/s/ok",
            "/s/ok/kling",
            "/s/ok/delivery/12",
            "/pkg/index.js",
            "/v1/videos/content",
            "/v1/videos//content",
            "/v1/videos/1/2/content",
        ] {
            assert_eq!(Target::of(other), None, "{other}");
        }
    }

    #[test]
    fn only_the_agreed_headers_pass() {
        let auth = ("authorization", "Bearer x");
        let json = ("content-type", "application/json");
        let own = ("sec-fetch-site", "cross-site");
        let more = ("x-extra", "1");
        let (post, get) = (Method::POST, Method::GET);
        assert_eq!(count(Target::Endpoint, &post, &[auth, json, own]), 0);
        assert_eq!(count(Target::Endpoint, &post, &[auth]), 1);
        assert_eq!(count(Target::Endpoint, &post, &[auth, json, more]), 1);
        assert_eq!(count(Target::Task("1"), &get, &[auth, own]), 0);
        assert_eq!(count(Target::Task("1"), &get, &[auth, json]), 1);
        assert_eq!(count(Target::Video("1"), &get, &[own, ("range", "bytes=0-")]), 0);
        assert_eq!(count(Target::Video("1"), &get, &[auth]), 1);
        assert_eq!(count(Target::Content("1"), &get, &[auth, own]), 0);
        assert_eq!(count(Target::Content("1"), &get, &[auth, more]), 1);
        assert_eq!(count(Target::Elsewhere, &get, &[own]), 1);
        assert_eq!(count(Target::Task("1"), &get, &[auth, ("cookie", "a=b")]), 1);
    }

    #[test]
    fn only_the_agreed_preflights_pass() {
        let ask = |target, names| count(target, &Method::OPTIONS, &[("access-control-request-headers", names)]);
        assert_eq!(ask(Target::Endpoint, "authorization,content-type"), 0);
        assert_eq!(ask(Target::Endpoint, "authorization,content-type,x-extra"), 1);
        assert_eq!(ask(Target::Task("1"), "authorization"), 0);
        assert_eq!(ask(Target::Task("1"), "authorization,content-type"), 1);
        assert_eq!(ask(Target::Content("1"), "authorization"), 0);
        assert_eq!(ask(Target::Content("1"), "authorization,x-extra"), 1);
        assert_eq!(ask(Target::Video("1"), "range"), 0);
        for names in ["", "authorization", "range,x-extra"] {
            assert_eq!(ask(Target::Video("1"), names), 1, "{names}");
        }
    }
}
