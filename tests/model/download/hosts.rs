//! Delivery hosts and a gateway, each with a list of behaviours.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::pending;
use std::ops::Range;
use std::sync::LazyLock;

use kling_core::endpoint::TransportError;
use kling_core::error::Error;
use kling_core::flow::download::{ResponseHead, Source, Transfer};
use kling_core::flow::no_video_url;
use kling_core::gate::Gate;
use kling_core::retry::Backoff;
use kling_core::task::Video;
use kling_core::video::LengthHeaders;

use super::received::{End, Received};
use crate::script::{Script, service};

pub(crate) const URL: &str = "https://cdn.example/v.mp4";

/// How many bytes the tests' videos have.
pub(crate) const LENGTH: usize = 1000;

/// How many bytes a download requests again when it resumes.
pub(crate) const OVERLAP: u64 = 64;

/// A video whose boxes say where it ends.
pub(crate) static MOVIE: LazyLock<Vec<u8>> = LazyLock::new(|| boxes(&[(b"ftyp", 16), (b"moov", 40), (b"mdat", 920)]));

/// A video of which more may follow, as far as its boxes say.
pub(crate) static FRAGMENTS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    boxes(&[(b"ftyp", 16), (b"moov", 40), (b"moof", 20), (b"mdat", 380), (b"moof", 20), (b"mdat", 476)])
});

/// Boxes with these types and lengths of content, which repeats nowhere.
pub(crate) fn boxes(list: &[(&[u8; 4], u32)]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut random = 1_u32;
    for (kind, length) in list {
        file.extend((length + 8).to_be_bytes());
        file.extend(*kind);
        for _ in 0..*length {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            file.push((random >> 24) as u8);
        }
    }
    file
}

/// A response with a body.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: LengthHeaders,
    pub(crate) body: Vec<u8>,
    pub(crate) end: End,
}

impl Answer {
    pub(crate) fn new(status: u16, body: &[u8]) -> Self {
        Self { status, headers: LengthHeaders::default(), body: body.to_vec(), end: End::Clean }
    }

    /// The response of a host that works, to a request from byte `from` on.
    pub(crate) fn right(movie: &[u8], from: u64) -> Self {
        let rest = &movie[(from as usize).min(movie.len())..];
        let answer = Self::new(if from > 0 { 206 } else { 200 }, rest).length(rest.len());
        if from > 0 { answer.range(&format!("bytes {from}-{}/{}", movie.len() - 1, movie.len())) } else { answer }
    }

    pub(crate) fn length(mut self, length: impl std::fmt::Display) -> Self {
        self.headers.content_length = Some(format!("{length}"));
        self
    }

    pub(crate) fn encoding(mut self, encoding: &str) -> Self {
        self.headers.content_encoding = Some(encoding.into());
        self
    }

    pub(crate) fn range(mut self, range: &str) -> Self {
        self.headers.content_range = Some(range.into());
        self
    }

    /// With other bytes of the same number.
    pub(crate) fn shifted(mut self) -> Self {
        self.body.rotate_left(1);
        self
    }

    /// As a page of another origin sees it.
    pub(crate) fn elsewhere(mut self) -> Self {
        (self.headers.content_encoding, self.headers.content_range) = (None, None);
        self
    }

    /// Without a length.
    pub(crate) fn unannounced(mut self) -> Self {
        self.headers = LengthHeaders::default();
        self
    }

    /// Only the first bytes of the body.
    pub(crate) fn cut(mut self, length: usize, end: End) -> Self {
        self.body.truncate(length);
        self.end = end;
        self
    }
}

/// How a host answers a request.
#[derive(Clone, Debug)]
pub(crate) enum Behaviour {
    /// No response, as from a host that blocks pages.
    Silence,
    /// No response and no error.
    Stall,
    Status(u16),
    /// As it should.
    Fine,
    /// As it should, and the end of the body after this many bytes of it.
    Cut(usize, End),
    /// This response, even if a range was requested.
    Always(Box<Answer>),
    /// Another response to each first byte that is requested.
    To(fn(u64) -> Answer),
}

/// A response that ignores ranges.
pub(crate) fn always(answer: Answer) -> Behaviour {
    Behaviour::Always(Box::new(answer))
}

/// A delivery host with a list of behaviours, the last of which repeats, and a gateway.
pub(crate) struct Hosts {
    movie: Vec<u8>,
    delivery: RefCell<VecDeque<Behaviour>>,
    gateway: Behaviour,
    pub(crate) requests: RefCell<Vec<(Source, u64)>>,
    received: Received,
    gate: Gate,
}

impl Hosts {
    pub(crate) fn new(delivery: impl IntoIterator<Item = Behaviour>, gateway: Behaviour) -> Self {
        Self {
            movie: MOVIE.clone(),
            delivery: RefCell::new(delivery.into_iter().collect()),
            gateway,
            requests: RefCell::default(),
            received: Received::default(),
            gate: Gate::new(2),
        }
    }

    /// With this video.
    pub(crate) fn of(self, movie: &[u8]) -> Self {
        Self { movie: movie.to_vec(), ..self }
    }

    fn behaviour(&self, source: &Source) -> Behaviour {
        match source {
            Source::Gateway(_) => self.gateway.clone(),
            Source::Delivery(_) => {
                let mut delivery = self.delivery.borrow_mut();
                if delivery.len() > 1 { delivery.pop_front().unwrap() } else { delivery[0].clone() }
            }
        }
    }

    /// Downloads as the root crate does.
    pub(crate) fn download(&self, script: &Script) -> Result<Vec<u8>, Error> {
        self.download_video(script, URL)
    }

    /// The same for a video of task 1 with this URL, or without one.
    pub(crate) fn download_video(&self, script: &Script, url: &str) -> Result<Vec<u8>, Error> {
        let video = Video { task_id: Some("1".into()), id: None, url: url.into(), duration: None };
        script.run(async |_| {
            let (flow, backoff) = (script.flow(), Backoff::default());
            let result = if url.is_empty() { Err(no_video_url()) } else { flow.download(&backoff, self, url).await };
            if let Err(error) = result {
                flow.download_otherwise(&service(), &backoff, self, &video, error).await?;
            }
            Ok(self.received.bytes())
        })
    }

    /// The first byte of each request.
    pub(crate) fn froms(&self) -> Vec<u64> {
        self.requests.borrow().iter().map(|(_, from)| *from).collect()
    }
}

impl Transfer for Hosts {
    fn download_gate(&self) -> &Gate {
        &self.gate
    }

    async fn open(&self, source: &Source, from: u64) -> Result<ResponseHead, TransportError> {
        let behaviour = self.behaviour(source);
        self.requests.borrow_mut().push((source.clone(), from));
        let answer = match behaviour {
            Behaviour::Silence => return Err(TransportError::new("TypeError: Failed to fetch")),
            Behaviour::Stall => pending().await,
            Behaviour::Status(status) => Answer::new(status, b""),
            Behaviour::Fine => Answer::right(&self.movie, from),
            Behaviour::Cut(length, end) => Answer::right(&self.movie, from).cut(length, end),
            Behaviour::Always(answer) => *answer,
            Behaviour::To(answer) => answer(from),
        };
        Ok(self.received.begin(&answer, 70))
    }

    fn receive(&self) -> impl Future<Output = Result<Option<u64>, TransportError>> {
        self.received.receive()
    }

    fn truncate(&self, length: u64) -> Result<(), TransportError> {
        self.received.truncate(length);
        Ok(())
    }

    async fn is_repeated(&self) -> Result<bool, TransportError> {
        Ok(self.received.is_repeated())
    }

    async fn read(&self, range: Range<u64>) -> Result<Vec<u8>, TransportError> {
        Ok(self.received.read(range))
    }
}
