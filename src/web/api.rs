//! The functions of the package that need neither key nor network.

use js_sys::{Array, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use super::abort::promise;
use super::body;
use super::encode::Encoder;
use super::fault::Failure;
use super::files::{Unreadable, as_blob, blob_of, size};
use super::images::header;
use super::listener::Listener;
use super::number::float;
use super::object::{object, plain};
use super::options::{CALL, CallOptions, PROGRESS, WAIT};
use super::request::{check, ready};
use crate::error::Error;
use crate::image::{self, ImageFormat};

/// Reads the header of an image without decoding it.
///
/// # Errors
///
/// `invalid_option` for what is no blob; never for what is in it.
#[wasm_bindgen(js_name = inspectImage)]
pub fn inspect_image(image: &JsValue) -> Result<Promise, JsValue> {
    let blob = blob(image)?;
    Ok(promise(Vec::new(), Box::pin(async move { Ok(info(&blob).await) })))
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

/// The bare base64 of a file.
///
/// # Errors
///
/// `invalid_option`; `image_unreadable` rejects the promise.
#[wasm_bindgen(js_name = encodeImage)]
pub fn encode_image(image: &JsValue, options: JsValue) -> Result<Promise, JsValue> {
    let options = CallOptions::read(options, CALL)?;
    let file = blob(image)?;
    let call = async move {
        let unreadable = |unreadable: Unreadable| unreadable.into_error("image");
        let parts = Encoder::new()?.encode(&file, &mut |_| ()).await.map_err(unreadable)?;
        let whole = blob_of(&parts.iter().collect::<Array>(), "").map_err(Unreadable::from).map_err(unreadable)?;
        Ok(JsFuture::from(whole.text()).await.map_err(Unreadable::from).map_err(unreadable)?)
    };
    Ok(promise(options.signal.into_iter().collect(), Box::pin(call)))
}

/// Checks the options of a call before it is known whether it joins another one.
///
/// # Errors
///
/// `invalid_option`
#[wasm_bindgen(js_name = checkOptions)]
pub fn check_options(options: JsValue, may_wait: bool) -> Result<(), JsValue> {
    CallOptions::read(options, if may_wait { WAIT } else { PROGRESS })?;
    Ok(())
}

/// Every problem of a request at once.
#[wasm_bindgen(js_name = validateRequest)]
pub fn validate_request(request: JsValue) -> Promise {
    promise(Vec::new(), Box::pin(async move { Ok(plain(&*check(&request, &Listener::new(None)).await.0.issues)) }))
}

/// The exact JSON body that `submit` would send.
///
/// # Errors
///
/// `invalid_option`; `invalid_request` and `image_unreadable` reject the promise.
#[wasm_bindgen(js_name = buildRequestBody)]
pub fn build_request_body(request: JsValue, options: JsValue) -> Result<Promise, JsValue> {
    let options = CallOptions::read(options, CALL)?;
    let call = async move {
        let nobody = Listener::new(None);
        let ready = ready(&request, &nobody).await?;
        Ok(body::build(&ready, &body::id_of(&ready.request)?, &nobody).await?.into())
    };
    Ok(promise(options.signal.into_iter().collect(), Box::pin(call)))
}

fn blob(image: &JsValue) -> Result<Blob, Failure> {
    let invalid = || Error::invalid_option("image", "expected a File or Blob, found something else").into();
    as_blob(image).cloned().ok_or_else(invalid)
}
