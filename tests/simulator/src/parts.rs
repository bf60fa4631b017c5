//! What a JPEG or a PNG consists of, by its markers or chunks. Its pixels are not searched for the names of metadata: six of
//! these have four bytes, and in noise one of the six occurs about once in 700 megabytes.

/// What the parts of a file show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Whether one of them is metadata other than a colour profile, or something follows the last one.
    pub metadata: bool,
    /// Whether the last one is there.
    pub is_complete: bool,
}

impl Parts {
    /// The parts of a JPEG: segments, and scans of compressed pixels.
    pub fn of_jpeg(bytes: &[u8]) -> Self {
        let mut parts = Self::default();
        let mut at = 2;
        // Markers are FF and one byte; FF may be repeated as padding. Between segments there is nothing else, in a scan there are
        // FF 00 (a literal) and FF D0–D7 (restarts).
        while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr(0xFF, rest)) {
            at += found + 1;
            match bytes.get(at) {
                Some(0xD9) => return parts.ending(bytes.len() > at + 1),
                None | Some(0xFF) => {}
                Some(0x00 | 0x01 | 0xD0..=0xD8) => at += 1,
                Some(&marker) => {
                    let Some(&[high, low]) = bytes.get(at + 1..at + 3) else { break };
                    let next = at + 1 + usize::from(u16::from_be_bytes([high, low]));
                    parts.metadata |= is_metadata(marker, bytes.get(at + 3..next).unwrap_or_default());
                    at = next;
                }
            }
        }
        parts
    }

    /// The parts of a PNG: chunks.
    pub fn of_png(bytes: &[u8]) -> Self {
        let mut parts = Self::default();
        let mut rest = bytes.get(8..).unwrap_or_default();
        while let Some(([a, b, c, d, name @ ..], _)) = rest.split_first_chunk::<8>() {
            let length = usize::try_from(u32::from_be_bytes([*a, *b, *c, *d])).unwrap_or(usize::MAX);
            // The length does not count itself, the name and the checksum.
            let Some(next) = length.checked_add(12).and_then(|length| rest.get(length..)) else { break };
            if name == b"IEND" {
                return parts.ending(!next.is_empty());
            }
            parts.metadata |= [b"eXIf", b"tEXt", b"iTXt", b"zTXt", b"tIME"].contains(&name);
            rest = next;
        }
        parts
    }

    fn ending(self, has_trailer: bool) -> Self {
        Self { metadata: self.metadata || has_trailer, is_complete: true }
    }
}

/// Whether a segment of a JPEG is metadata: a comment, or what an application adds. Decoders need the rest, and the colour profile.
fn is_metadata(marker: u8, content: &[u8]) -> bool {
    match marker {
        0xE0 => !content.starts_with(b"JFIF\0"),
        0xE2 => !content.starts_with(b"ICC_PROFILE\0"),
        0xEE => !content.starts_with(b"Adobe"),
        0xE1 | 0xE3..=0xED | 0xEF | 0xFE => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Parts;

    const NAMES: [&[u8]; 5] = [b"eXIf", b"tEXt", b"iTXt", b"zTXt", b"tIME"];
    const CLEAN: Parts = Parts { metadata: false, is_complete: true };
    const MARKED: Parts = Parts { metadata: true, is_complete: true };

    fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len() + 2).unwrap();
        [&[0xFF, marker], length.to_be_bytes().as_slice(), content].concat()
    }

    /// A JPEG with a frame header, these bytes, and a scan with these pixels.
    fn jpeg(segments: &[u8], pixels: &[u8]) -> Vec<u8> {
        [b"\xFF\xD8", segments, &segment(0xC0, &[8; 15]), &segment(0xDA, &[1; 6]), pixels, b"\xFF\xD9"].concat()
    }

    fn chunk(name: &[u8], content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).unwrap();
        [length.to_be_bytes().as_slice(), name, content, b"\0\0\0\0"].concat()
    }

    fn png(chunks: &[u8]) -> Vec<u8> {
        [b"\x89PNG\r\n\x1A\n", chunk(b"IHDR", &[1; 13]).as_slice(), chunks, &chunk(b"IEND", b"")].concat()
    }

    #[test]
    fn what_applications_add_to_a_jpeg_is_metadata() {
        let added: [(u8, &[u8]); 9] = [
            (0xE1, b"Exif\0\0MM"),
            (0xE1, b"http://ns.adobe.com/xap/1.0/\0"),
            (0xED, b"Photoshop 3.0\0"),
            (0xE2, b"MPF\0II*\0"),
            (0xE0, b"JFXX\0"),
            (0xE5, b"anything"),
            (0xEF, b""),
            (0xEE, b"something else"),
            (0xFE, b"a comment"),
        ];
        for (marker, content) in added {
            let segments = [segment(0xE0, b"JFIF\0\x01\x02"), segment(marker, content)].concat();
            assert_eq!(Parts::of_jpeg(&jpeg(&segments, b"pixels")), MARKED, "{marker:x} {content:?}");
        }
        let between_scans = [b"pixels".as_slice(), &segment(0xE1, b"Exif\0\0"), &segment(0xDA, &[1; 6])].concat();
        assert_eq!(Parts::of_jpeg(&jpeg(b"", &between_scans)), MARKED);
    }

    #[test]
    fn what_decoders_need_is_no_metadata() {
        let needed =
            [segment(0xE0, b"JFIF\0\x01\x02"), segment(0xE2, b"ICC_PROFILE\0\x01\x01"), segment(0xEE, b"Adobe\0d")];
        assert_eq!(Parts::of_jpeg(&jpeg(&needed.concat(), b"pixels")), CLEAN);
        let needed = [chunk(b"iCCP", b"name\0\0"), chunk(b"pHYs", &[0; 9]), chunk(b"IDAT", b"pixels")];
        assert_eq!(Parts::of_png(&png(&needed.concat())), CLEAN);
    }

    #[test]
    fn names_among_pixels_are_no_metadata() {
        for name in NAMES.into_iter().chain([b"Exif\0\0".as_slice(), b"MPF\0", b"JFXX\0", b"Photoshop 3.0"]) {
            assert_eq!(Parts::of_jpeg(&jpeg(b"", &[b"\xFF\0pixels", name, b"\xFF\xD0"].concat())), CLEAN, "{name:?}");
            assert_eq!(Parts::of_png(&png(&chunk(b"IDAT", &[b"pixels", name].concat()))), CLEAN, "{name:?}");
        }
    }

    #[test]
    fn each_kind_of_text_in_a_png_is_metadata() {
        for name in NAMES {
            for chunks in [[chunk(name, b"a\0b"), chunk(b"IDAT", b"")], [chunk(b"IDAT", b""), chunk(name, b"")]] {
                assert_eq!(Parts::of_png(&png(&chunks.concat())), MARKED, "{name:?}");
            }
        }
    }

    #[test]
    fn what_follows_the_end_is_metadata() {
        for whole in [jpeg(b"", b"pixels"), png(b"")] {
            let of =
                |bytes: &[u8]| if bytes.starts_with(b"\xFF") { Parts::of_jpeg(bytes) } else { Parts::of_png(bytes) };
            assert_eq!(of(&whole), CLEAN);
            assert_eq!(of(&[whole.as_slice(), b"\0"].concat()), MARKED);
            for end in 0..whole.len() {
                assert!(!of(whole.get(..end).unwrap()).is_complete, "{end} of {} bytes", whole.len());
            }
        }
    }
}
