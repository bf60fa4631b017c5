//! The finished video: a cross-fade through the submitted images, as a real MP4.
//!
//! It is rendered when it is first requested, and once for the same images.

use crate::pictures::{Frame, pixels};
use crate::request::Aspect;
use bytes::Bytes;
use muxide::api::{MuxerBuilder, VideoCodec};
use openh264::OpenH264API;
use openh264::encoder::{
    Complexity, Encoder, EncoderConfig, FrameRate, FrameType, IntraFramePeriod, RateControlMode, VuiConfig,
};
use openh264::formats::YUVSlices;
use std::collections::HashMap;
use std::error::Error;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::OnceCell;

const FRAMES_PER_SECOND: u32 = 24;
/// The share of the way from one image to the next that is a fade, out of [`STEPS`].
const FADE: u32 = 128;
const STEPS: u32 = 256;

/// The content of a video.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Script {
    /// At least one.
    pub frames: Vec<Arc<Frame>>,
    /// The nominal length; the file is one frame longer, as the service's files are.
    pub seconds: u32,
    /// The shape, which is that of every frame.
    pub aspect: Aspect,
}

/// Renders scripts and keeps the results.
#[derive(Debug, Default)]
pub struct Renderer {
    frames: Mutex<HashMap<u64, Weak<Frame>>>,
    movies: Mutex<HashMap<u64, Arc<OnceCell<Bytes>>>>,
}

impl Renderer {
    /// The frame, shared by all tasks that show it.
    pub fn share(&self, frame: Frame) -> Arc<Frame> {
        let mut hasher = DefaultHasher::new();
        frame.hash(&mut hasher);
        let mut frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        let known = frames.entry(hasher.finish()).or_default();
        known.upgrade().unwrap_or_else(|| {
            let shared = Arc::new(frame);
            *known = Arc::downgrade(&shared);
            shared
        })
    }

    /// The bytes of the MP4 file.
    pub async fn movie(&self, script: Script) -> Result<Bytes, String> {
        let mut hasher = DefaultHasher::new();
        script.hash(&mut hasher);
        let cell = {
            let mut movies = self.movies.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(movies.entry(hasher.finish()).or_default())
        };
        let bytes = cell.get_or_try_init(|| async move {
            let rendered = tokio::task::spawn_blocking(move || {
                render(&script.with_something_to_fade()).map(Bytes::from).map_err(|e| e.to_string())
            });
            rendered.await.map_err(|e| e.to_string())?
        });
        bytes.await.cloned()
    }
}

fn render(script: &Script) -> Result<Vec<u8>, Box<dyn Error>> {
    let (width, height) = script.aspect.size();
    let config = EncoderConfig::new()
        .max_frame_rate(FrameRate::from_hz(24.0))
        .rate_control_mode(RateControlMode::Off)
        .complexity(Complexity::Low)
        .skip_frames(false)
        .intra_frame_period(IntraFramePeriod::from_num_frames(2 * FRAMES_PER_SECOND))
        .vui(VuiConfig::bt601());
    let mut encoder = Encoder::with_api_config(OpenH264API::from_source(), config)?;
    let mut muxer = MuxerBuilder::new(Vec::new())
        .video(VideoCodec::H264, width, height, f64::from(FRAMES_PER_SECOND))
        .with_fast_start(true)
        .build()?;
    let (w, h) = (pixels(width), pixels(height));
    let total = script.seconds * FRAMES_PER_SECOND + 1;
    for number in 0..total {
        let picture = script.at(number, total);
        let (luma, chroma) = picture.split_at(w * h);
        let (blue, red) = chroma.split_at(chroma.len() / 2);
        let planes = YUVSlices::new((luma, blue, red), (w, h), (w, w / 2, w / 2));
        let access_unit = encoder.encode(&planes)?;
        let key = matches!(access_unit.frame_type(), FrameType::IDR);
        let seconds = f64::from(number) / f64::from(FRAMES_PER_SECOND);
        muxer.write_video(seconds, &access_unit.to_vec(), key)?;
    }
    muxer.finish_in_place()?;
    Ok(muxer.into_writer())
}

impl Script {
    /// The picture of one of `total` frames: each image stands still for a while, then fades into
    /// the next.
    fn at(&self, number: u32, total: u32) -> Vec<u8> {
        let last = self.frames.len().saturating_sub(1);
        if last == 0 {
            return self.frames[0].0.clone();
        }
        // Position on the way through all pictures, in steps.
        let position = number * u32::try_from(last).unwrap_or(1) * STEPS / (total - 1);
        let from = pixels(position / STEPS).min(last - 1);
        let way = position - u32::try_from(from).unwrap_or(0) * STEPS;
        let faded = way.saturating_sub((STEPS - FADE) / 2) * STEPS / FADE;
        match faded {
            0 => self.frames[from].0.clone(),
            STEPS.. => self.frames[from + 1].0.clone(),
            weight => blend(&self.frames[from + 1].0, weight, &self.frames[from].0),
        }
    }

    /// A single image fades in from dark, so that the video shows a change.
    fn with_something_to_fade(mut self) -> Self {
        if let [only] = self.frames.as_slice() {
            self.frames.insert(0, Arc::new(dark(only)));
        }
        self
    }
}

/// `weight` out of [`STEPS`] of one frame, the rest of the other.
fn blend(one: &[u8], weight: u32, other: &[u8]) -> Vec<u8> {
    let mix = |(&a, &b): (&u8, &u8)| {
        let mixed = (u32::from(a) * weight + u32::from(b) * (STEPS - weight)) / STEPS;
        mixed.to_le_bytes()[0]
    };
    one.iter().zip(other).map(mix).collect()
}

/// Half the light, same colours.
fn dark(frame: &Frame) -> Frame {
    let luma = frame.0.len() * 2 / 3;
    let darken = |(at, &byte): (usize, &u8)| if at < luma { byte / 2 + 8 } else { byte };
    Frame(frame.0.iter().enumerate().map(darken).collect())
}

#[cfg(test)]
mod tests {
    use super::{Renderer, Script};
    use crate::pictures::{Frame, inspect};
    use crate::request::{Aspect, Picture};
    use std::sync::Arc;

    fn frame(name: &str) -> Arc<Frame> {
        Arc::new(inspect(&Picture::Url(name.into()), Aspect::Wide).1.unwrap())
    }

    #[test]
    fn the_first_and_last_picture_stand_at_the_ends() {
        let frames = vec![frame("a"), frame("b"), frame("c")];
        let script = Script { frames, seconds: 5, aspect: Aspect::Wide };
        assert_eq!(script.at(0, 121), script.frames[0].0);
        assert_eq!(script.at(60, 121), script.frames[1].0);
        assert_eq!(script.at(120, 121), script.frames[2].0);
        let fading = script.at(30, 121);
        assert!(fading != script.frames[0].0 && fading != script.frames[1].0);
    }

    #[test]
    fn equal_frames_are_kept_once() {
        let renderer = Renderer::default();
        let share = |name| renderer.share(Arc::into_inner(frame(name)).unwrap());
        let first = share("a");
        assert!(Arc::ptr_eq(&first, &share("a")));
        assert!(!Arc::ptr_eq(&first, &share("b")));
    }

    #[tokio::test]
    async fn a_video_is_rendered_once() {
        let renderer = Renderer::default();
        let script = Script { frames: vec![frame("a")], seconds: 5, aspect: Aspect::Wide };
        let first = renderer.movie(script.clone()).await.unwrap();
        assert_eq!(&first[4..8], b"ftyp");
        assert_eq!(renderer.movie(script).await.unwrap().as_ptr(), first.as_ptr());
    }
}
