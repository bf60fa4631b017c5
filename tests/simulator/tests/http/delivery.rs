//! `GET /s/{scenario}/delivery/{task id}.mp4`

use crate::caller::{Answer, Caller, MAX_WAIT, body, body_of, encoded};
use image::ImageFormat::{Jpeg, Png};
use reqwest::{Method, Response, header};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::time::timeout;

async fn part(caller: &Caller, url: &str, range: &str) -> Response {
    caller.client.get(url).header(header::RANGE, range).send().await.unwrap()
}

#[tokio::test]
async fn the_video_is_an_mp4_of_the_requested_length_and_shape() {
    let caller = Caller::new().await;
    for (duration, aspect, width, height) in
        [("5", "16:9", 640_u16, 360_u16), ("10", "9:16", 360, 640), ("5", "1:1", 480, 480)]
    {
        let mut body = body_of(&[encoded(Jpeg, 400, 300), encoded(Png, 320, 400)]);
        body["duration"] = json!(duration);
        body["aspect_ratio"] = json!(aspect);
        let id = caller.submit("ok", &body).await.json()["data"]["task_id"].as_str().unwrap().to_owned();
        let data = caller.end("ok", &id).await;
        let video = &data["task_result"]["videos"][0];
        assert_eq!(video["duration"], json!(format!("{duration}.041")));
        let response = caller.client.get(video["url"].as_str().unwrap()).send().await.unwrap();
        assert_eq!(response.headers()[header::CONTENT_TYPE], "video/mp4");
        let bytes = response.bytes().await.unwrap();
        assert_eq!(&bytes[4..8], b"ftyp");
        // Movie header, version 0: time scale and duration are the third and fourth number.
        let header = after(&bytes, b"mvhd");
        let (scale, length) = (number(header, 12), number(header, 16));
        let seconds: u32 = duration.parse().unwrap();
        assert!((seconds * scale..seconds * scale + scale / 10).contains(&length), "{length}/{scale}");
        // Sample entry: 24 bytes before the size.
        let entry = after(&bytes, b"avc1");
        assert_eq!(entry[24..28], [width.to_be_bytes(), height.to_be_bytes()].concat());
    }
}

fn after<'a>(bytes: &'a [u8], name: &[u8]) -> &'a [u8] {
    let at = memchr::memmem::find(bytes, name).unwrap();
    &bytes[at + 4..]
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())
}

#[tokio::test]
async fn ranges_are_served() {
    let caller = Caller::new().await;
    let url = caller.video("ok").await;
    let whole = caller.client.get(&url).send().await.unwrap();
    assert_eq!(whole.status(), 200);
    assert_eq!(whole.headers()[header::ACCEPT_RANGES], "bytes");
    assert_eq!(whole.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    let whole = whole.bytes().await.unwrap();
    let total = whole.len();

    for (range, from, to) in [
        ("bytes=0-0".to_owned(), 0, 0),
        ("bytes=10-19".to_owned(), 10, 19),
        ("bytes=100-".to_owned(), 100, total - 1),
        ("bytes=-7".to_owned(), total - 7, total - 1),
        (format!("bytes=5-{}", total + 5), 5, total - 1),
    ] {
        let response = part(&caller, &url, &range).await;
        assert_eq!(response.status(), 206, "{range}");
        assert_eq!(response.headers()[header::CONTENT_RANGE], format!("bytes {from}-{to}/{total}"));
        assert_eq!(response.bytes().await.unwrap(), whole.slice(from..=to), "{range}");
    }
    let outside = part(&caller, &url, &format!("bytes={total}-")).await;
    assert_eq!(outside.status(), 416);
    assert_eq!(outside.headers()[header::CONTENT_RANGE], format!("bytes */{total}"));
    for odd in ["bytes=0-1,5-6", "lines=1-2", "bytes=x"] {
        assert_eq!(part(&caller, &url, odd).await.status(), 200, "{odd}");
    }
    let head = caller.client.head(&url).send().await.unwrap();
    assert_eq!(head.headers()[header::CONTENT_LENGTH], total.to_string());
    assert!(caller.violations().await.is_empty());
}

#[tokio::test]
async fn there_is_no_video_before_the_end() {
    let caller = Caller::new().await;
    let id = caller.task("ok,processing=3600000").await;
    for file in [format!("{id}.mp4"), format!("{id}.webm"), "1.mp4".to_owned()] {
        let response = caller.bare(Method::GET, &format!("/s/ok/delivery/{file}")).send().await.unwrap();
        assert_eq!(response.status(), 404, "{file}");
    }
}

#[tokio::test]
async fn a_key_sent_to_the_delivery_host_is_refused_and_recorded() {
    let caller = Caller::new().await;
    let url = caller.video("ok").await;
    let response = caller.client.get(&url).bearer_auth(&caller.key).send().await.unwrap();
    assert_eq!(response.status(), 400);
    let violations = caller.violations().await;
    assert_eq!(violations.len(), 1);
    assert!(violations[0].as_str().unwrap().contains("authorization"), "{violations:?}");
}

#[tokio::test]
async fn troubles_of_the_delivery() {
    let caller = Caller::new().await;
    for (scenario, status, content_type, empty) in [
        ("video-missing", 404, "text/plain", false),
        ("video-forbidden", 403, "text/plain", false),
        ("video-html", 200, "text/html", false),
        ("video-empty", 200, "video/mp4", true),
    ] {
        let url = caller.video(scenario).await;
        let response = caller.client.get(&url).send().await.unwrap();
        assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*", "{scenario}");
        let answer = Answer::of(response).await;
        assert_eq!(answer.status, status, "{scenario}");
        assert!(answer.content_type.starts_with(content_type), "{scenario}: {}", answer.content_type);
        assert_eq!(answer.text.is_empty(), empty, "{scenario}");
    }
}

#[tokio::test]
async fn a_delivery_host_may_send_no_cors_header() {
    let caller = Caller::new().await;
    let url = caller.video("video-no-cors").await;
    let response = caller.client.get(&url).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(!response.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
}

#[tokio::test]
async fn a_slow_delivery_is_complete() {
    let caller = Caller::new().await;
    let fine = caller.client.get(caller.video("ok").await).send().await.unwrap().bytes().await.unwrap();
    let url = caller.video("video-slow,ms=600").await;
    let started = Instant::now();
    let slow = caller.client.get(url).send().await.unwrap();
    assert_eq!(slow.content_length(), Some(fine.len() as u64));
    assert_eq!(slow.bytes().await.unwrap(), fine);
    assert!(started.elapsed() >= Duration::from_millis(600));
}

#[tokio::test]
async fn a_url_expires_and_a_query_renews_it() {
    let caller = Caller::new().await;
    for (scenario, expired) in [("video-expired", 1), ("video-expired,times=2", 2)] {
        let first = caller.video(scenario).await;
        let (plain, sig) = first.split_once("?sig=").unwrap();
        assert_eq!(sig, "1", "{scenario}");
        let id = plain.rsplit_once('/').unwrap().1.strip_suffix(".mp4").unwrap();
        let mut handed = vec![first.clone()];
        while handed.len() <= expired {
            let data = caller.end(scenario, id).await;
            handed.push(data["task_result"]["videos"][0]["url"].as_str().unwrap().to_owned());
        }
        let fresh = format!("{plain}?sig={}", expired + 1);
        assert_eq!(handed.last().unwrap(), &fresh, "{scenario}");
        for url in &handed {
            let answer = caller.client.get(url).send().await.unwrap();
            assert_eq!(answer.status(), if *url == fresh { 200 } else { 403 }, "{url}");
        }
        for url in [plain.to_owned(), format!("{plain}?sig={}", expired + 2), format!("{plain}?sig=x")] {
            assert_eq!(caller.client.get(&url).send().await.unwrap().status(), 403, "{url}");
        }
    }
    assert!(!caller.video("ok").await.contains('?'));
}

#[tokio::test]
async fn the_first_downloads_get_503() {
    let caller = Caller::new().await;
    for (scenario, times) in [("video-503", 2), ("video-503,times=1", 1)] {
        let url = caller.video(scenario).await;
        // Only downloads count.
        assert_eq!(caller.client.head(&url).send().await.unwrap().status(), 200);
        for count in 0..=times {
            let response = caller.client.get(&url).send().await.unwrap();
            let status = if count < times { 503 } else { 200 };
            assert_eq!(response.status(), status, "{scenario}: {count}");
            assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        }
    }
}

/// What came of a download before it failed, or stalled after `stalls_after` bytes; and whether it stalled.
async fn beginning(mut response: Response, stalls_after: Option<usize>) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    loop {
        let is_last = stalls_after.is_some_and(|length| bytes.len() >= length);
        let patience = if is_last { Duration::from_secs(1) } else { MAX_WAIT };
        match timeout(patience, response.chunk()).await {
            Ok(Ok(Some(chunk))) => bytes.extend_from_slice(&chunk),
            Ok(Ok(None)) => panic!("expected a part of the download, found all of it"),
            Ok(Err(_)) => return (bytes, false),
            Err(_) => return (bytes, true),
        }
    }
}

#[tokio::test]
async fn the_first_downloads_end_after_a_third() {
    let caller = Caller::new().await;
    let fine = caller.client.get(caller.video("ok").await).send().await.unwrap().bytes().await.unwrap();
    let total = fine.len();
    let rest = format!("bytes {}-{}/{total}", total / 3, total - 1);
    for (scenario, times, ranges) in [
        ("video-cut", 1, true),
        ("video-cut,times=2", 2, true),
        ("video-stall", 1, true),
        ("video-no-range", 1, false),
        ("video-no-range,times=2", 2, false),
    ] {
        let url = caller.video(scenario).await;
        for _ in 0..times {
            let response = caller.client.get(&url).send().await.unwrap();
            assert_eq!(response.status(), 200, "{scenario}");
            assert_eq!(response.headers()[header::CONTENT_LENGTH], total.to_string(), "{scenario}");
            assert_eq!(response.headers().contains_key(header::ACCEPT_RANGES), ranges, "{scenario}");
            let stalled = scenario == "video-stall";
            let stalls_after = stalled.then_some(total / 3);
            assert_eq!(beginning(response, stalls_after).await, (fine[..total / 3].to_vec(), stalled), "{scenario}");
        }
        let response = part(&caller, &url, &format!("bytes={}-", total / 3)).await;
        assert_eq!(response.status(), if ranges { 206 } else { 200 }, "{scenario}");
        assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*", "{scenario}");
        let range = response.headers().get(header::CONTENT_RANGE).map(|range| range.to_str().unwrap());
        assert_eq!(range, ranges.then_some(rest.as_str()), "{scenario}");
        let from = if ranges { total / 3 } else { 0 };
        assert_eq!(response.bytes().await.unwrap(), fine.slice(from..), "{scenario}");
    }
}

#[tokio::test]
async fn a_range_is_cut_too() {
    let caller = Caller::new().await;
    let url = caller.video("video-cut,times=2").await;
    let (whole, _) = beginning(caller.client.get(&url).send().await.unwrap(), None).await;
    let response = part(&caller, &url, "bytes=30-59").await;
    assert_eq!((response.status().as_u16(), response.content_length()), (206, Some(30)));
    assert_eq!(beginning(response, None).await, (whole[30..40].to_vec(), false));
}

#[tokio::test]
async fn an_image_url_becomes_a_frame() {
    let caller = Caller::new().await;
    let mut body = body();
    body["image_list"] = json!([{ "image": "https://example.com/a.jpg" }, { "image": "http://example.com/b.png" }]);
    let id = caller.submit("ok", &body).await.json()["data"]["task_id"].as_str().unwrap().to_owned();
    assert_eq!(caller.end("ok", &id).await["task_status"], "succeed");
}
