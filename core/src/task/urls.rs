//! Finds the videos in a response.
//!
//! Each gateway has its own place for the URL. So all members of a response are searched, and the names on the way to a URL
//! decide whether it is that of a video, and how good a place it is. A list has one video for each of its items.

use std::ptr;

use super::Video;
use crate::answer::meaning::mentions;
use crate::json::Json;
use crate::redact::is_redacted;
use crate::url::is_absolute;

/// How deep objects and arrays are searched. The known forms have up to seven levels.
const MAX_DEPTH: u32 = 10;

/// How many values are searched. A response with a video has up to a hundred.
const MAX_VALUES: u32 = 4_096;

/// The maximum length of a relative URL. Anything longer is base64.
const MAX_RELATIVE_BYTES: usize = 2_048;

/// Parts of the names of members without a finished video: other media, the request, other requests.
const OTHER_NAMES: &str = "image cover thumb poster preview frame avatar logo gif audio music input request param propert \
    reference mask callback webhook status cancel response_url task_info prompt error share";

/// Parts of the names of routes, which contain the name of another medium.
const ROUTE_NAMES: &str = "2video to_video tovideo";

/// Parts of the names of members whose string may be the URL of a video, the best first. Old gateways have the URL in
/// `fail_reason`.
const URL_NAMES: [&str; 4] = [
    "result_url resulturl",
    "video",
    "url",
    "uri output result file download link href src media resource content fail_reason",
];

/// The ends of the paths of files that are no videos.
const OTHER_FILES: &str = ".jpg .jpeg .png .webp .gif .avif .heic .bmp .svg .mp3 .wav .m4a .json .html .txt .vtt .srt";

/// The ends of the paths of videos.
const VIDEO_FILES: &str = ".mp4 .mov .webm .m4v";

/// How many bytes the longest of these ends has.
const MAX_END_BYTES: usize = 5;

/// How good a place is: the lowest is the best.
type Rank = u32;

/// What a watermark adds to a rank.
const WATERMARKED: Rank = 1 << 16;

/// What a place outside of the lists of videos adds to a rank.
const NOT_LISTED: Rank = 1 << 8;

/// The ranks of two names differ by that much: by more than twice [`MAX_DEPTH`].
const STEP: Rank = 32;

/// The videos of a task in a response: those of the best list, or one from the best place.
pub(super) fn videos(answer: &Json, task_id: &str) -> Vec<Video> {
    let mut search = Search { task_id, visited: 0, rank: Rank::MAX, list: None, owner: None, videos: Vec::new() };
    search.visit(answer, "", Place { depth: 0, rank: NOT_LISTED, list: None, owner: None });
    search.videos
}

/// Where a value is.
#[derive(Clone, Copy)]
struct Place<'a> {
    depth: u32,
    /// What it adds to the rank of a name.
    rank: Rank,
    /// The array that contains it.
    list: Option<&'a Json>,
    /// The object that describes the video: an item of that array, or outside of arrays the object with the URL.
    owner: Option<&'a Json>,
}

/// The best videos so far, all of one list, and the place of the last one.
struct Search<'a> {
    task_id: &'a str,
    visited: u32,
    rank: Rank,
    list: Option<&'a Json>,
    owner: Option<&'a Json>,
    videos: Vec<Video>,
}

impl<'a> Search<'a> {
    /// Searches a value. `name` is that of the member with the value, or with the array that contains it.
    fn visit(&mut self, value: &'a Json, name: &str, mut place: Place<'a>) {
        self.visited = self.visited.saturating_add(1);
        if place.depth > MAX_DEPTH || self.visited > MAX_VALUES {
            return;
        }
        place.depth = place.depth.saturating_add(1);
        let is_of_videos = has_part(name, "video output");
        if has_part(name, "watermark") && !has_part(name, "without no_ unwater") {
            place.rank |= WATERMARKED;
        }
        match value {
            Json::Text(text) => self.add(text.trim(), name, place),
            Json::List(items) => {
                if is_of_videos {
                    // Of two lists, that of the service is inside: this outweighs that depth is added.
                    place.rank &= WATERMARKED;
                    place.rank |= MAX_DEPTH.saturating_sub(place.depth).saturating_mul(2);
                }
                place.list = Some(value);
                for item in items {
                    place.owner = Some(item);
                    self.visit(item, name, place);
                }
            }
            Json::Object(members) => {
                if place.list.is_none() && is_of_videos {
                    place.owner = Some(value);
                }
                if value.text("type").is_some_and(|kind| has_part(kind, "image audio")) {
                    return;
                }
                for (name, value) in members {
                    let is_other = name.starts_with("source") || has_part(name, OTHER_NAMES);
                    if !is_other || has_part(name, ROUTE_NAMES) {
                        self.visit(value, name, place);
                    }
                }
            }
            Json::Null | Json::Bool | Json::Number(_) => {}
        }
    }

    /// Adds a URL if no better place is known: to the others of its list, one for each item.
    fn add(&mut self, url: &str, name: &str, place: Place<'a>) {
        let Some(rank) = rank(url, name) else { return };
        // Of two levels with the same name, the gateway's own is outside.
        let rank = rank.saturating_mul(STEP).saturating_add(place.depth).saturating_add(place.rank);
        let is_same_list = place.list.is_some() && is_same(place.list, self.list);
        let is_next_item = is_same_list && !is_same(place.owner, self.owner);
        if !is_next_item {
            if rank >= self.rank {
                return;
            }
            let kept = if is_same_list { self.videos.len().saturating_sub(1) } else { 0 };
            self.videos.truncate(kept);
        }
        (self.rank, self.list, self.owner) = (rank, place.list, place.owner);
        self.videos.push(Video {
            task_id: Some(self.task_id.to_owned()),
            id: place.owner.and_then(|owner| owner.id("id")),
            url: url.to_owned(),
            duration: place.owner.and_then(|owner| owner.seconds("duration")),
        });
    }
}

fn is_same(one: Option<&Json>, other: Option<&Json>) -> bool {
    one.map(ptr::from_ref) == other.map(ptr::from_ref)
}

/// Whether a name contains one of these parts, in any case.
pub(super) fn has_part(name: &str, parts: &str) -> bool {
    parts.split(' ').any(|part| mentions(name, part))
}

/// How good a name is for the URL of a video; `None` if the text is no such URL. A relative URL is accepted: it belongs to the base
/// URL.
fn rank(text: &str, name: &str) -> Option<Rank> {
    let path = text.get(..text.bytes().position(|byte| matches!(byte, b'?' | b'#')).unwrap_or(text.len()))?;
    let end = path.get(path.len().saturating_sub(MAX_END_BYTES)..).unwrap_or_default();
    let is_video = has_part(end, VIDEO_FILES);
    // A colon ends another scheme.
    let is_file = is_video || has_part(name, "url uri") && path.contains('/');
    let is_relative = text.starts_with('/') || is_file && !path.contains(':');
    let is_url = is_absolute(text) || is_relative && (2..=MAX_RELATIVE_BYTES).contains(&text.len());
    // A space may be part of a URL; elsewhere it is a sentence that begins with a URL.
    let may_have_spaces = is_absolute(text) && (is_video || has_part(name, "url uri"));
    let is_broken = text.bytes().any(|byte| byte < b' ' || byte == b' ' && !may_have_spaces)
        || is_redacted(text)
        || has_part(end, OTHER_FILES);
    if !is_url || is_broken {
        return None;
    }
    let rank = (1..).zip(URL_NAMES).find(|(_, parts)| has_part(name, parts)).map(|(rank, _)| rank);
    rank.or(is_video.then_some(5))
}
