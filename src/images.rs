//! Image sources: files, URLs and base64 strings, each checked.

use js_sys::{JsString, Promise};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use super::files::{self, as_blob, size};
use super::object::{is_object, js_value, member, type_of};
use super::text::address;
use kling_core::image::{self, HeaderReader, ImageFormat, ImageHeader};
use kling_core::issue::{Issue, IssueCode};
use kling_core::plain::PlainObject;
use kling_core::request::DraftImage;

#[wasm_bindgen(module = "/src/js/bytes.js")]
extern "C" {
    /// The bytes of a base64 string.
    #[wasm_bindgen(js_name = fromBase64)]
    fn from_base64(base64: &JsString) -> Promise;

    /// The bytes of a `data:` URL.
    #[wasm_bindgen(js_name = fromDataUrl)]
    fn from_data_url(url: &JsString) -> Promise;
}

/// An image of a draft, and its file unless the service fetches it.
pub(super) struct Candidate {
    pub(super) draft: DraftImage,
    pub(super) file: Option<Blob>,
}

/// What an image source is, before anything of it is read.
enum Source<'a> {
    File(&'a Blob),
    /// The bytes of a string, once they are decoded.
    Decoding(Promise),
    Url(String),
    Bad(Issue),
}

impl Candidate {
    /// Reads the header of an image, and checks it.
    pub(super) async fn read(source: JsValue, index: usize) -> Self {
        let path = &format!("images[{index}]");
        let file = match Source::of(&source, path) {
            Source::File(file) => file.clone(),
            Source::Decoding(bytes) => match JsFuture::from(bytes).await {
                Ok(file) => file.unchecked_into(),
                Err(_) => return Self::bad(bad_base64(path)),
            },
            Source::Url(url) => return Self { draft: DraftImage::Url(url), file: None },
            Source::Bad(issue) => return Self::bad(issue),
        };
        let (_, issues) = examine(&file, path).await;
        Self { draft: DraftImage::Encoded(issues), file: Some(file) }
    }

    fn bad(issue: Issue) -> Self {
        Self { draft: DraftImage::Encoded(vec![issue]), file: None }
    }
}

impl<'a> Source<'a> {
    fn of(source: &'a JsValue, path: &str) -> Self {
        if let Some(file) = as_blob(source) {
            return Self::File(file);
        }
        if let Some(text) = source.dyn_ref::<JsString>() {
            return Self::of_text(text, path);
        }
        if is_object(source)
            && let Ok(href) = member(source, "href")
            && href.is_string()
        {
            return Self::of_url(&href, path);
        }
        let found = type_of(source);
        let message = format!("expected a File or Blob, an http(s): URL, or a base64 or data: string, found {found}");
        Self::Bad(Issue::error(IssueCode::BadValue, path, message))
    }

    /// The start of a string says whether it is a URL or base64.
    fn of_text(text: &JsString, path: &str) -> Self {
        const PREFIX: u32 = 256;
        let start = String::from(text.substring(0, PREFIX));
        let trimmed = start.trim_start();
        let scheme = trimmed.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
        match scheme.as_deref() {
            Some("data") => Self::Decoding(from_data_url(text)),
            Some("blob") => {
                let message = "expected the blob itself, found a blob: URL, which only this page can read";
                Self::Bad(Issue::error(IssueCode::BadUrl, path, message))
            }
            Some(_) => Self::of_url(text, path),
            None => Self::Decoding(from_base64(text)),
        }
    }

    fn of_url(text: &JsValue, path: &str) -> Self {
        let message = "expected an absolute http(s): URL, found a malformed one";
        address(text, false).map_or_else(|| Self::Bad(Issue::error(IssueCode::BadUrl, path, message)), Self::Url)
    }
}

fn bad_base64(path: &str) -> Issue {
    let message = "expected base64 (A–Z, a–z, 0–9, + and /), an http(s): URL or a data: URL, found another string";
    Issue::error(IssueCode::BadBase64, path, message)
}

/// The result of `inspectImage`: the contents of an image's header, and what the service would refuse.
pub(super) async fn info(blob: &Blob) -> JsValue {
    let (header, issues) = examine(blob, "image").await;
    let (width, height) = header.as_ref().and_then(|header| header.size).unzip();
    let format = header.map_or(ImageFormat::Unknown, |header| header.format);
    let members =
        PlainObject::default().string("format", format.as_str()).number("bytes", size(blob)).array("issues", &issues);
    let members =
        members.optional_number("width", width.map(u64::from)).optional_number("height", height.map(u64::from));
    js_value(&members.into())
}

/// The header of a file, unless it cannot be read, and every problem of the file.
async fn examine(file: &Blob, path: &str) -> (Option<ImageHeader>, Vec<Issue>) {
    let mut reader = HeaderReader::new(size(file));
    loop {
        let range = match reader.read() {
            Ok(header) => return (Some(header), image::check(path, size(file), &header)),
            Err(range) => range,
        };
        let end = range.end;
        match files::read(file, range).await {
            Ok(bytes) => reader.fill(bytes.to_vec(), end),
            Err(unreadable) => return (None, vec![unreadable.issue(path)]),
        }
    }
}
