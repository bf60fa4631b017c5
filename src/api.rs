//! The functions of the package that need neither key nor network.

use js_sys::Array;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use super::action::Action;
use super::body;
use super::draft::{check, ready};
use super::encode::Encoder;
use super::fault::Failure;
use super::files::{Unreadable, as_blob, blob_of, size};
use super::images::header;
use super::listener::Listener;
use super::object::{js_value, plain};
use kling_core::error::Error;
use kling_core::image::{self, ImageFormat};
use kling_core::plain::Members;

/// Does what is asked.
pub(super) async fn answer(action: Action, subject: JsValue) -> Result<JsValue, Failure> {
    let nobody = Listener::new(None);
    match action {
        Action::Inspect => Ok(info(blob(&subject)?).await),
        Action::Encode => {
            let unreadable = |unreadable: Unreadable| unreadable.into_error("image");
            let parts = Encoder::new()?.encode(blob(&subject)?, &mut |_| ()).await.map_err(unreadable)?;
            let whole = blob_of(&parts.iter().collect::<Array>(), "").map_err(Unreadable::from).map_err(unreadable)?;
            Ok(JsFuture::from(whole.text()).await.map_err(Unreadable::from).map_err(unreadable)?)
        }
        Action::Validate => Ok(plain(&*check(&subject, &nobody).await.0.issues)),
        Action::Build => {
            let ready = ready(&subject, &nobody).await?;
            Ok(body::build(&ready, &body::id_of(&ready.request)?, &nobody).await?.into())
        }
        // Its options have been read.
        _ => Ok(JsValue::UNDEFINED),
    }
}

async fn info(blob: &Blob) -> JsValue {
    const PATH: &str = "image";
    let (header, issues) = match header(blob).await {
        Ok(header) => (Some(header), image::check(PATH, size(blob), &header)),
        Err(unreadable) => (None, vec![unreadable.issue(PATH)]),
    };
    let (width, height) = header.as_ref().and_then(|header| header.size).unzip();
    let format = header.map_or(ImageFormat::Unknown, |header| header.format);
    let members =
        Members::default().text("format", format.as_str()).number("bytes", size(blob)).list("issues", &issues);
    let members = members.some_number("width", width.map(u64::from)).some_number("height", height.map(u64::from));
    js_value(&members.into())
}

fn blob(image: &JsValue) -> Result<&Blob, Error> {
    let invalid = || Error::invalid_option("image", "expected a File or Blob, found something else");
    as_blob(image).ok_or_else(invalid)
}
