//! The page and the package, as plain files, and what the page must know to call this server.

use axum::Json;
use axum::Router;
use axum::http::{HeaderValue, header};
use axum::routing::{get, get_service};
use serde_json::{Value, json};
use std::future::ready;
use std::path::Path;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

/// The routes of the files; a folder that is not given is not served.
pub fn routes(www: Option<&Path>, pkg: Option<&Path>, relay: bool) -> Router {
    let config = Json(config(relay));
    let mut router = Router::new().route("/config.json", get(move || ready(config.clone())));
    if let Some(pkg) = pkg {
        router = router.nest_service("/pkg", get_service(ServeDir::new(pkg)));
    }
    if let Some(www) = www {
        router = router.fallback_service(get_service(ServeDir::new(www)));
    }
    // What was built a second ago must be what is loaded.
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
