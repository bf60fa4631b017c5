//! The page and the package, as plain files, and the configuration of the page.

use crate::Options;
use axum::Json;
use axum::Router;
use axum::http::{HeaderValue, header};
use axum::routing::{get, get_service};
use serde_json::{Value, json};
use std::future::ready;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

/// The routes of the files; a folder that is not given is not served.
pub fn routes(options: &Options) -> Router {
    let config = Json(config(options.relay.is_some()));
    let mut router = Router::new().route("/config.json", get(move || ready(config.clone())));
    for (path, folder) in [("/pkg", &options.pkg), ("/cases", &options.cases), ("/heic-to", &options.heic_to)] {
        if let Some(folder) = folder {
            router = router.nest_service(path, get_service(ServeDir::new(folder)));
        }
    }
    if let Some(www) = &options.www {
        router = router.fallback_service(get_service(ServeDir::new(www)));
    }
    // The browser must load the newest build.
    let fresh = HeaderValue::from_static("no-cache");
    router.layer(SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, fresh))
}

fn config(relay: bool) -> Value {
    if relay {
        json!({ "baseUrl": "/relay/kling", "simulator": false, "relay": true })
    } else {
        json!({ "baseUrl": "/s/demo/kling", "apiKey": "sk-sim-demo", "simulator": true })
    }
}
