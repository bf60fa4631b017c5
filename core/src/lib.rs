//! One to four pictures and a prompt to a video, from a web page: a client for CometAPI's Kling endpoint
//! `POST /kling/v1/videos/multi-image2video`.
//!
//! It is published as the npm package `kling-multi-image2video`; most of its users never see Rust. This crate holds everything
//! that decides and names no browser; the crate at the root of the repository lends it one, and exports what JavaScript can
//! call. This page is for those who read or change either.
//!
//! # Bird's eye
//!
//! Each call of the endpoint costs $0.26–$0.92 and takes minutes. So: nothing is paid for that could have been refused
//! here, nothing is paid for twice, and nothing paid for is lost. Everything goes one way, and each arrow is a function
//! from one type to the next:
//!
//! ```text
//! options → Draft → Checked → VideoRequest → HttpRequest → HttpResponse → Answer → Task → Video
//! ```
//!
//! Whoever holds a [`request::VideoRequest`] need not check it again.
//!
//! A submission ([`flow::submit`]) writes its record, asks the service for a task of its id, sends one POST, judges the
//! answer as accepted, rejected or unknown, looks for the task where that is unknown, and writes what came of it.
//!
//! # Map
//!
//! | Module | Holds |
//! |---|---|
//! | [`image`] | what the header of a file says, read in slices, and what the service would refuse it for |
//! | [`encoding`] | base64 in blocks |
//! | [`issue`] | one problem of a request |
//! | [`request`] | the request: draft, check, fields, body in parts |
//! | [`endpoint`] | address, key, request and answer as plain values |
//! | [`answer`] | what one HTTP answer says; the table of the service's codes |
//! | [`redact`] | removes the key from a text, in any spelling |
//! | [`submission`] | accepted, rejected or unknown: what one POST came to |
//! | [`task`] | the task and its video, in every form of answer that is known |
//! | [`record`] | what this browser remembers of a submission, how that changes, what may be dropped |
//! | [`poll`] | when to ask again and what to tolerate |
//! | [`flow`] | submitting, waiting and bringing the video home, over `send`, `sleep`, `load`, `save`, a clock and an ear that the host lends |
//! | [`flow::watch`], [`flow::echo`] | one task watched to its end, and what the tabs that watch it tell each other |
//! | [`flow::download`] | a video, from its address, from a new one, or through the gateway |
//! | [`gate`] | so many at once, each in its turn |
//! | [`race`] | two futures at once |
//! | [`plain`] | how values of ours become plain ones: the one type that serialises |
//! | [`video`] | what a delivery host sent, judged |
//! | [`progress`] | what a listener is told |
//! | [`error`] | the one error |
//!
//! The other crate, in `src`, compiles for WebAssembly only. Its `lib.rs` lists the exported functions and the exported client;
//! below them are options, files, `fetch`, timers, abort, the records and their locks.
//!
//! All JavaScript of the package is in `src/js`. Above the module: the entry, the loader, a client that can be made where no
//! WebAssembly runs and that joins identical requests, the declarations. Below it: what Rust cannot be, such as the subclass of
//! `Error`, and what would be several times larger there, such as the promises of IndexedDB and Web Locks.
//!
//! # Invariants
//!
//! - This crate depends on nothing of the browser: wasm-bindgen, js-sys, web-sys and gloo are dependencies of the other one
//!   only. So all that decides anything is tested natively, in virtual time.
//! - A panic would leave promises pending for ever. The lints of `Cargo.toml` forbid whatever may panic; should a
//!   dependency do it, a hook rejects every outstanding promise and the next call starts with a fresh instance.
//! - Dropping a future ends its request, its timer and its listeners. That is all there is to an abort, except of a
//!   submission: [`flow::submit::Attempt`] knows at each moment what its record must become, and that is written then.
//! - The paid request leaves only after its record was written for good. It is sent again by itself only when the service
//!   refused it for now; after an unknown outcome nothing but the caller sends it again.
//! - A record holds no key and no image, and belongs to one base address. What is under way or unknown is never dropped.
//! - Nothing that may pass ends a wait: each kind of trouble has a budget of its own, in time by the wall clock in which
//!   there was a network and the machine was awake.
//! - A video is kept as a whole or not at all: bytes and record change in one transaction.
//! - The key stands in one header. A response is redacted where it arrives, before anything parses it, and a URL that
//!   contains the key is neither requested nor stored nor reported.
//! - Memory of the WebAssembly instance does not grow with the images: they pass through two small buffers.

pub mod answer;
pub mod encoding;
pub mod endpoint;
pub mod error;
pub mod flow;
pub mod gate;
pub mod image;
pub mod issue;
mod json;
pub mod plain;
pub mod poll;
pub mod progress;
pub mod race;
mod reach;
pub mod record;
pub mod redact;
pub mod request;
pub mod submission;
pub mod task;
pub mod video;
