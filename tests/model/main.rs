//! Everything that decides, tested natively: tables, laws, whole flows in virtual time, and the rules of the tree itself.
#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_lossless,
    reason = "a test that goes wrong should stop"
)]

mod adopt;
mod answer;
mod boxes;
mod change;
mod conformance;
mod declarations;
mod docs;
mod download;
mod encoding;
mod endpoint;
mod families;
mod fields;
mod flow;
mod freshness;
mod ids;
mod image;
mod interrupted;
mod keep;
mod limits;
mod links;
mod not_sent;
mod options;
mod page;
mod poll;
mod polling;
mod record;
mod redact;
mod refusal;
mod repeats;
mod repository;
mod request;
mod retry;
mod retry_after;
mod script;
mod second_caller;
mod status_words;
mod submission;
mod submit;
mod tidy;
mod unusual;
mod video;
mod video_urls;
mod world;
