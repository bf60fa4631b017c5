//! Exif data: a TIFF file without an image. Only the orientation and the GPS position are read.

const ORIENTATION: u16 = 0x0112;
const GPS_DIRECTORY: u16 = 0x8825;
const LATITUDE: u16 = 2;
const LONGITUDE: u16 = 4;

const SHORT: u16 = 3;
const LONG: u16 = 4;
const RATIONAL: u16 = 5;
const DIRECTORY: u16 = 13;

/// The Exif data of an image.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Exif {
    /// The orientation, 1 to 8.
    pub(super) orientation: Option<u8>,
    /// Whether it contains a latitude and a longitude.
    pub(super) has_location: bool,
}

impl Exif {
    /// Reads the first directory and that of the GPS position. A field that cannot be read counts as absent.
    pub(super) fn read(bytes: &[u8]) -> Self {
        Self::try_read(bytes).unwrap_or_default()
    }

    fn try_read(bytes: &[u8]) -> Option<Self> {
        let tiff = Tiff { bytes, big_endian: bytes.starts_with(b"MM") };
        if !(tiff.big_endian || bytes.starts_with(b"II")) || tiff.short(2)? != 42 {
            return None;
        }
        let first = tiff.long(4)?;
        let orientation = tiff.fields(first).find_map(Field::orientation);
        // The first directory only: one per field would take quadratic time in data made for it.
        let has_location = tiff.fields(first).find_map(Field::directory).is_some_and(|gps| tiff.has_position(gps));
        Some(Self { orientation, has_location })
    }
}

/// Bytes with numbers in one of the two byte orders.
#[derive(Clone, Copy)]
struct Tiff<'a> {
    bytes: &'a [u8],
    big_endian: bool,
}

impl<'a> Tiff<'a> {
    fn short(self, at: usize) -> Option<u16> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn long(self, at: usize) -> Option<u32> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    /// The fields of the directory at `offset`, as many as are whole.
    fn fields(self, offset: u32) -> impl Iterator<Item = Field<'a>> {
        let table = usize::try_from(offset).ok().and_then(|offset| self.bytes.get(offset..)).unwrap_or_default();
        let count = Self { bytes: table, ..self }.short(0).unwrap_or(0);
        let fields = table.get(2..).unwrap_or_default().chunks_exact(12);
        fields.take(count.into()).map(move |bytes| Field(Self { bytes, ..self }))
    }

    /// Whether the directory at `offset` contains a position. Cameras without a position write no fields, zeros, or a division by
    /// zero.
    fn has_position(self, offset: u32) -> bool {
        let coordinate =
            |tag| self.fields(offset).filter(|field| field.tag() == Some(tag)).find_map(|f| self.coordinate(f));
        matches!((coordinate(LATITUDE), coordinate(LONGITUDE)), (Some(latitude), Some(longitude)) if latitude || longitude)
    }

    /// Whether a coordinate is other than zero; `None` if it is not a number.
    fn coordinate(self, field: Field<'_>) -> Option<bool> {
        let count = field.0.long(4).filter(|count| *count > 0 && field.kind() == Some(RATIONAL))?;
        let values = self.bytes.get(usize::try_from(field.0.long(8)?).ok()?..)?.chunks_exact(8);
        let mut values = values.map(|bytes| Self { bytes, ..self }).take(if count < 3 { 1 } else { 3 });
        let degrees = values.next().filter(|degrees| degrees.long(4) != Some(0))?;
        Some(degrees.long(0) != Some(0) || values.any(|rest| rest.long(0) != Some(0) && rest.long(4) != Some(0)))
    }
}

/// One field of a directory: 2 bytes of tag, 2 of type, 4 of count, 4 of value or offset.
#[derive(Clone, Copy)]
struct Field<'a>(Tiff<'a>);

impl Field<'_> {
    fn tag(self) -> Option<u16> {
        self.0.short(0)
    }

    fn kind(self) -> Option<u16> {
        self.0.short(2)
    }

    fn is_single(self, tag: u16) -> bool {
        self.tag() == Some(tag) && self.0.long(4) == Some(1)
    }

    /// The orientation, if this field is one that browsers apply.
    fn orientation(self) -> Option<u8> {
        let value = self.0.short(8).filter(|_| self.is_single(ORIENTATION) && self.kind() == Some(SHORT))?;
        u8::try_from(value).ok().filter(|value| (1..=8).contains(value))
    }

    /// The offset of the directory of the position, if this field contains it.
    fn directory(self) -> Option<u32> {
        self.0.long(8).filter(|_| self.is_single(GPS_DIRECTORY) && matches!(self.kind(), Some(LONG | DIRECTORY)))
    }
}
