//! The photographs of the repository, and made pictures that the service would refuse.

use std::fs;
use std::path::{Path, PathBuf};

use image::{ImageFormat, Rgb, RgbImage};

/// The photographs, in the order in which the tests send them.
pub(crate) const PHOTOS: [&str; 4] = ["china.jpg", "flower.jpg", "grace_hopper.jpg", "chelsea.png"];

/// The path of a photograph of the repository.
pub(crate) fn photo(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cases/photos").join(name);
    path.canonicalize().unwrap_or_else(|error| panic!("expected the photograph {}: {error}", path.display()))
}

pub(crate) fn photos() -> Vec<PathBuf> {
    PHOTOS.map(photo).to_vec()
}

/// Makes a picture in which no two neighbouring pixels are alike.
pub(crate) fn made(folder: &Path, name: &str, (width, height): (u32, u32), format: ImageFormat) -> PathBuf {
    let path = folder.join(name);
    let shade = |x: u32, y: u32| u8::try_from((x * 7 + y * 13 + x * y / 50) % 256).unwrap_or_default();
    RgbImage::from_fn(width, height, |x, y| Rgb([shade(x, y), shade(y, x), shade(x + y, y)]))
        .save_with_format(&path, format)
        .unwrap_or_else(|error| panic!("expected to write {}: {error}", path.display()));
    path
}

/// Makes a file of this many bytes: a real photograph with zeros after its end.
pub(crate) fn padded(folder: &Path, name: &str, bytes: usize) -> PathBuf {
    let path = folder.join(name);
    let mut content = fs::read(photo("china.jpg")).expect("a photograph");
    content.resize(bytes, 0);
    fs::write(&path, content).unwrap_or_else(|error| panic!("expected to write {}: {error}", path.display()));
    path
}

/// Makes a photograph that lies on its side and says where it was taken, as phones write it.
pub(crate) fn lying_with_place(folder: &Path, name: &str) -> PathBuf {
    const ORIENTATION: [u8; 12] = [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0];
    const GPS: [u8; 12] = [0x88, 0x25, 0, 4, 0, 0, 0, 1, 0, 0, 0, 38];
    const LATITUDE: [u8; 12] = [0, 2, 0, 5, 0, 0, 0, 3, 0, 0, 0, 68];
    const LONGITUDE: [u8; 12] = [0, 4, 0, 5, 0, 0, 0, 3, 0, 0, 0, 68];
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08".to_vec();
    for entries in [[ORIENTATION, GPS], [LATITUDE, LONGITUDE]] {
        exif.extend([0, 2]);
        exif.extend(entries.concat());
        exif.extend([0; 4]);
    }
    for degrees in [48_u32, 8, 13] {
        exif.extend(degrees.to_be_bytes());
        exif.extend(1_u32.to_be_bytes());
    }
    let photograph = fs::read(photo("china.jpg")).expect("a photograph");
    let length = u16::try_from(exif.len() + 2).expect("a short segment").to_be_bytes();
    let content = [&photograph[..2], &[0xff, 0xe1], &length, &exif, &photograph[2..]].concat();
    let path = folder.join(name);
    fs::write(&path, content).unwrap_or_else(|error| panic!("expected to write {}: {error}", path.display()));
    path
}
