//! Pictures made by hand, piece by piece. Nothing is compressed: no test decodes.

/// A short scan with a stuffed byte and a restart marker in it.
pub(super) const SCAN_DATA: &[u8] = b"\x12\xFF\x00\x34\xFF\xD0\x56";
pub(super) const EOI: &[u8] = b"\xFF\xD9";
pub(super) const IEND: &[u8] = b"\0\0\0\0IEND\xAE\x42\x60\x82";

/// A segment of a JPEG, its length counted.
pub(super) fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
    let len = u16::try_from(content.len() + 2).unwrap();
    [&[0xFF, marker][..], &len.to_be_bytes(), content].concat()
}

/// A frame header of three components.
pub(super) fn frame(marker: u8, width: u16, height: u16) -> Vec<u8> {
    let [w1, w0] = width.to_be_bytes();
    let [h1, h0] = height.to_be_bytes();
    segment(marker, &[8, h1, h0, w1, w0, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1])
}

/// The header of a scan of all three, and its data.
pub(super) fn scan(data: &[u8]) -> Vec<u8> {
    [&segment(0xDA, &[3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0])[..], data].concat()
}

/// A JPEG with something between its first segment and its tables.
pub(super) fn jpeg_with(extra: &[u8], width: u16, height: u16) -> Vec<u8> {
    let tables = [segment(0xDB, &[1; 65]), frame(0xC0, width, height), segment(0xC4, &[1; 20])].concat();
    let first = segment(0xE0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0");
    [b"\xFF\xD8", &first[..], extra, &tables, &scan(SCAN_DATA), EOI].concat()
}

pub(super) fn jpeg(width: u16, height: u16) -> Vec<u8> {
    jpeg_with(&[], width, height)
}

/// A JPEG of exactly that many bytes, all of them in the scan, and something after its segments.
pub(super) fn large_jpeg(extra: &[u8], len: usize) -> Vec<u8> {
    let mut bytes = jpeg_with(extra, 4000, 3000);
    bytes.truncate(bytes.len() - 2);
    bytes.resize(len - 2, 0x55);
    [&bytes, EOI].concat()
}

/// An Exif segment.
pub(super) fn exif(tiff: &[u8]) -> Vec<u8> {
    segment(0xE1, &[b"Exif\0\0", tiff].concat())
}

/// A field of a directory: tag, type, count, value or offset.
#[derive(Clone, Copy)]
pub(super) struct Field(pub(super) u16, pub(super) u16, pub(super) u32, pub(super) u32);

pub(super) fn orientation(value: u16) -> Field {
    Field(0x0112, 3, 1, value.into())
}

/// A TIFF structure in one of the two orders: a directory at 8, then what belongs behind it.
pub(super) fn tiff(big: bool, fields: &[Field], behind: &[u8]) -> Vec<u8> {
    let mut bytes = if big { b"MM\0\x2A\0\0\0\x08".to_vec() } else { b"II\x2A\0\x08\0\0\0".to_vec() };
    bytes.extend(directory(big, fields));
    bytes.extend(behind);
    bytes
}

/// A directory that no other follows.
pub(super) fn directory(big: bool, fields: &[Field]) -> Vec<u8> {
    let mut bytes = short(big, fields.len() as u16);
    for Field(tag, kind, count, value) in fields {
        bytes.extend(short(big, *tag));
        bytes.extend(short(big, *kind));
        bytes.extend(long(big, *count));
        // A value shorter than four bytes stands at the left.
        match kind {
            1 | 2 | 6 | 7 => bytes.extend([*value as u8, 0, 0, 0]),
            3 | 8 => bytes.extend([short(big, *value as u16), vec![0, 0]].concat()),
            _ => bytes.extend(long(big, *value)),
        }
    }
    bytes.extend([0; 4]);
    bytes
}

/// A TIFF structure with a position: degrees, minutes and seconds of both coordinates as fractions.
pub(super) fn located(big: bool, latitude: [(u32, u32); 3], longitude: [(u32, u32); 3]) -> Vec<u8> {
    let at = |fields: u32, from: u32| from + 2 + 12 * fields + 4;
    let gps = at(2, 8);
    let values = at(4, gps);
    let fields = [Field(1, 2, 2, 78), Field(2, 5, 3, values), Field(3, 2, 2, 69), Field(4, 5, 3, values + 24)];
    let numbers = latitude.iter().chain(&longitude).flat_map(|(number, by)| [long(big, *number), long(big, *by)]);
    let behind = [directory(big, &fields), numbers.flatten().collect()].concat();
    tiff(big, &[orientation(1), Field(0x8825, 4, 1, gps)], &behind)
}

fn short(big: bool, value: u16) -> Vec<u8> {
    if big { value.to_be_bytes() } else { value.to_le_bytes() }.to_vec()
}

fn long(big: bool, value: u32) -> Vec<u8> {
    if big { value.to_be_bytes() } else { value.to_le_bytes() }.to_vec()
}

/// A chunk of a PNG with its checksum.
pub(super) fn chunk(kind: &[u8], content: &[u8]) -> Vec<u8> {
    let len = u32::try_from(content.len()).unwrap();
    let summed = [kind, content].concat();
    [&len.to_be_bytes()[..], &summed, &crc(&summed).to_be_bytes()].concat()
}

/// A PNG with something before its pixels and something after them.
pub(super) fn png_with(before: &[u8], after: &[u8], width: u32, height: u32) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let pixels = chunk(b"IDAT", &[7; 50]);
    [b"\x89PNG\r\n\x1A\n", &chunk(b"IHDR", &header)[..], before, &pixels, &pixels, after, IEND].concat()
}

pub(super) fn png(width: u32, height: u32) -> Vec<u8> {
    png_with(&[], &[], width, height)
}

/// The checksum as the standard's appendix has it: by a table.
fn crc(bytes: &[u8]) -> u32 {
    let table: Vec<u32> =
        (0..256).map(|n| (0..8).fold(n, |c, _| if c & 1 == 1 { 0xEDB8_8320 ^ (c >> 1) } else { c >> 1 })).collect();
    !bytes.iter().fold(!0, |c, byte| table[((c ^ u32::from(*byte)) & 0xFF) as usize] ^ (c >> 8))
}
