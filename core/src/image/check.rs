//! The problems of an image: limits of the service, and what its sender should know.

use super::limits::{MAX_ASPECT_RATIO_TENTHS, MAX_IMAGE_BYTES, MAX_IMAGE_MIB, MIN_EDGE_PX, max_aspect_ratio};
use super::{Coding, ImageFormat, ImageHeader};
use crate::issue::{Issue, IssueCode};

/// All problems of an image of `len` bytes, without those that follow from another one.
///
/// `path` is that of the issues, for example `images[2]`. Their figures are `limit` and `actual`, for sizes in pixels also `width`
/// and `height`, and for a format only `actual`.
pub fn check(path: &str, len: u64, header: &ImageHeader) -> Vec<Issue> {
    // The other limits do not matter here: these files cannot be sent, and a converted image is another file.
    let coding = rare_coding(path, header);
    let unusable = if len == 0 {
        Some(empty(path))
    } else if let Some(issue) = unsupported(path, header.format) {
        Some(issue)
    } else if header.has_no_pixels {
        Some(no_pixels(path, header.format))
    } else {
        None
    };
    let mut issues: Vec<Issue> = unusable.or(coding).into_iter().collect();
    let is_usable = !issues.iter().any(Issue::is_error);
    if is_usable && len > MAX_IMAGE_BYTES {
        issues.push(too_large(path, len));
    }
    // Without a size, it would follow from an unusable format.
    if header.is_truncated && (is_usable || header.size.is_some()) {
        issues.push(truncated(path));
    }
    if is_usable {
        match header.size {
            Some(size) => {
                issues.extend(too_small(path, size));
                issues.extend(bad_aspect_ratio(path, size));
            }
            // For a file that is truncated or too large, it would follow from that.
            None if !issues.iter().any(Issue::is_error) => issues.push(size_unknown(path, header.format)),
            None => {}
        }
    }
    if header.has_location {
        issues.push(has_location(path));
    }
    issues
}

fn empty(path: &str) -> Issue {
    let message = "expected a JPEG or PNG image, found a file of 0 bytes; choose it again or choose another";
    Issue::error(IssueCode::ImageEmpty, path, message)
}

fn no_pixels(path: &str, format: ImageFormat) -> Issue {
    let name = format.name().unwrap_or("image");
    let message = format!("expected a {name} with pixels, found the end of the image before them; choose another");
    Issue::error(IssueCode::ImageEmpty, path, message)
}

fn unsupported(path: &str, format: ImageFormat) -> Option<Issue> {
    let message = match (format, format.name()) {
        (ImageFormat::Jpeg | ImageFormat::Png, _) => return None,
        (_, Some(name)) => format!(
            "expected a JPEG or PNG image, found {name} (by the content, not by the name of the file); convert it to JPEG or PNG"
        ),
        (_, None) => {
            "expected a JPEG or PNG image, found an unknown format (by the content, not by the name of the file); \
             choose another, or save it as JPEG or PNG"
                .to_owned()
        }
    };
    Some(Issue::error(IssueCode::UnsupportedFormat, path, message).with("actual", format.as_str()))
}

/// libjpeg reads arithmetic coding, so that is not refused.
fn rare_coding(path: &str, header: &ImageHeader) -> Option<Issue> {
    let found = header.coding.description()?;
    let message = format!(
        "expected a JPEG or PNG image that every program can read, found {found}; choose the original, or save it again as JPEG or PNG"
    );
    let is_refused = header.coding != Coding::Arithmetic;
    let issue = if is_refused { Issue::error } else { Issue::warning };
    Some(issue(IssueCode::UnsupportedFormat, path, message).with("actual", header.format.as_str()))
}

fn too_large(path: &str, len: u64) -> Issue {
    let message = format!(
        "expected at most {MAX_IMAGE_BYTES} bytes ({MAX_IMAGE_MIB} MiB), found {len}; \
         save the image with fewer pixels or a lower quality"
    );
    Issue::error(IssueCode::ImageTooLarge, path, message).with("limit", MAX_IMAGE_BYTES).with("actual", len)
}

fn truncated(path: &str) -> Issue {
    let message = "expected a whole image, but the file ends before the image does; copy or download it again";
    Issue::error(IssueCode::ImageTruncated, path, message)
}

fn too_small(path: &str, (width, height): (u32, u32)) -> Option<Issue> {
    let shorter = width.min(height);
    if shorter >= MIN_EDGE_PX {
        return None;
    }
    let message = format!(
        "expected at least {MIN_EDGE_PX} px in width and in height, found {width} × {height}; choose an image with more pixels"
    );
    let issue =
        Issue::error(IssueCode::ImageTooSmall, path, message).with("limit", MIN_EDGE_PX).with("actual", shorter);
    Some(issue.with("width", width).with("height", height))
}

/// Calculated in whole numbers, so that rounding cannot accept an image beyond the limit.
fn bad_aspect_ratio(path: &str, (width, height): (u32, u32)) -> Option<Issue> {
    let (long, short) = (u64::from(width.max(height)), u64::from(width.min(height)));
    if long.saturating_mul(10) <= short.saturating_mul(MAX_ASPECT_RATIO_TENTHS.into()) {
        return None;
    }
    // Rounded up, so that a ratio beyond the limit is not shown as the limit itself.
    let hundredths = long.saturating_mul(100).div_ceil(short.max(1));
    let (whole, rest) = (hundredths.checked_div(100)?, hundredths.checked_rem(100)?);
    let limit = max_aspect_ratio();
    let message = format!(
        "expected a ratio of width to height between 1:{limit} and {limit}:1, found {width} × {height}; crop the image"
    );
    let issue = Issue::error(IssueCode::BadAspectRatio, path, message);
    let issue = issue.with("limit", limit).with("actual", format!("{whole}.{rest:02}"));
    Some(issue.with("width", width).with("height", height))
}

fn size_unknown(path: &str, format: ImageFormat) -> Issue {
    let name = format.name().unwrap_or("image");
    let message = format!(
        "expected a {name} with its size in pixels in the header, found none or a damaged one; save it again as JPEG or PNG"
    );
    Issue::error(IssueCode::SizeUnknown, path, message)
}

fn has_location(path: &str) -> Issue {
    let message = "the metadata of this image contains a GPS position, which is sent too; remove it if the service should not get it";
    Issue::warning(IssueCode::HasLocation, path, message)
}
