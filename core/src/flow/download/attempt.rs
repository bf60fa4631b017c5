//! One request for a video, and the response to it.

use super::super::{Flow, Host, STALL_MS, no_data};
use super::{Source, Transfer};
use crate::endpoint::{Status, TransportError};
use crate::progress::Progress;
use crate::race::{First, race};
use crate::video::{Arrived, Boxes, Verdict};

/// Why one attempt failed.
pub(super) type AttemptError = (Cause, TransportError);

/// The kind of a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// No response came.
    NoResponse,
    /// A response without a video came, with this status.
    Refused(Status),
    /// The rest of the video is missing.
    BrokenOff,
    /// The response does not continue the bytes held.
    DoesNotFit,
    /// The host always ends after the same part of the video.
    GivenUp,
    /// The response is not an MP4 file.
    NotAVideo,
}

/// How many bytes are requested again when a download resumes. The part fits if they are the same as before: its headers are
/// mostly unreadable, and may be wrong.
const OVERLAP_BYTES: u64 = 64;

impl<H: Host> Flow<H> {
    /// One attempt to complete the video, which resumes the download or begins with the first byte.
    pub(super) async fn attempt(
        &self,
        transfer: &impl Transfer,
        source: &Source,
        arrived: &mut Arrived,
        resumes: bool,
    ) -> Result<(), AttemptError> {
        let because = |cause| move |error| (cause, error);
        let misfit = || (Cause::DoesNotFit, TransportError::new("the response was not the missing part"));
        let _pass = transfer.download_gate().enter().await;
        let held = if resumes { arrived.loaded } else { 0 };
        let requested = held.saturating_sub(OVERLAP_BYTES);
        let opened = match race(transfer.open(source, requested), self.host.sleep(STALL_MS)).await {
            First::Left(opened) => opened.map_err(because(Cause::NoResponse))?,
            First::Right(()) => return Err((Cause::NoResponse, no_data())),
        };
        let (is_partial, announced) = (opened.status == Status::Code(206), opened.announced);
        let from = match opened.status {
            Status::Code(206) if requested > 0 && announced.may_begin_at(requested) => requested,
            Status::Code(206 | 416) if requested > 0 => return Err(misfit()),
            Status::Code(200..300) if !is_partial || announced.first.is_none_or(|first| first == 0) => 0,
            status => return Err((Cause::Refused(status), no_data())),
        };
        transfer.truncate(from).map_err(because(Cause::DoesNotFit))?;
        arrived.begin(from, is_partial, &announced);

        // The bytes up to here must arrive a second time.
        let repeated = if from > 0 { held } else { 0 };
        let broken = loop {
            let loaded = arrived.loaded.max(repeated);
            self.host.report(&Progress::Downloading { loaded, total: arrived.total(loaded) });
            match race(transfer.receive(), self.host.sleep(STALL_MS)).await {
                First::Left(Ok(Some(more))) => arrived.loaded = arrived.loaded.saturating_add(more),
                First::Left(Ok(None)) => break None,
                First::Left(Err(error)) => break Some(error),
                First::Right(()) => break Some(no_data()),
            }
        };
        let (is_clean, loaded) = (broken.is_none(), arrived.loaded);
        let broken = (Cause::BrokenOff, broken.unwrap_or_else(|| TransportError::new("it ended early")));
        if loaded < repeated && !is_clean {
            // Too little to compare. The next attempt compares the bytes before.
            return Err(broken);
        }
        if from > 0 && !transfer.is_repeated().await.map_err(because(Cause::DoesNotFit))? {
            return Err(misfit());
        }
        let mut boxes = Boxes::new(loaded);
        let end = loop {
            let header = transfer.read(boxes.next_header()).await.map_err(because(Cause::DoesNotFit))?;
            if let Some(end) = boxes.take(&header) {
                break end;
            }
        };
        match arrived.judge(end, is_clean) {
            Verdict::Whole => {
                if arrived.total(loaded) != Some(loaded) {
                    self.host.report(&Progress::Downloading { loaded, total: Some(loaded) });
                }
                Ok(())
            }
            Verdict::NotAVideo => Err((Cause::NotAVideo, broken.1)),
            Verdict::GivenUp => Err((Cause::GivenUp, broken.1)),
            Verdict::Missing => Err(broken),
        }
    }
}
