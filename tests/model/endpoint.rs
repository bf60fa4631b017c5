//! Addresses and keys.

use kling_core::endpoint::{ApiKey, BaseUrl, DEFAULT_BASE_URL, Service};
use kling_core::error::ErrorCode;
use kling_core::task::TaskId;

const KEY: &str = "sk-test-0123456789";

#[test]
fn both_addresses_come_from_one_path() {
    let service = Service { base: BaseUrl::parse(DEFAULT_BASE_URL).unwrap(), key: None };
    assert_eq!(service.create().url, "https://api.cometapi.com/kling/v1/videos/multi-image2video");
    let id = TaskId::parse("861309198188019719").unwrap();
    assert_eq!(service.query(&id).url, format!("{}/861309198188019719", service.create().url));
}

#[test]
fn base_addresses() {
    for (text, expected) in [
        ("https://relay.example/kling/", Some("https://relay.example/kling")),
        ("http://relay.example", Some("http://relay.example")),
        ("https://relay.example/?key=1", None),
        ("https://relay.example/#a", None),
        ("https://user:secret@relay.example/", None),
        ("ftp://relay.example/", None),
        ("https:///", None),
        ("", None),
    ] {
        let parsed = BaseUrl::parse(text);
        assert_eq!(parsed.as_ref().ok().map(BaseUrl::as_str), expected, "{text:?}");
        if let Err(error) = parsed {
            assert_eq!(error.code(), ErrorCode::InvalidOption);
            assert!(error.message().starts_with("baseUrl: expected "), "{}", error.message());
            assert!(!error.message().contains("secret"));
        }
    }
}

#[test]
fn a_key_goes_over_http_to_this_machine_only() {
    let key = ApiKey::parse(KEY).unwrap();
    for (text, permitted) in [
        ("https://relay.example", true),
        ("http://localhost:8317/s/demo/kling", true),
        ("http://app.localhost", true),
        ("http://127.0.0.1:1", true),
        ("http://127.9.9.9", true),
        ("http://[::1]:80/a", true),
        ("http://relay.example", false),
        ("http://192.168.1.7", false),
        ("http://localhost.example", false),
        ("http://127.0.0.1.example", false),
    ] {
        let base = BaseUrl::parse(text).unwrap();
        assert_eq!(base.permit(Some(&key)).is_ok(), permitted, "{text}");
        assert!(base.permit(None).is_ok(), "{text}");
    }
}

#[test]
fn keys() {
    let header = |text: &str| ApiKey::parse(text).map(|key| key.authorization()).ok();
    assert_eq!(header(KEY), Some(format!("Bearer {KEY}")));
    assert_eq!(header(&format!("  {KEY}\r\n")), Some(format!("Bearer {KEY}")), "pasted with a line break");
    for bad in ["", "  ", "Bearer sk-1", "bearer sk-1", "sk-1\nX-Evil: 1", "sk 1", "sk-ü", "sk-\u{200b}1"] {
        let error = ApiKey::parse(bad).unwrap_err();
        assert!(error.message().starts_with("apiKey: expected "), "{bad:?}: {}", error.message());
    }
    let key = ApiKey::parse(KEY).unwrap();
    assert_eq!(format!("{key:?}"), "ApiKey(…)");
    assert_eq!(key.redact(&format!("wrong key {KEY}, yes {KEY}")), "wrong key [key], yes [key]");
}

/// Ids as services have them, and worse ones; their places in a path.
const IDS: &[(&str, &str)] = &[
    ("861309198188019719", "861309198188019719"),
    ("a_B-9.~!*'()", "a_B-9.~%21%2A%27%28%29"),
    ("video_bGl0ZQ==", "video_bGl0ZQ%3D%3D"),
    ("kling:task:1", "kling%3Atask%3A1"),
    ("projects/p/operations/1", "projects%2Fp%2Foperations%2F1"),
    ("a b", "a%20b"),
    ("100%", "100%25"),
    ("%2e%2e", "%252e%252e"),
    ("a?b#c&d+e", "a%3Fb%23c%26d%2Be"),
    ("a\\b", "a%5Cb"),
    (".", "%252E"),
    ("..", "%252E%252E"),
    ("../x", "..%2Fx"),
    ("é任务🌊", "%C3%A9%E4%BB%BB%E5%8A%A1%F0%9F%8C%8A"),
];

#[test]
fn each_id_of_a_service_is_one_segment_of_a_path() {
    let service = Service { base: BaseUrl::parse(DEFAULT_BASE_URL).unwrap(), key: None };
    for (text, segment) in IDS {
        let id = TaskId::parse(text).unwrap();
        assert_eq!(id.as_str(), *text);
        assert_eq!(service.query(&id).url, format!("{}/{segment}", service.create().url));
        assert_eq!(service.content(&id).url, format!("https://api.cometapi.com/v1/videos/{segment}/content"));
    }
    for (text, is_id) in [
        ("", false),
        ("a\nb", true),
        ("a\u{0}", true),
        (&"x".repeat(176), true),
        (&"🌊".repeat(2_048), true),
        (&"x".repeat(8_193), false),
    ] {
        assert_eq!(TaskId::parse(text).is_ok(), is_id, "{text:?}");
    }
}

#[test]
fn the_content_route_is_at_the_origin() {
    for (base, url) in [
        ("https://api.cometapi.com/kling", "https://api.cometapi.com/v1/videos/1/content"),
        ("https://relay.example", "https://relay.example/v1/videos/1/content"),
        ("http://127.0.0.1:8317/s/ok/kling", "http://127.0.0.1:8317/v1/videos/1/content"),
    ] {
        let service = Service { base: BaseUrl::parse(base).unwrap(), key: None };
        assert_eq!(service.content(&TaskId::parse("1").unwrap()).url, url);
    }
}
