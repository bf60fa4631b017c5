//! Exif data: a TIFF file without an image. Only the orientation and the GPS position are read. `image/tiff.rs` reads the
//! directories of TIFF files with it.

const ORIENTATION: u16 = 0x0112;
const GPS_DIRECTORY: u16 = 0x8825;
const LATITUDE: u16 = 2;
const LONGITUDE: u16 = 4;

const SHORT: u16 = 3;
const LONG: u16 = 4;
const RATIONAL: u16 = 5;
const DIRECTORY: u16 = 13;

/// How many starts of Exif data are tried in bytes that may contain it anywhere.
const MAX_STARTS: usize = 16;

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
        let (tiff, first) = Tiff::new(bytes)?;
        Some(tiff.exif(first))
    }
}

/// Whether Exif data with a position begins anywhere in these bytes.
pub(super) fn is_located(bytes: &[u8]) -> bool {
    let starts = bytes.windows(4).enumerate().filter(|(_, start)| *start == b"II*\0" || *start == b"MM\0*");
    starts.take(MAX_STARTS).any(|(at, _)| Exif::read(bytes.get(at..).unwrap_or_default()).has_location)
}

/// A part of a TIFF structure, with numbers in one of the two byte orders.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tiff<'a> {
    pub(super) bytes: &'a [u8],
    /// The position of the bytes in the structure. Offsets count from its start.
    pub(super) start: u32,
    pub(super) big_endian: bool,
}

impl<'a> Tiff<'a> {
    /// The structure that begins with these bytes, and the offset of its first directory.
    pub(super) fn new(bytes: &'a [u8]) -> Option<(Self, u32)> {
        let tiff = Self { bytes, start: 0, big_endian: bytes.starts_with(b"MM") };
        if !(tiff.big_endian || bytes.starts_with(b"II")) || tiff.short(2)? != 42 {
            return None;
        }
        Some((tiff, tiff.long(4)?))
    }

    /// The contents of the directory at `first`.
    pub(super) fn exif(self, first: u32) -> Exif {
        let orientation = self.fields(first).find_map(Field::orientation);
        // The first directory only: one per field would take quadratic time in data made for it.
        let has_location = self.fields(first).find_map(Field::directory).is_some_and(|gps| self.has_position(gps));
        Exif { orientation, has_location }
    }

    /// The bytes from an offset on.
    pub(super) fn at(self, offset: u32) -> Option<Self> {
        let bytes = self.bytes.get(usize::try_from(offset.checked_sub(self.start)?).ok()?..)?;
        Some(Self { bytes, ..self })
    }

    pub(super) fn short(self, at: usize) -> Option<u16> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn long(self, at: usize) -> Option<u32> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    /// The fields of the directory at `offset`, as many as are whole.
    pub(super) fn fields(self, offset: u32) -> impl Iterator<Item = Field<'a>> {
        let table = self.at(offset).unwrap_or(Self { bytes: &[], ..self });
        let count = table.short(0).unwrap_or(0);
        let fields = table.bytes.get(2..).unwrap_or_default().chunks_exact(12);
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
        let values = self.at(field.0.long(8)?)?.bytes.chunks_exact(8);
        let mut values = values.map(|bytes| Self { bytes, ..self }).take(if count < 3 { 1 } else { 3 });
        let degrees = values.next().filter(|degrees| degrees.long(4) != Some(0))?;
        Some(degrees.long(0) != Some(0) || values.any(|rest| rest.long(0) != Some(0) && rest.long(4) != Some(0)))
    }
}

/// One field of a directory: 2 bytes of tag, 2 of type, 4 of count, 4 of value or offset.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'a>(Tiff<'a>);

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

    /// The number, if this field has that tag and is a single one.
    pub(super) fn number(self, tag: u16) -> Option<u32> {
        match self.kind().filter(|_| self.is_single(tag))? {
            SHORT => self.0.short(8).map(u32::from),
            LONG => self.0.long(8),
            _ => None,
        }
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
