//! The rows and columns of the tables. `page/rows.js` has the code of the rows in browsers, `node/server.js` of those in Node.

use crate::files::MIB;

/// A way to do the same work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Its name in the scripts.
    pub(crate) id: &'static str,
    /// What it does, in the table.
    pub(crate) about: &'static str,
    /// Whether the time until the body is ready can be measured alone.
    pub(crate) prepares: bool,
}

const fn row(id: &'static str, about: &'static str, prepares: bool) -> Row {
    Row { id, about, prepares }
}

/// From picked files to an accepted request.
pub(crate) const UPLOADS: [Row; 9] = [
    row("ours", "this package: `submit`", true),
    row("data-url", "`FileReader.readAsDataURL` + `JSON.stringify` + `fetch`", true),
    row("to-base64", "`toBase64()` of whole files + `JSON.stringify` + `fetch`", true),
    row("slices", "`toBase64()` of slices into a `Blob` + `fetch`", true),
    row("ai-sdk", "`convertUint8ArrayToBase64` of `@ai-sdk/provider-utils` + `JSON.stringify` + `fetch`", true),
    row("base64-js", "`fromByteArray` of `base64-js` + `JSON.stringify` + `fetch`", true),
    row("move", "moving as many bytes in the way of `submit`, with nothing encoded, checked or recorded", true),
    row("post", "only posting a `Blob` that is ready", false),
    row("read", "only reading the files", false),
];

/// Photos of 12 megapixels, as they are and prepared.
pub(crate) const PREPARATIONS: [Row; 2] = [
    row("originals", "`submit` of the originals", false),
    row("prepared", "`submit` with `prepare: { maxEdge: 1600, quality: 0.8 }`", true),
];

/// A video of 200 MB.
pub(crate) const DOWNLOADS: [Row; 3] = [
    row("download", "this package: `download`", false),
    row("blob", "`fetch` + `blob()`", false),
    row("blobs", "`fetch`, its stream read into blobs of 4 MiB, without a check", false),
];

/// Short calls of the package.
pub(crate) const CALLS: [Row; 2] =
    [row("inspect", "`inspectImage` of four files of 10 MiB", false), row("init", "`init()`, cached", false)];

/// A server between a page and the service.
pub(crate) const RELAYS: [Row; 4] = [
    row("relay", "this package: `relay.js`", false),
    row("fetch", "`fetch` with the body as a stream, without a check", false),
    row("pipe", "a bare pipe of `node:http`", false),
    row("http-proxy", "`http-proxy`", false),
];

/// Some files that are picked together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    /// Its heading.
    pub(crate) name: &'static str,
    pub(crate) count: usize,
    /// The length of each file in bytes.
    pub(crate) bytes: usize,
}

/// The one with most columns.
pub(crate) const LARGE: Case = Case { name: "4 × 10 MiB", count: 4, bytes: 10 * MIB };

/// The columns of the uploads.
pub(crate) const CASES: [Case; 3] =
    [Case { name: "1 × 1 MiB", count: 1, bytes: MIB }, Case { name: "4 × 2 MiB", count: 4, bytes: 2 * MIB }, LARGE];

/// The photos of the preparations.
pub(crate) const PHOTOS: &str = "4 × 12 MP";

/// The video of the downloads.
pub(crate) const VIDEO: &str = "200 MB";

/// The body of the relays: as long as that of four files of 10 MiB.
pub(crate) const BODY: &str = "56 MB";

/// The names of all rows.
pub(crate) fn names() -> Vec<&'static str> {
    [&UPLOADS[..], &PREPARATIONS, &DOWNLOADS, &CALLS, &RELAYS].concat().iter().map(|row| row.id).collect()
}

#[cfg(test)]
mod tests {
    use super::{RELAYS, names};

    #[test]
    fn the_scripts_have_the_code_of_each_row() {
        let page = include_str!("../page/rows.js");
        let node = include_str!("../node/server.js");
        for name in names() {
            let script = if RELAYS.iter().any(|row| row.id == name) { node } else { page };
            let found = [format!("\n  {name}: "), format!("\n  \"{name}\": ")].iter().any(|line| script.contains(line));
            assert!(found, "{name} has no code");
        }
    }
}
