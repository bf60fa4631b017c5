//! The functions of the package that need neither key nor network.

use js_sys::Array;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use super::body;
use super::encode::Encoder;
use super::entry::Action;
use super::fault::Failure;
use super::files::{Unreadable, as_blob, blob_of, size};
use super::images::header;
use super::listener::Listener;
use super::number::float;
use super::object::{object, plain};
use super::request::{check, ready};
use crate::error::Error;
use crate::image::{self, ImageFormat};

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
    let bytes = ("bytes", JsValue::from_f64(float(size(blob))));
    let format = |format: ImageFormat| ("format", JsValue::from_str(format.as_str()));
    let header = match header(blob).await {
        Ok(header) => header,
        Err(unreadable) => {
            return object(&[format(ImageFormat::Unknown), bytes, ("issues", plain(&[unreadable.issue(PATH)][..]))]);
        }
    };
    let mut members = vec![format(header.format), bytes, ("issues", plain(&*image::check(PATH, size(blob), &header)))];
    if let Some((width, height)) = header.size {
        members.push(("width", width.into()));
        members.push(("height", height.into()));
    }
    object(&members)
}

fn blob(image: &JsValue) -> Result<&Blob, Error> {
    let invalid = || Error::invalid_option("image", "expected a File or Blob, found something else");
    as_blob(image).ok_or_else(invalid)
}
