//! The thin shell: everything that touches the browser, and nothing that decides.

mod abort;
#[expect(clippy::float_cmp, reason = "in what wasm-bindgen makes of an enum")]
mod action;
mod api;
mod body;
mod client;
mod download;
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
mod request;
mod settings;
mod submission;
mod tab;
mod text;
mod timer;

/// Half the size of the standard library's allocator for this target, gzipped, and as good for the few small objects here.
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
