//! Deliveries that count something else than the bytes of the video, or send another part of it.

use crate::caller::Caller;
use bytes::Bytes;
use flate2::read::{GzDecoder, ZlibDecoder};
use reqwest::{Response, header};
use std::io::Read;

/// The video as the simulator sends it, and its URL.
async fn whole(caller: &Caller, scenario: &str) -> (Bytes, String) {
    let url = caller.video(scenario).await;
    let range = caller.client.get(&url).header(header::RANGE, "bytes=0-").send().await.unwrap();
    (range.bytes().await.unwrap(), url)
}

fn headers(response: &Response) -> (u16, Option<String>, Option<String>) {
    let header = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    (response.status().as_u16(), header(header::CONTENT_LENGTH), header(header::CONTENT_RANGE))
}

#[tokio::test]
async fn a_compressed_video_has_the_compressed_length() {
    let caller = Caller::new().await;
    for (packing, accepted, encoding, smaller) in [
        ("gzip", "gzip, deflate", "gzip", true),
        ("deflate", "gzip, deflate", "deflate", true),
        ("stored", "gzip", "gzip", false),
        ("br", "gzip, br", "br", false),
        ("zstd", "zstd;q=1, br", "zstd", false),
        ("several", "gzip, br", "gzip, br", true),
        ("br", "gzip", "gzip", false),
        ("zstd", "identity", "gzip", false),
    ] {
        let (movie, url) = whole(&caller, &format!("video-packed,packing={packing}")).await;
        let response = caller.client.get(&url).header(header::ACCEPT_ENCODING, accepted).send().await.unwrap();
        assert_eq!(response.headers()[header::CONTENT_ENCODING], encoding, "{packing}");
        let length: usize = response.headers()[header::CONTENT_LENGTH].to_str().unwrap().parse().unwrap();
        let body = response.bytes().await.unwrap();
        assert_eq!(body.len(), length, "{packing}");
        assert_eq!(length < movie.len(), smaller, "{packing}: {length} of {} bytes", movie.len());
        let mut found = Vec::new();
        match encoding {
            "gzip" => GzDecoder::new(&body[..]).read_to_end(&mut found).unwrap(),
            "deflate" => ZlibDecoder::new(&body[..]).read_to_end(&mut found).unwrap(),
            // The browsers decode the others.
            _ => continue,
        };
        assert!(found == movie, "{packing}: {} bytes", found.len());
    }
}

#[tokio::test]
async fn the_first_downloads_end_early_or_are_a_part() {
    let caller = Caller::new().await;
    for (scenario, times) in [
        ("video-short", 1),
        ("video-short,times=3", 3),
        ("video-part", 1),
        ("video-part,times=2", 2),
        ("video-part,exposed=1", 1),
    ] {
        let (movie, url) = whole(&caller, &format!("{scenario},tag=whole")).await;
        let url = url.replace(",tag=whole", "");
        let third = movie.len() / 3;
        // The request for the whole video was the first download.
        for _ in 1..times {
            let response = caller.client.get(&url).send().await.unwrap();
            let expected = if scenario.starts_with("video-short") {
                (200, None, None)
            } else {
                (206, Some(third.to_string()), Some(format!("bytes 0-{}/{}", third - 1, movie.len())))
            };
            assert_eq!(headers(&response), expected, "{scenario}");
            assert_eq!(response.bytes().await.unwrap(), movie.slice(..third), "{scenario}");
        }
        let response = caller.client.get(&url).send().await.unwrap();
        assert_eq!(headers(&response), (200, Some(movie.len().to_string()), None), "{scenario}");
        let exposed = response.headers().contains_key(header::ACCESS_CONTROL_EXPOSE_HEADERS);
        assert_eq!(exposed, scenario.contains("exposed"), "{scenario}");
    }
}

#[tokio::test]
async fn a_range_is_answered_as_the_scenario_says() {
    let caller = Caller::new().await;
    let (movie, _) = whole(&caller, "ok").await;
    let total = movie.len();
    let right = |range: String| (206, Some((total - 100).to_string()), Some(range));
    for (ranges, expected, from) in [
        ("right", right(format!("bytes 100-{}/{total}", total - 1)), 100),
        ("whole", (200, Some(total.to_string()), None), 0),
        ("416", (416, Some("0".to_owned()), Some(format!("bytes */{total}"))), total),
        ("elsewhere", (206, Some((total - 50).to_string()), Some(format!("bytes 50-{}/{total}", total - 1))), 50),
        ("units", right(format!("items 100-{}/{total}", total - 1)), 100),
        ("star", right(format!("bytes 100-{}/*", total - 1)), 100),
        ("total", right(format!("bytes 100-{}/{}", total - 1, 2 * total)), 100),
        ("silent", (206, Some((total - 100).to_string()), None), 100),
    ] {
        let url = caller.video(&format!("ok,ranges={ranges}")).await;
        let response = caller.client.get(&url).header(header::RANGE, "bytes=100-").send().await.unwrap();
        assert_eq!(headers(&response), expected, "{ranges}");
        assert_eq!(response.bytes().await.unwrap(), movie.slice(from..), "{ranges}");
    }
    let url = caller.video("ok,ranges=liar").await;
    let response = caller.client.get(&url).header(header::RANGE, "bytes=100-").send().await.unwrap();
    assert_eq!(headers(&response), right(format!("bytes 100-{}/{total}", total - 1)));
    assert_eq!(response.bytes().await.unwrap(), movie.slice(50..total - 50));
}
