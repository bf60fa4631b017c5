//! Image sources: files, URLs and base64 strings, each checked.

use std::ops::Range;

use js_sys::{JsString, Promise};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use super::files::{Unreadable, as_blob, begin, size};
use super::object::{is_object, js_value, member, type_of};
use super::text::address;
use kling_core::image::{self, ImageFormat, ImageHeader};
use kling_core::issue::{Issue, IssueCode};
use kling_core::plain::PlainObject;
use kling_core::request::DraftImage;

#[wasm_bindgen(module = "/src/js/bytes.js")]
extern "C" {
    /// The bytes of a base64 string.
    #[wasm_bindgen(js_name = fromBase64)]
    fn from_base64(base64: &JsString) -> Promise;
}

/// An image of a draft, and its file unless the service fetches it.
pub(super) struct Candidate {
    pub(super) draft: DraftImage,
    pub(super) file: Option<Blob>,
}

impl Candidate {
    /// Reads the header of an image, and checks it.
    pub(super) async fn read(source: &JsValue, path: &str) -> Self {
        if let Some(blob) = as_blob(source) {
            return Self::of_file(blob.clone(), path).await;
        }
        if let Some(text) = source.dyn_ref::<JsString>() {
            return Self::of_text(text, path).await;
        }
        if is_object(source)
            && let Ok(href) = member(source, "href")
            && href.is_string()
        {
            return Self::of_url(&href, path);
        }
        let found = type_of(source);
        let message = format!("expected a File or Blob, an http(s): URL, or a base64 or data: string, found {found}");
        Self::faulty(Issue::error(IssueCode::BadValue, path, message))
    }

    async fn of_file(file: Blob, path: &str) -> Self {
        let issues = match header(&file).await {
            Ok(header) => image::check(path, size(&file), &header),
            Err(unreadable) => vec![unreadable.issue(path)],
        };
        Self { draft: DraftImage::Encoded(issues), file: Some(file) }
    }

    /// The start of a string says whether it is a URL or base64.
    async fn of_text(text: &JsString, path: &str) -> Self {
        const PREFIX: u32 = 256;
        let start = String::from(text.substring(0, PREFIX));
        let trimmed = start.trim_start();
        let scheme = trimmed.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
        match scheme.as_deref() {
            Some("data") => match start.split_once(',') {
                Some((head, _)) if head.trim_end().to_ascii_lowercase().ends_with(";base64") => {
                    let skipped = u32::try_from(head.encode_utf16().count()).unwrap_or(0).saturating_add(1);
                    Self::of_base64(&text.substring(skipped, text.length()), path).await
                }
                _ => {
                    let message = "expected a data: URL with ;base64 before its comma, found one without";
                    Self::faulty(Issue::error(IssueCode::BadBase64, path, message))
                }
            },
            Some("blob") => {
                let message = "expected the blob itself, found a blob: URL, which only this page can read";
                Self::faulty(Issue::error(IssueCode::BadUrl, path, message))
            }
            Some(_) => Self::of_url(text, path),
            None => Self::of_base64(text, path).await,
        }
    }

    fn of_url(text: &JsValue, path: &str) -> Self {
        match address(text, false) {
            Some(url) => Self { draft: DraftImage::Url(url), file: None },
            None => Self::faulty(Issue::error(
                IssueCode::BadUrl,
                path,
                "expected an absolute http(s): URL, found a malformed one",
            )),
        }
    }

    async fn of_base64(text: &JsString, path: &str) -> Self {
        if let Ok(file) = JsFuture::from(from_base64(text)).await {
            return Self::of_file(file.unchecked_into(), path).await;
        }
        let message = "expected base64 (A–Z, a–z, 0–9, + and /), an http(s): URL or a data: URL, found another string";
        Self::faulty(Issue::error(IssueCode::BadBase64, path, message))
    }

    fn faulty(issue: Issue) -> Self {
        Self { draft: DraftImage::Encoded(vec![issue]), file: None }
    }
}

/// The result of `inspectImage`: the contents of an image's header, and what the service would refuse.
pub(super) async fn info(blob: &Blob) -> JsValue {
    const PATH: &str = "image";
    let (header, issues) = match header(blob).await {
        Ok(header) => (Some(header), image::check(PATH, size(blob), &header)),
        Err(unreadable) => (None, vec![unreadable.issue(PATH)]),
    };
    let (width, height) = header.as_ref().and_then(|header| header.size).unzip();
    let format = header.map_or(ImageFormat::Unknown, |header| header.format);
    let members =
        PlainObject::default().string("format", format.as_str()).number("bytes", size(blob)).array("issues", &issues);
    let members =
        members.optional_number("width", width.map(u64::from)).optional_number("height", height.map(u64::from));
    js_value(&members.into())
}

/// Reads the header of an image.
pub(super) async fn header(file: &Blob) -> Result<ImageHeader, Unreadable> {
    let read = async |range: Range<u64>| Ok::<_, Unreadable>(begin(file, range).bytes().await?.to_vec());
    image::read_header(size(file), &read).await
}
