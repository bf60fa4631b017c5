//! The page and the package, as plain files, and the configuration of the page.

use crate::Options;
use axum::Json;
use axum::Router;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::routing::{get, get_service};
use serde_json::{Value, json};
use std::future::ready;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

/// The routes of the files; a folder that is not given is not served.
pub fn routes(options: &Options) -> Router {
    let relay = options.relay.is_some();
    let mut router = Router::new().route("/config.json", get(move |headers| ready(Json(config(relay, &headers)))));
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

/// A test sets the cookies `scenario` and `key`, so that a page that it has just loaded uses a task that is held.
fn config(relay: bool, headers: &HeaderMap) -> Value {
    if relay {
        return json!({ "baseUrl": "/relay/kling", "simulator": false, "relay": true });
    }
    let scenario = cookie(headers, "scenario").unwrap_or("demo");
    let key = cookie(headers, "key").unwrap_or("sk-sim-demo");
    json!({ "baseUrl": format!("/s/{scenario}/kling"), "apiKey": key, "simulator": true })
}

/// The value of a cookie.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lists = headers.get_all(header::COOKIE).iter().filter_map(|list| list.to_str().ok());
    let mut cookies = lists.flat_map(|list| list.split("; ")).filter_map(|cookie| cookie.split_once('='));
    cookies.find(|(other, _)| *other == name).map(|(_, value)| value)
}
