//! What is known of the images that tests send again and again.

use crate::movie::Renderer;
use crate::pictures::{self, Finding, Frame};
use crate::request::{Aspect, Picture};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Larger images are sent too rarely to keep their bytes.
const MAX_BYTES: usize = 64 * 1024;
/// How many are known at most. Each has a frame of about 350 kB.
const MAX_KNOWN: usize = 100;

/// The finding for an image, and its frame unless it has a fault.
pub type Inspected = (Finding, Option<Arc<Frame>>);

/// Inspects images, the same small one only once: shrinking it takes more of a test run's time than all else in this program.
#[derive(Debug, Default)]
pub struct Inspector {
    known: Mutex<HashMap<(Picture, Aspect), Inspected>>,
}

impl Inspector {
    /// Inspects one image and cuts it to the shape of the video.
    pub fn inspect(&self, picture: Picture, aspect: Aspect, renderer: &Renderer) -> Inspected {
        let inspect = |picture: &Picture| {
            let (finding, frame) = pictures::inspect(picture, aspect);
            (finding, frame.map(|frame| renderer.share(frame)))
        };
        if matches!(&picture, Picture::Bytes(bytes) if bytes.len() > MAX_BYTES) {
            return inspect(&picture);
        }
        let key = (picture, aspect);
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(inspected) = known().get(&key) {
            return inspected.clone();
        }
        let inspected = inspect(&key.0);
        let mut known = known();
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        known.insert(key, inspected.clone());
        inspected
    }
}

#[cfg(test)]
mod tests {
    use super::{Inspector, MAX_BYTES, MAX_KNOWN};
    use crate::movie::Renderer;
    use crate::request::{Aspect, Picture};

    #[test]
    fn the_same_image_is_inspected_once() {
        let (inspector, renderer) = (Inspector::default(), Renderer::default());
        let inspections = [("a", Aspect::Wide), ("a", Aspect::Wide), ("a", Aspect::Tall), ("b", Aspect::Wide)];
        let known = inspections.map(|(name, aspect)| {
            inspector.inspect(Picture::Url(format!("https://{name}")), aspect, &renderer);
            inspector.known.lock().unwrap().len()
        });
        assert_eq!(known, [1, 1, 2, 3]);
    }

    #[test]
    fn what_it_knows_is_bounded() {
        let (inspector, renderer) = (Inspector::default(), Renderer::default());
        for at in 0..=MAX_KNOWN {
            inspector.inspect(Picture::Bytes(vec![0; at]), Aspect::Wide, &renderer);
        }
        let (finding, _) = inspector.inspect(Picture::Bytes(vec![0; MAX_BYTES + 1]), Aspect::Wide, &renderer);
        assert_eq!(finding.fault, Some("Image format is not supported"));
        assert_eq!(inspector.known.lock().unwrap().len(), 1);
    }
}
