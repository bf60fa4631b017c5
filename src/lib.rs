//! The WebAssembly module of the npm package `kling-multi-image2video`: what JavaScript can call, and the browser behind it.
//!
//! What is decided is decided in `core`, whose documentation describes the architecture. Each module here does what that asks
//! for: options and requests are read from JavaScript, errors and tasks are written to it; `fetch`, files, timers, signals,
//! IndexedDB, locks and other tabs are lent.
#![cfg(target_family = "wasm")]

mod abort;
#[expect(clippy::float_cmp, reason = "in what wasm-bindgen makes of an enum")]
mod action;
mod api;
mod body;
mod client;
mod download;
mod draft;
mod encode;
#[expect(unreachable_pub, reason = "wasm-bindgen exports what is pub")]
mod entry;
#[expect(unreachable_pub, reason = "wasm-bindgen exports what is pub")]
mod fault;
mod fetch;
mod files;
mod host;
mod images;
mod listener;
mod number;
mod object;
mod options;
mod records;
mod settings;
mod submit;
mod tab;
mod text;
mod timer;

/// Half the size of the standard library's allocator for this target, gzipped, and as good for the few small objects here.
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
