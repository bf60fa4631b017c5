//! The files that the browsers pick.

use std::fs;
use std::path::{Path, PathBuf};

use crate::rows::Case;

/// One MiB in bytes.
pub(crate) const MIB: usize = 1 << 20;

/// Writes the files of a case into a folder: JPEG files with a header and data that cannot be packed, each another one.
pub(crate) fn make(folder: &Path, photo: &Path, case: Case) -> Vec<PathBuf> {
    let photo = fs::read(photo).unwrap_or_else(|error| panic!("cannot read {}: {error}", photo.display()));
    let file = |index: usize| {
        let path = folder.join(format!("{}-{index}.jpg", case.bytes / MIB));
        let seed = u64::try_from(case.bytes + index).unwrap_or_default();
        fs::write(&path, lengthened(&photo, case.bytes, seed))
            .unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
        path
    };
    (0..case.count).map(file).collect()
}

/// A JPEG file of this length: a photo with more random data before its end.
fn lengthened(photo: &[u8], length: usize, seed: u64) -> Vec<u8> {
    let mut bytes = photo.strip_suffix(&END).expect("a JPEG file with its end").to_vec();
    let mut state = seed | 1;
    while bytes.len() + END.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        // 0xFF would begin a marker.
        bytes.push(state.to_le_bytes()[3].min(0xFE));
    }
    bytes.extend(END);
    bytes
}

/// The marker at the end of a JPEG file.
const END: [u8; 2] = [0xFF, 0xD9];

#[cfg(test)]
mod tests {
    use super::lengthened;

    #[test]
    fn a_lengthened_photo_has_its_length_and_its_end() {
        let photo = [0xFF, 0xD8, 1, 2, 3, 0xFF, 0xD9];
        for length in [7, 8, 9, 100, 4097] {
            let bytes = lengthened(&photo, length, 7);
            assert_eq!(bytes.len(), length);
            assert!(bytes.starts_with(&photo[..5]) && bytes.ends_with(&photo[5..]), "{length}");
            assert!(!bytes[5..length - 2].contains(&0xFF), "{length}");
        }
        assert_ne!(lengthened(&photo, 100, 1), lengthened(&photo, 100, 9));
    }
}
