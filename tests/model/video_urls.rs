//! Where gateways put the URL of the video, and what looks like one.

use kling_core::answer::Answer;
use kling_core::endpoint::{BaseUrl, HttpResponse, Service, Status};
use kling_core::task::{Task, TaskStatus};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::script::{Script, answer, id};

const URL: &str = "https://cdn.example/v.mp4?sign=1";
const OTHER: &str = "https://cdn.example/other?sign=1";

fn task(body: &Value) -> Task {
    match Answer::read(&HttpResponse { status: Status::Code(200), body: body.to_string().into(), retry_after: None }) {
        Answer::Task(task) => *task,
        other => panic!("no task in {body}: {other:?}"),
    }
}

/// The task, with these members, in each envelope.
fn envelopes(members: &Value) -> [Value; 4] {
    let with = |mut body: Value| {
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        body
    };
    let flat = with(json!({ "task_id": "1", "task_status": "succeed", "created_at": 1_773_380_633_979_u64 }));
    [
        json!({ "code": 0, "message": "SUCCEED", "request_id": "r", "data": flat }),
        flat.clone(),
        with(json!({ "id": "1", "object": "video", "status": "completed", "progress": 100 })),
        json!({ "code": "success", "data": { "task_id": "1", "status": "SUCCESS", "fail_reason": "", "data": { "code": 0, "data": flat } } }),
    ]
}

#[test]
fn a_url_is_found_in_every_place() {
    for members in [
        json!({ "task_result": { "videos": [{ "url": URL }] } }),
        json!({ "videos": [{ "url": URL }] }),
        json!({ "videos": [URL] }),
        json!({ "outputs": [URL] }),
        json!({ "outputs": [{ "url": URL }] }),
        json!({ "output": URL }),
        json!({ "output": [URL] }),
        json!({ "output": { "video": URL } }),
        json!({ "output": { "video_url": URL, "task_status": "SUCCEEDED" } }),
        json!({ "video": { "url": URL } }),
        json!({ "video": URL }),
        json!({ "resultJson": json!({ "resultUrls": [URL] }).to_string() }),
        json!({ "result": json!([{ "url": URL }]).to_string() }),
        json!({ "output_json": json!({ "video": { "url": URL } }).to_string() }),
        json!({ "video_url": URL }),
        json!({ "videoUrl": URL }),
        json!({ "result_url": URL }),
        json!({ "result": { "url": URL } }),
        json!({ "result": [{ "url": URL }] }),
        json!({ "result": URL }),
        json!({ "url": URL }),
        json!({ "uri": URL }),
        json!({ "metadata": { "url": URL } }),
        json!({ "content": { "video_url": URL } }),
        json!({ "file": { "url": URL } }),
        json!({ "files": [{ "download_url": URL }] }),
        json!({ "download_url": URL }),
        json!({ "response": { "video": { "uri": URL } } }),
        json!({ "response": { "generatedVideos": [{ "video": { "uri": URL } }] } }),
        json!({ "generations": [{ "id": "g", "assets": { "video": URL } }] }),
        json!({ "works": [{ "resource": { "resource": URL } }] }),
        json!({ "resource_url": URL }),
        json!({ "image_to_video": { "url": URL } }),
        json!({ "watermark_url": URL }),
        json!({ "task_result": { "videos": [{ "url": "", "watermark_url": URL }] } }),
        json!({ "play": URL }),
        json!({ "video_url": format!(" {URL}\n") }),
        json!({ "video_url": URL.replace("https", "HTTPS") }),
    ] {
        for body in envelopes(&members) {
            let task = task(&body);
            assert_eq!(task.status, TaskStatus::Succeed, "{body}");
            let urls: Vec<&str> = task.videos.iter().map(|video| video.url.as_str()).collect();
            assert!(urls.len() == 1 && urls[0].eq_ignore_ascii_case(URL), "{urls:?} of {body}");
            assert_eq!(task.videos[0].task_id.as_deref(), Some("1"), "{body}");
        }
    }
}

#[test]
fn the_best_of_several_places_counts() {
    let video = json!([{ "id": "v", "url": URL, "duration": "5.1", "watermark_url": OTHER, "cover_url": OTHER }]);
    for members in [
        json!({ "url": OTHER, "task_result": { "videos": video } }),
        json!({ "watermark_url": OTHER, "url": URL }),
        json!({ "watermark": { "url": OTHER }, "output": URL }),
        json!({ "video_url": URL, "url": OTHER, "link": OTHER }),
        json!({ "result_url": URL, "video_url": OTHER }),
        json!({ "url": URL, "data_uri": OTHER }),
        json!({ "outputs": [{ "type": "image", "url": OTHER }, { "type": "video", "url": URL }] }),
        json!({ "output": ["https://cdn.example/last.png", URL] }),
    ] {
        for body in envelopes(&members) {
            let urls: Vec<String> = task(&body).videos.into_iter().map(|video| video.url).collect();
            assert_eq!(urls, [URL], "{body}");
        }
    }
    let listed = task(&envelopes(&json!({ "videos": video }))[0]).videos;
    assert_eq!((listed[0].id.as_deref(), listed[0].duration), (Some("v"), Some(5.1)));
    let two = json!({ "task_result": { "videos": [{ "id": "a", "url": URL }, { "id": "b", "url": OTHER }] } });
    let ids: Vec<_> =
        task(&envelopes(&two)[0]).videos.into_iter().map(|video| (video.id.unwrap(), video.url)).collect();
    assert_eq!(ids, [("a".to_owned(), URL.to_owned()), ("b".to_owned(), OTHER.to_owned())]);
}

#[test]
fn other_urls_are_no_video() {
    for members in [
        json!({ "cover_url": OTHER }),
        json!({ "thumbnail": { "url": OTHER } }),
        json!({ "poster": OTHER, "preview_url": OTHER, "image_url": OTHER }),
        json!({ "first_frame_url": OTHER, "last_frame": { "url": OTHER } }),
        json!({ "task_result": { "images": [{ "url": OTHER }] } }),
        json!({ "input": { "video_url": OTHER } }),
        json!({ "request": { "url": OTHER }, "parameters": { "url": OTHER }, "callback_url": OTHER, "webhook": OTHER }),
        json!({ "status_url": OTHER, "cancel_url": OTHER, "response_url": OTHER, "urls": { "get": OTHER, "cancel": OTHER } }),
        json!({ "video_url": "https://cdn.example/v.jpg?sign=1", "url": "https://cdn.example/sound.MP3" }),
        json!({ "url": "javascript:alert(1)", "video": "data:video/mp4;base64,AAAA", "output": "blob:https://a/b" }),
        json!({ "url": "ftp://cdn.example/v.mp4", "video_url": "s3://bucket/v.mp4", "uri": "gs://bucket/v.mp4" }),
        json!({ "video": "rendered in 4 s", "output": "done", "format": "mp4", "result": true, "file": 7, "url": "/" }),
        json!({ "url": "https://cdn.example/[key]/v.mp4" }),
    ] {
        for body in envelopes(&members) {
            let task = task(&body);
            assert_eq!((task.status, task.videos), (TaskStatus::Succeed, vec![]), "{body}");
        }
    }
}

#[test]
fn a_url_may_contain_spaces() {
    for (name, url) in [
        ("video_url", "https://cdn.example/my video.mp4"),
        ("url", "https://cdn.example/v.mp4?name=my clip 1"),
        ("output", "https://cdn.example/a b.webm"),
        ("result_url", "https://cdn.example/get?file=my clip"),
        ("uri", "https://cdn.example/a b"),
    ] {
        for body in envelopes(&json!({ name: url })) {
            assert_eq!(task(&body).videos[0].url, url, "browsers encode the spaces");
        }
    }
    for members in [
        json!({ "output": "https://cdn.example/help explains it" }),
        json!({ "link": "https://cdn.example is down" }),
        json!({ "video_url": "an error / no video" }),
    ] {
        assert_eq!(task(&envelopes(&members)[0]).videos, [], "{members}");
    }
}

#[test]
fn a_relative_url_belongs_to_the_base_url() {
    let origin = "https://relay.example";
    let service = Service { base: BaseUrl::parse(&format!("{origin}/kling/")).unwrap(), key: None };
    for (url, expected) in [
        ("/v1/videos/1/content", format!("{origin}/v1/videos/1/content")),
        ("/v1/videos/a:b/content?x=1", format!("{origin}/v1/videos/a:b/content?x=1")),
        ("//cdn.example/v.mp4", "https://cdn.example/v.mp4".to_owned()),
        ("files/v.mp4", format!("{origin}/files/v.mp4")),
        ("v1/files/1", format!("{origin}/v1/files/1")),
        (URL, URL.to_owned()),
    ] {
        let body = json!({ "task_id": "1", "status": "completed", "video_url": url }).to_string();
        let script = Script::new([answer(200, &body)]);
        let task = script.run(async |_| script.flow().task(&service, &id()).await).unwrap();
        assert_eq!(task.videos[0].url, expected, "{url}");
    }
}

proptest! {
    #[test]
    fn no_answer_has_a_video_that_a_player_may_not_load(name in "[a-z_]{1,12}", url in "\\PC{0,40}", depth in 0..12_usize) {
        let mut value = json!({ name.as_str(): url });
        for _ in 0..depth {
            value = json!({ "output": [value] });
        }
        for body in envelopes(&json!({ "output": value, name: url })) {
            if let Answer::Task(task) = Answer::read(&HttpResponse { status: Status::Code(200), body: body.to_string().into(), retry_after: None }) {
                for video in task.videos {
                    prop_assert!(!video.url.contains(|char: char| char.is_whitespace() && char != ' '), "{}", video.url);
                    let is_web = video.url.starts_with("https://") || video.url.starts_with("http://");
                    prop_assert!(is_web || !video.url.contains("://"), "{}", video.url);
                }
            }
        }
    }
}
