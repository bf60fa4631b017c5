//! What a delivery host sent.

use kling_multi_image2video::error::ErrorCode;
use kling_multi_image2video::video::{Arrived, check_status};

const URL: &str = "https://cdn.example/v.mp4";
const MP4: &[u8] = b"\0\0\0\x20ftypisom\0\0\x02\0";

fn check(total: Option<u64>, bytes: &[u8], chunk: usize) -> Option<ErrorCode> {
    let mut arrived = Arrived::new(total);
    for piece in bytes.chunks(chunk) {
        if arrived.needs_start() {
            arrived.begin(piece);
        }
        arrived.add(piece.len() as u64);
    }
    let error = arrived.check(URL).err()?;
    assert_eq!(error.details().url.as_deref(), Some(URL));
    Some(error.code())
}

#[test]
fn bytes() {
    for chunk in [1, 3, 5, 100] {
        assert_eq!(check(Some(16), MP4, chunk), None);
        assert_eq!(check(None, MP4, chunk), None);
        assert_eq!(check(Some(9), MP4, chunk), None, "compressed on the way");
        assert_eq!(check(Some(17), MP4, chunk), Some(ErrorCode::Network));
        assert_eq!(check(None, b"<!doctype html><title>no</title>", chunk), Some(ErrorCode::NotAVideo));
        assert_eq!(check(None, b"\0\0\0\x20fty", chunk), Some(ErrorCode::NotAVideo));
    }
    assert_eq!(check(Some(0), b"", 1), Some(ErrorCode::NotAVideo));
}

#[test]
fn statuses() {
    for (status, code, retryable) in [
        (200, None, false),
        (206, None, false),
        (403, Some(ErrorCode::UrlExpired), false),
        (404, Some(ErrorCode::UrlExpired), false),
        (410, Some(ErrorCode::UrlExpired), false),
        (503, Some(ErrorCode::ServerError), true),
        (429, Some(ErrorCode::ServerError), true),
        (418, Some(ErrorCode::NotAVideo), false),
    ] {
        let error = check_status(URL, status).err();
        assert_eq!(error.as_ref().map(kling_multi_image2video::error::Error::code), code, "{status}");
        assert_eq!(error.is_some_and(|error| error.is_retryable()), retryable, "{status}");
    }
}
