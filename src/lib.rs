//! The WebAssembly module of the npm package `kling-multi-image2video`: what JavaScript can call, and the browser behind it.
//!
//! All decisions are in `core`, whose documentation describes the architecture. The modules here read options and requests
//! from JavaScript, convert errors and tasks to it, and give `core` access to `fetch`, files, timers, signals, IndexedDB, locks
//! and other tabs.
//!
//! Each function here and each method of `Client` is one public call of the package. `src/js/index.d.ts` documents them for
//! those who use it.
#![cfg(target_family = "wasm")]

mod abort;
mod body;
mod call;
mod client;
mod download;
mod draft;
mod encode;
mod fault;
mod fetch;
mod files;
mod host;
mod images;
mod listener;
mod number;
mod object;
mod options;
mod random;
mod records;
mod returned;
mod scripts;
mod settings;
mod settled;
mod submit;
mod tab;
mod text;
mod timer;

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use abort::promise;
pub use client::Client;
use fault::Failure;
pub use fault::discard_instance;
use listener::Listener;
use object::to_js;
use options::{CALL, CallOptions, GENERATE, SUBMIT};

/// 3.2 kB smaller, gzipped, than the standard library's allocator for this target, and as good for the few small objects here.
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// The problems of a request, and the error.
#[wasm_bindgen(typescript_custom_section)]
const ERRORS: &str = include_str!("js/errors.d.ts");

/// The types that the functions and the client take and return.
#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = from_first_section(include_str!("js/types.d.ts"));

/// The declarations of a file from its first section (`// ──`) on. The lines above import what is in the same section here.
#[expect(dead_code, reason = "what wasm-bindgen makes of the section above calls it")]
const fn from_first_section(file: &'static str) -> &'static str {
    let mut rest = file.as_bytes();
    while let [_, after @ ..] = rest {
        // The first byte of a box-drawing character.
        if let [b'/', b'/', b' ', 0xe2, ..] = rest {
            break;
        }
        rest = after;
    }
    match str::from_utf8(rest) {
        Ok(sections) => sections,
        Err(_) => file,
    }
}

/// A call that needs no client, with its argument as JavaScript passed it.
///
/// One type for all of them, because the code around a future is compiled once for each type of future.
enum ClientlessCall {
    Inspect { image: JsValue },
    Encode { image: JsValue },
    Validate { request: JsValue },
    BuildBody { request: JsValue },
}

/// Reads the header of an image, and reports what the service would refuse.
#[wasm_bindgen(js_name = inspectImage, unchecked_return_type = "Promise<ImageInfo>")]
pub fn inspect_image(#[wasm_bindgen(unchecked_param_type = "Blob")] image: JsValue) -> Promise {
    ClientlessCall::Inspect { image }.start(JsValue::UNDEFINED)
}

/// The base64 of a file, without a `data:` prefix.
#[wasm_bindgen(js_name = encodeImage, unchecked_return_type = "Promise<string>")]
pub fn encode_image(
    #[wasm_bindgen(unchecked_param_type = "Blob")] image: JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: JsValue,
) -> Promise {
    ClientlessCall::Encode { image }.start(options)
}

/// Every problem of a request at once, without a key and without sending anything.
#[wasm_bindgen(js_name = validateRequest, unchecked_return_type = "Promise<Issue[]>")]
pub fn validate_request(#[wasm_bindgen(unchecked_param_type = "VideoRequest")] request: JsValue) -> Promise {
    ClientlessCall::Validate { request }.start(JsValue::UNDEFINED)
}

/// The JSON body that a submission of this request would send.
#[wasm_bindgen(js_name = buildRequestBody, unchecked_return_type = "Promise<Blob>")]
pub fn build_request_body(
    #[wasm_bindgen(unchecked_param_type = "VideoRequest")] request: JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "CallOptions")] options: JsValue,
) -> Promise {
    ClientlessCall::BuildBody { request }.start(options)
}

/// Checks the options of `submit`, or with `waits` those of `generate`, before the request may be joined to another one.
///
/// # Errors
///
/// `invalid_option`
#[wasm_bindgen(js_name = checkOptions)]
pub fn check_options(
    #[wasm_bindgen(unchecked_param_type = "SubmitOptions & WaitOptions | undefined")] options: JsValue,
    waits: bool,
) -> Result<(), JsValue> {
    CallOptions::read(options, if waits { GENERATE } else { SUBMIT })?;
    Ok(())
}

impl ClientlessCall {
    fn start(self, options: JsValue) -> Promise {
        match CallOptions::read(options, CALL) {
            Ok(options) => promise(options.signal.into_iter().collect(), None, Box::pin(self.run())),
            Err(failure) => Promise::reject(&failure.into()),
        }
    }

    async fn run(self) -> Result<JsValue, Failure> {
        let listener = Listener::new(None);
        Ok(match self {
            Self::Inspect { image } => images::info(files::image(&image)?).await,
            Self::Encode { image } => encode::text(files::image(&image)?).await?,
            Self::Validate { request } => to_js(&*draft::check(&request, &listener).await.issues),
            Self::BuildBody { request } => {
                let ready = draft::check(&request, &listener).await.ready()?;
                body::build(&ready, &body::id_of(&ready.request)?, &listener).await?.into()
            }
        })
    }
}
