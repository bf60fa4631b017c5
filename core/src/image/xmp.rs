//! XMP: metadata in XML. Only the GPS position is read.

/// Whether it contains a latitude and a longitude. The text is searched and not parsed, which is enough for a warning.
pub(super) fn has_location(text: &[u8]) -> bool {
    has_number(text, b"GPSLatitude") && has_number(text, b"GPSLongitude")
}

/// Whether a property, written as an attribute or as an element, has a value that begins with a digit.
///
/// A value is for example `48,12.5N`. `GPSLatitudeRef` is another property.
fn has_number(text: &[u8], name: &[u8]) -> bool {
    let mut rest = text;
    while let Some(colon) = rest.iter().position(|byte| *byte == b':') {
        rest = rest.get(colon.saturating_add(1)..).unwrap_or_default();
        if let Some([b'=', b'"' | b'\'', digit, ..] | [b'>', digit, ..]) = rest.strip_prefix(name)
            && digit.is_ascii_digit()
        {
            return true;
        }
    }
    false
}
