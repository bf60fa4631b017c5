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

#[test]
fn ids_that_could_leave_their_place_in_the_path_are_refused() {
    for (text, taken) in [
        ("861309198188019719", true),
        ("a_B-9", true),
        ("", false),
        ("../x", false),
        ("a/b", false),
        ("a?b", false),
        ("é", false),
    ] {
        assert_eq!(TaskId::parse(text).is_ok(), taken, "{text:?}");
    }
    assert!(TaskId::parse(&"x".repeat(128)).is_ok());
    assert!(TaskId::parse(&"x".repeat(129)).is_err());
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
