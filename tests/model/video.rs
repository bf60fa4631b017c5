//! What a delivery host sent.

use kling_core::endpoint::Status;
use kling_core::error::ErrorCode;
use kling_core::video::{Arrived, check_start, refused};

const URL: &str = "https://cdn.example/v.mp4";

#[test]
fn first_bytes() {
    let check = |bytes: &[u8]| {
        let error = check_start(URL, bytes).err()?;
        assert_eq!(error.details().url.as_deref(), Some(URL));
        Some(error.code())
    };
    assert_eq!(check(b"\0\0\0\x20ftypisom"), None);
    for bytes in [&b"<!doctype ht"[..], b"\0\0\0\x20fty", b"ftypisom\0\0\0\0", b""] {
        assert_eq!(check(bytes), Some(ErrorCode::NotAVideo), "{bytes:?}");
    }
}

#[test]
fn lengths() {
    let arrived = |loaded, total| Arrived { loaded, total };
    assert!(arrived(16, Some(17)).is_short());
    assert!(!arrived(16, Some(16)).is_short() && !arrived(16, None).is_short());
    assert!(!arrived(16, Some(9)).is_short(), "compressed on the way");
    assert_eq!(arrived(16, Some(17)).resumes_at(), 16);
    assert_eq!(arrived(16, None).resumes_at(), 0, "nobody could tell where the rest fits on");
    assert!(arrived(16, Some(20)).is_completed_by(Some(4)));
    for length in [Some(3), Some(5), Some(20), Some(u64::MAX), None] {
        assert!(!arrived(16, Some(20)).is_completed_by(length), "{length:?}");
    }
}

#[test]
fn statuses() {
    for (status, code, retryable) in [
        (403, ErrorCode::UrlExpired, false),
        (404, ErrorCode::UrlExpired, false),
        (410, ErrorCode::UrlExpired, false),
        (503, ErrorCode::ServerError, true),
        (429, ErrorCode::ServerError, true),
        (418, ErrorCode::NotAVideo, false),
    ] {
        let error = refused(URL, Status::Code(status));
        assert_eq!((error.code(), error.is_retryable()), (code, retryable), "{status}");
        assert_eq!((error.details().status, error.details().url.as_deref()), (Some(status), Some(URL)));
    }
}
