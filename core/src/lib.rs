//! Everything that the npm package `kling-multi-image2video` decides: a client for CometAPI's Kling endpoint
//! `POST /kling/v1/videos/multi-image2video`, which makes a video of one to four images and a prompt.
//!
//! This crate names no browser. The crate at the root of the repository lends it one and exports what JavaScript can call.
//! Most users of the package never see Rust; this page is for people who read or change it.
//!
//! # Bird's eye
//!
//! Each submission costs $0.26–$0.92 and takes minutes. So: nothing is paid for that could have been refused here, nothing is
//! paid for twice, and nothing paid for is lost. Data goes one way, and each arrow is a function from one type to the next:
//!
//! ```text
//! options → Draft → Checked → VideoRequest → HttpRequest → HttpResponse → Answer → Task → Video
//! ```
//!
//! A [`request::VideoRequest`] is valid; no later step checks it again.
//!
//! A submission ([`flow::submit`]) claims its external task id in the store, looks the task up, sends one POST, judges the
//! response as accepted, rejected or unknown, looks the task up again where that is unknown, and writes the result.
//!
//! # Map
//!
//! | Module | Holds |
//! |---|---|
//! | [`image`] | the header of an image file, read in slices, and what the service would refuse about it |
//! | [`encoding`] | base64 in blocks |
//! | [`issue`] | one problem of a request |
//! | [`request`] | the request: draft, checks, fields, body in parts |
//! | [`endpoint`] | URL, key, request and response as plain values |
//! | [`answer`] | what one response says; the table of the service's codes |
//! | [`redact`] | removes the key from a text, in any spelling |
//! | [`submission`] | the outcome of one POST: accepted, rejected, not sent or unknown |
//! | [`task`] | the task and its video, in every known form of a response |
//! | [`record`] | what the store keeps of a submission, and which change of it wins |
//! | [`options`] | defaults, allowed values and bounds of the options |
//! | [`poll`] | when to poll a task |
//! | [`retry`] | when to send a request again, and for how long |
//! | [`delay`] | how delays grow and spread |
//! | [`flow`] | submitting, waiting and downloading, as async functions over a [`Host`](flow::Host): requests, timers, storage, locks, clocks, other tabs |
//! | [`flow::submit`] | one submission |
//! | [`flow::records`] | all records of one base URL: listing, pruning, forgetting |
//! | [`flow::watch`], [`flow::tabs`] | one task watched to its end; what tabs that watch the same task send each other |
//! | [`flow::keep`] | the video of a finished task, kept in the store |
//! | [`flow::download`] | a video: from its URL, from a new one, or through the gateway |
//! | [`gate`] | limits how many requests run at once |
//! | [`race`] | two futures at once |
//! | [`plain`] | the one type that serialises to JavaScript |
//! | [`video`] | what a delivery host sent, judged |
//! | [`progress`] | what a progress listener receives |
//! | [`error`] | the one error type |
//!
//! The root crate, in `src`, compiles for WebAssembly only. Its `lib.rs` lists the exported functions and the exported client;
//! below them are options, files, `fetch`, timers, abort, records and locks.
//!
//! All JavaScript of the package is in `src/js`. Above the module: the entry, the loader, a client that can be made where no
//! WebAssembly runs and that joins identical requests, the declarations. Below it: what Rust cannot be, such as the subclass of
//! `Error`, and what would be several times larger in Rust, such as the promises of IndexedDB and Web Locks.
//!
//! # Glossary
//!
//! | Word | Means |
//! |---|---|
//! | task | the service's job that makes one video; it is charged when it is created |
//! | task id, external task id | the service's id of a task; the caller's id, unique per account |
//! | submission | one call of `submit` under one external task id |
//! | attempt | one claim of an external task id to send the request; each has a random name |
//! | outcome | what one POST came to: accepted, rejected, not sent or unknown |
//! | record | what the store keeps of a submission, under its external task id |
//! | look-up | a GET by external task id: does a task exist? |
//! | poll | a GET by task id: how far is it? |
//! | outage | requests fail although the browser reports a network; each kind of trouble has a budget |
//! | host | the browser behind the [`Host`](flow::Host) trait; in a test, a script |
//!
//! # Invariants
//!
//! - This crate depends on nothing of the browser: wasm-bindgen, js-sys, web-sys and gloo are dependencies of the root crate
//!   only. Every decision is tested natively, in virtual time.
//! - A panic would leave promises pending for ever. The lints of `Cargo.toml` forbid what may panic; if a dependency panics, the
//!   instance traps, the package's JavaScript rejects every outstanding promise, and the next call starts with a fresh instance.
//! - Dropping a future ends its request, its timer and its listeners. That is all an abort does, except for a submission: it
//!   knows at each moment what its record must become, and writes that when it is dropped.
//! - The paid request is sent only after its record is durable. It is sent again automatically only after the service throttled
//!   it. After an unknown outcome only a call that could know of that outcome sends again; no clock decides that.
//! - Each change of a record is decided on the record that stands, in one transaction ([`record::Change`]).
//! - A record holds no key and no image, and belongs to one base URL. A record of a request under way or of unknown outcome is
//!   never pruned.
//! - Trouble that may pass does not end a wait: each kind has a budget, measured by a monotonic clock, of time with a network
//!   and an awake machine. The wall clock only dates records and tells how old a task is.
//! - A download is complete when the boxes of the MP4 file say so; a length in a header decides only where they do not.
//! - A video is kept as a whole or not at all: bytes and record change in one transaction.
//! - The key stands in one header. A response is redacted where it arrives, before anything parses it, and a URL that
//!   contains the key is neither requested nor stored nor reported.
//! - Memory of the WebAssembly instance does not grow with the images: they pass through two fixed buffers.

pub mod answer;
pub mod delay;
pub mod encoding;
pub mod endpoint;
pub mod error;
pub mod flow;
pub mod gate;
pub mod image;
pub mod issue;
mod json;
pub mod options;
pub mod plain;
pub mod poll;
pub mod progress;
pub mod race;
pub mod record;
pub mod redact;
pub mod request;
pub mod retry;
mod spelling;
mod status;
pub mod submission;
pub mod task;
mod task_id;
mod url;
pub mod video;
mod words;
