//! Photos of 12 megapixels, which a browser makes from those of the repository.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::page::Page;
use crate::settings;

/// The photos of the repository.
const SOURCES: [&str; 4] = ["china.jpg", "flower.jpg", "grace_hopper.jpg", "chelsea.png"];

/// The script that makes a photo.
const MAKE: &str = include_str!("../../page/examples/photos/make.js");

/// Writes the photos into a folder, unless another browser did.
pub(crate) fn make(page: &Page, folder: &Path) -> Vec<PathBuf> {
    page.open(&[]);
    let photo = |name: &&str| {
        let path = folder.join(format!("{}-12mp.jpg", name.split('.').next().unwrap_or(name)));
        if !path.exists() {
            let source = settings::root().join("tests/cases/photos").join(name);
            let source = fs::read(&source).unwrap_or_else(|error| panic!("cannot read {}: {error}", source.display()));
            let made = page.session.run(MAKE, &[json!(STANDARD.encode(source)), json!("jpeg")]);
            let made = STANDARD.decode(made.as_str().unwrap_or_default()).expect("base64 of a photo");
            fs::write(&path, made).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
        }
        path
    };
    SOURCES.iter().map(photo).collect()
}
