//! The body of a submission, checked against the endpoint's schema only.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use url::Url;

/// The maximum size of a decoded image: 10 MiB.
pub const MAX_IMAGE_BYTES: usize = 10 * 1024 * 1024;
/// The maximum length of either prompt, in Unicode code points.
pub const MAX_PROMPT_CHARACTERS: usize = 2_500;

/// A submission that the schema allows.
#[derive(Debug)]
pub struct Submission {
    /// One to four, in order.
    pub pictures: Vec<Picture>,
    /// Quality. Here it changes only the price.
    pub mode: Mode,
    /// Seconds: 5 or 10.
    pub seconds: u32,
    /// The shape of the video.
    pub aspect: Aspect,
    /// The caller's own id.
    pub external_task_id: Option<String>,
}

/// One entry of `image_list`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub enum Picture {
    /// The decoded bytes.
    Bytes(Vec<u8>),
    /// A URL. The simulator does not fetch it.
    Url(String),
}

/// The wire's `mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `std`
    Standard,
    /// `pro`
    Professional,
}

/// The wire's `aspect_ratio`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aspect {
    /// `16:9`
    Wide,
    /// `9:16`
    Tall,
    /// `1:1`
    Square,
}

/// Why a submission is refused, with its code and status.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// Kling's code.
    pub code: u32,
    /// The simulator's own wording.
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<'a> {
    #[serde(default, deserialize_with = "present")]
    model_name: Option<String>,
    #[serde(borrow)]
    image_list: Vec<WireImage<'a>>,
    #[serde(default, deserialize_with = "present")]
    prompt: Option<String>,
    #[serde(default, deserialize_with = "present")]
    negative_prompt: Option<String>,
    #[serde(default, deserialize_with = "present")]
    mode: Option<String>,
    #[serde(default, deserialize_with = "present")]
    duration: Option<String>,
    #[serde(default, deserialize_with = "present")]
    aspect_ratio: Option<String>,
    #[serde(default, deserialize_with = "present")]
    callback_url: Option<String>,
    #[serde(default, deserialize_with = "present")]
    external_task_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireImage<'a> {
    #[serde(borrow)]
    image: Cow<'a, str>,
}

/// The caller's own id in a body that is not checked yet.
pub fn external_id(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Only {
        external_task_id: Option<String>,
    }
    serde_json::from_slice::<Only>(body).ok()?.external_task_id
}

impl Submission {
    /// Reads and checks a body.
    pub fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let mut json = serde_json::Deserializer::from_slice(body);
        let wire: Wire =
            serde_path_to_error::deserialize(&mut json).map_err(|e| invalid(format!("{}: {}", e.path(), e.inner())))?;
        json.end().map_err(|e| invalid(format!("after the body's end: {e}")))?;
        wire.check()
    }
}

impl Wire<'_> {
    fn check(self) -> Result<Submission, Refusal> {
        if let Some(model) = self.model_name.filter(|model| model != "kling-v1-6") {
            return Err(Refusal {
                status: 404,
                code: 1203,
                message: format!("model_name: expected kling-v1-6, found '{model}'"),
            });
        }
        for (field, text) in [("prompt", &self.prompt), ("negative_prompt", &self.negative_prompt)] {
            let length = text.as_ref().map_or(0, |text| text.chars().count());
            if length > MAX_PROMPT_CHARACTERS {
                return Err(invalid(format!(
                    "{field}: expected at most {MAX_PROMPT_CHARACTERS} characters, found {length}"
                )));
            }
        }
        let mode = match self.mode.as_deref() {
            None | Some("std") => Mode::Standard,
            Some("pro") => Mode::Professional,
            Some(other) => return Err(not_among("mode", "std or pro", other)),
        };
        let seconds = match self.duration.as_deref() {
            None | Some("5") => 5,
            Some("10") => 10,
            Some(other) => return Err(not_among("duration", "\"5\" or \"10\"", other)),
        };
        let aspect = match self.aspect_ratio.as_deref() {
            None | Some("16:9") => Aspect::Wide,
            Some("9:16") => Aspect::Tall,
            Some("1:1") => Aspect::Square,
            Some(other) => return Err(not_among("aspect_ratio", "16:9, 9:16 or 1:1", other)),
        };
        if let Some(url) = self.callback_url.filter(|url| !is_web_url(url)) {
            return Err(not_among("callback_url", "an http or https URL", &url));
        }
        if self.external_task_id.as_deref() == Some("") {
            return Err(invalid("external_task_id: expected at least one character".into()));
        }
        if !(1..=4).contains(&self.image_list.len()) {
            let found = self.image_list.len();
            return Err(invalid(format!("image_list: expected 1 to 4 entries, found {found}")));
        }
        let pictures = self
            .image_list
            .iter()
            .enumerate()
            .map(|(index, entry)| picture(index, &entry.image))
            .collect::<Result<_, _>>()?;
        let external_task_id = self.external_task_id;
        Ok(Submission { pictures, mode, seconds, aspect, external_task_id })
    }
}

fn picture(index: usize, text: &str) -> Result<Picture, Refusal> {
    let refuse = |what: &str| Err(invalid(format!("image_list[{index}].image: {what}")));
    if text.starts_with("http://") || text.starts_with("https://") {
        return if is_web_url(text) {
            Ok(Picture::Url(text.to_owned()))
        } else {
            refuse("expected a URL that can be parsed")
        };
    }
    if text.starts_with("data:") {
        return refuse("expected bare base64, found a data: prefix");
    }
    let bytes = match STANDARD.decode(text) {
        Ok(bytes) => bytes,
        Err(error) => return refuse(&format!("expected canonical base64 with padding: {error}")),
    };
    if bytes.is_empty() {
        return refuse("expected an image, found no bytes");
    }
    if bytes.len() > MAX_IMAGE_BYTES {
        let found = bytes.len();
        return refuse(&format!("expected at most {MAX_IMAGE_BYTES} bytes, found {found}"));
    }
    Ok(Picture::Bytes(bytes))
}

fn is_web_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Code 1201, "invalid key or value".
fn invalid(message: String) -> Refusal {
    Refusal { status: 400, code: 1201, message }
}

fn not_among(field: &str, expected: &str, found: &str) -> Refusal {
    invalid(format!("{field}: expected {expected}, found '{found}'"))
}

/// A field that may be absent, but not `null`.
fn present<'de, D: Deserializer<'de>>(field: D) -> Result<Option<String>, D::Error> {
    String::deserialize(field).map(Some)
}

#[cfg(test)]
mod tests {
    use super::{Aspect, Mode, Picture, Submission};
    use serde_json::{Value, json};

    fn parse(body: &Value) -> Result<Submission, String> {
        Submission::parse(body.to_string().as_bytes()).map_err(|refusal| refusal.message)
    }

    fn with(field: &str, value: Value) -> Value {
        let mut body = json!({ "image_list": [{ "image": "AAAA" }] });
        body[field] = value;
        body
    }

    #[test]
    fn a_full_body_is_understood() {
        let body = json!({
            "model_name": "kling-v1-6",
            "image_list": [{ "image": "AAA=" }, { "image": "https://example.com/a.jpg" }],
            "prompt": "\u{1F980}".repeat(2_500),
            "negative_prompt": "",
            "mode": "pro",
            "duration": "10",
            "aspect_ratio": "9:16",
            "callback_url": "https://example.com/done",
            "external_task_id": "mine",
        });
        let submission = parse(&body).unwrap();
        assert_eq!(submission.mode, Mode::Professional);
        assert_eq!(submission.seconds, 10);
        assert_eq!(submission.aspect, Aspect::Tall);
        assert_eq!(submission.external_task_id.as_deref(), Some("mine"));
        assert!(matches!(&submission.pictures[0], Picture::Bytes(bytes) if bytes == &[0, 0]));
        assert!(matches!(&submission.pictures[1], Picture::Url(_)));
    }

    #[test]
    fn every_breach_is_refused_and_named() {
        let image = json!({ "image": "AAAA" });
        for (body, named) in [
            (json!({}), "image_list"),
            (json!([]), ""),
            (with("image_list", json!([])), "image_list"),
            (with("image_list", json!(vec![image.clone(); 5])), "image_list"),
            (with("image_list", json!([image, { "image": "AAA" }])), "image_list[1].image"),
            (with("image_list", json!([{ "image": "AAB=" }])), "image_list[0].image"),
            (with("image_list", json!([{ "image": "AA-_" }])), "image_list[0].image"),
            (with("image_list", json!([{ "image": "AA\nAA" }])), "image_list[0].image"),
            (with("image_list", json!([{ "image": "" }])), "image_list[0].image"),
            (with("image_list", json!([{ "image": "data:image/png;base64,AAAA" }])), "data:"),
            (with("image_list", json!([{ "image": "https://" }])), "image_list[0].image"),
            (with("image_list", json!([{ "image": "AAAA", "name": "a" }])), "name"),
            (with("image_list", json!(["AAAA"])), "image_list[0]"),
            (with("duration", json!(5)), "duration"),
            (with("duration", json!("6")), "duration"),
            (with("mode", json!("fast")), "mode"),
            (with("aspect_ratio", json!("4:3")), "aspect_ratio"),
            (with("aspect_ratio", json!(null)), "aspect_ratio"),
            (with("prompt", json!("é".repeat(2_501))), "prompt"),
            (with("negative_prompt", json!("é".repeat(2_501))), "negative_prompt"),
            (with("callback_url", json!("ftp://example.com")), "callback_url"),
            (with("external_task_id", json!("")), "external_task_id"),
            (with("static_mask", json!("AAAA")), "static_mask"),
            (with("dynamic_masks", json!([])), "dynamic_masks"),
            (with("model_name", json!("kling-v9")), "model_name"),
            (with("cfg_scale", json!(0.5)), "cfg_scale"),
        ] {
            let message = parse(&body).expect_err(&body.to_string());
            assert!(message.contains(named), "{body}: {message}");
        }
    }

    #[test]
    fn a_body_that_is_no_json_or_repeats_a_field_is_refused() {
        for body in [
            "",
            "{",
            r#"{"image_list":[{"image":"AAAA"}]} {}"#,
            r#"{"image_list":[{"image":"AAAA"}],"prompt":"a","prompt":"b"}"#,
        ] {
            assert!(Submission::parse(body.as_bytes()).is_err(), "{body}");
        }
    }
}
