//! How the pixels of a JPEG or PNG are coded. Nearly all decoders read what libjpeg reads, and refuse the rest of the standard.

use std::borrow::Cow;

/// The coding of an image, by its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Coding {
    /// In a JPEG: baseline, extended or progressive, with 8 bits per sample and 1, 3 or 4 components. All decoders read it.
    Usual,
    /// The same, but with arithmetic coding (SOF9, SOF10). libjpeg and Chromium read it, Firefox does not.
    Arithmetic,
    /// Lossless (SOF3, SOF11). Firefox reads SOF3, Chromium does not.
    Lossless,
    /// Hierarchical: several frames that differ from each other (SOF5–7, SOF13–15, DHP). No browser reads it.
    Hierarchical,
    /// JPEG-LS (SOF55, LSE), another format in the segments of JPEG. No browser reads it.
    JpegLs,
    /// The marker of an extension of JPEG (JPG, JPG0–13) before the frame. Chromium and libjpeg refuse it.
    Extension,
    /// A PNG as Apple's tools rewrite it for apps (`CgBI`). Neither browsers nor services can read it.
    ApplePng,
    /// Another number of bits per sample than 8. No browser reads it.
    Bits(u8),
    /// Another number of components than 1, 3 and 4. No browser reads it.
    Components(u8),
}

impl Coding {
    /// The coding of a frame, by its marker, from 0xC0 to 0xCF.
    pub(super) fn of_frame(marker: u8, bits: u8, components: u8) -> Self {
        match (marker, bits, components) {
            (0xC3 | 0xCB, ..) => Self::Lossless,
            (0xC5..=0xC7 | 0xCD..=0xCF, ..) => Self::Hierarchical,
            (_, 0..=7 | 9.., _) => Self::Bits(bits),
            (_, _, 0 | 2 | 5..) => Self::Components(components),
            (0xC9 | 0xCA, ..) => Self::Arithmetic,
            _ => Self::Usual,
        }
    }

    /// The coding that a marker stands for by itself, without a frame.
    pub(super) fn of_marker(marker: u8) -> Option<Self> {
        match marker {
            0xDE => Some(Self::Hierarchical),
            0xF7 | 0xF8 => Some(Self::JpegLs),
            0xC8 | 0xF0..=0xFD => Some(Self::Extension),
            _ => None,
        }
    }

    /// What was found, for a person; `None` if it is usual.
    pub(super) fn description(self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::Usual => return None,
            Self::Arithmetic => "a JPEG with arithmetic coding".into(),
            Self::Lossless => "a JPEG with lossless coding".into(),
            Self::Hierarchical => "a JPEG with hierarchical coding".into(),
            Self::JpegLs => "a JPEG-LS".into(),
            Self::Extension => "a JPEG with an extension of the format".into(),
            Self::ApplePng => "a PNG for iOS apps (CgBI)".into(),
            Self::Bits(bits) => format!("a JPEG with {bits} bits per sample instead of 8").into(),
            Self::Components(components) => format!("a JPEG with {components} components instead of 1, 3 or 4").into(),
        })
    }
}
