//! The server of the measurements: serves the page, receives bodies and drops them, and sends a video.
//!
//! It is quick rather than careful: one thread for each connection, and no copies of what arrives.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// The length of the video in bytes.
pub(crate) const VIDEO_BYTES: u32 = 200_000_000;

/// How much of a body is read at once, in bytes.
const BUFFER_BYTES: usize = 256 << 10;

/// What the service under `/kling` received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) requests: u64,
    /// Of all bodies.
    pub(crate) bytes: u64,
}

/// A path of the server, and the file or folder behind it.
pub(crate) type Mount = (&'static str, PathBuf);

/// A server on this machine, which runs until the program ends.
#[derive(Debug)]
pub(crate) struct Sink {
    pub(crate) url: String,
    counts: Arc<Mutex<Counts>>,
}

impl Sink {
    /// Starts it. Of several mounts that fit, the first one counts.
    pub(crate) fn start(mounts: Vec<Mount>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let (counts, mounts) = (Arc::new(Mutex::default()), Arc::new(mounts));
        let sink = Self { url, counts: Arc::clone(&counts) };
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (counts, mounts) = (Arc::clone(&counts), Arc::clone(&mounts));
                // A browser that closes a connection early is no failure.
                thread::spawn(move || serve(stream, &counts, &mounts).ok());
            }
        });
        sink
    }

    /// What it received since the last call.
    pub(crate) fn take_counts(&self) -> Counts {
        std::mem::take(&mut *self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn serve(mut stream: TcpStream, counts: &Mutex<Counts>, mounts: &[Mount]) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, stream.try_clone()?);
    while let Some(head) = Head::read(&mut reader)? {
        let bytes = if head.is_chunked { drop_chunks(&mut reader)? } else { drop_bytes(&mut reader, head.length)? };
        let path = head.path.split(['?', '#']).next().unwrap_or_default();
        if path.contains("/v1/videos/") {
            let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
            counts.requests += 1;
            counts.bytes += bytes;
            drop(counts);
            let (status, body) = if head.method == "POST" { ("200 OK", ACCEPTED) } else { ("404 Not Found", UNKNOWN) };
            respond(&mut stream, status, "application/json", body.as_bytes())?;
        } else if path == "/video.mp4" {
            send_video(&mut stream)?;
        } else if head.method == "POST" {
            respond(&mut stream, "200 OK", "text/plain", b"received")?;
        } else if let Some((kind, body)) = file(mounts, path) {
            respond(&mut stream, "200 OK", kind, &body)?;
        } else {
            respond(&mut stream, "404 Not Found", "text/plain", b"not found")?;
        }
    }
    Ok(())
}

const ACCEPTED: &str = r#"{"code":0,"message":"SUCCEED","data":{"task_id":"1","task_status":"submitted"}}"#;
const UNKNOWN: &str = r#"{"code":"task_not_exist","message":"task_not_exist","data":null}"#;

/// What the lines before a body say.
#[derive(Debug, Default, PartialEq, Eq)]
struct Head {
    method: String,
    path: String,
    length: u64,
    is_chunked: bool,
}

impl Head {
    /// Reads one; `None` when the connection ends.
    fn read(reader: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let mut words = line.split(' ').map(str::to_owned);
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut head = Self { method, path, ..Self::default() };
        loop {
            line.clear();
            if reader.read_line(&mut line)? <= 2 {
                return Ok(Some(head));
            }
            let (name, value) = line.split_once(':').unwrap_or_default();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => head.length = value.trim().parse().unwrap_or_default(),
                "transfer-encoding" => head.is_chunked = value.trim().eq_ignore_ascii_case("chunked"),
                _ => {}
            }
        }
    }
}

fn drop_bytes(reader: &mut impl BufRead, length: u64) -> io::Result<u64> {
    let mut left = length;
    while left > 0 {
        let found = reader.fill_buf()?.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        if found == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        reader.consume(found);
        left -= found as u64;
    }
    Ok(length)
}

fn drop_chunks(reader: &mut impl BufRead) -> io::Result<u64> {
    let mut sum = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let length = u64::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
        sum += drop_bytes(reader, length)?;
        // The end of the line after a chunk.
        drop_bytes(reader, 2)?;
        if length == 0 {
            return Ok(sum);
        }
    }
}

fn respond(stream: &mut impl Write, status: &str, kind: &str, body: &[u8]) -> io::Result<()> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nCache-Control: max-age=3600\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), body].concat())
}

fn send_video(stream: &mut impl Write) -> io::Result<()> {
    let boxes = boxes();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: {VIDEO_BYTES}\r\nCache-Control: no-store\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), &boxes].concat())?;
    let mut left = usize::try_from(VIDEO_BYTES).unwrap_or_default() - boxes.len();
    let zeros = vec![0; BUFFER_BYTES];
    while left > 0 {
        let part = zeros.get(..left).unwrap_or(&zeros);
        stream.write_all(part)?;
        left -= part.len();
    }
    Ok(())
}

/// The beginning of an MP4 file: the boxes `ftyp` and `moov`, and the header of `mdat`, which reaches to the end.
fn boxes() -> Vec<u8> {
    let before = [&[0, 0, 0, 16][..], b"ftypisom", &[0; 4], &[0, 0, 0, 8], b"moov"].concat();
    let rest = VIDEO_BYTES - u32::try_from(before.len()).unwrap_or_default();
    [&before[..], &rest.to_be_bytes(), b"mdat"].concat()
}

fn file(mounts: &[Mount], path: &str) -> Option<(&'static str, Vec<u8>)> {
    let (place, name) = mounts.iter().find_map(|(mount, place)| Some((place, path.strip_prefix(mount)?)))?;
    if name.split('/').any(|part| part == "..") {
        return None;
    }
    let file = if place.is_dir() { place.join(name) } else { place.clone() };
    Some((content_type(&file), fs::read(file).ok()?))
}

fn content_type(file: &Path) -> &'static str {
    match file.extension().and_then(|ending| ending.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::{Head, VIDEO_BYTES, boxes, drop_chunks};

    #[test]
    fn the_head_of_a_request_is_read() {
        let head = |method: &str, path: &str, length, is_chunked| {
            Some(Head { method: method.to_owned(), path: path.to_owned(), length, is_chunked })
        };
        let cases = [
            ("", None),
            ("GET / HTTP/1.1\r\n\r\n", head("GET", "/", 0, false)),
            ("GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n", head("GET", "/a?b", 0, false)),
            ("POST /a HTTP/1.1\r\nContent-Length: 12\r\n\r\n", head("POST", "/a", 12, false)),
            ("POST /a HTTP/1.1\r\ncontent-length:7\r\nX: y\r\n\r\n", head("POST", "/a", 7, false)),
            ("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", head("POST", "/a", 0, true)),
        ];
        for (text, expected) in cases {
            assert_eq!(Head::read(&mut Cursor::new(text)).ok(), Some(expected), "{text}");
        }
    }

    #[test]
    fn chunks_are_counted_to_the_last_one() {
        let mut reader = Cursor::new("3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\nnext");
        assert_eq!(drop_chunks(&mut reader).ok(), Some(13));
        assert_eq!(reader.position(), 28);
    }

    #[test]
    fn the_boxes_of_the_video_end_with_it() {
        let bytes = boxes();
        let (mut at, mut kinds) = (0, Vec::new());
        while let Some([a, b, c, d, kind @ ..]) = bytes.get(at..at + 8) {
            at += usize::try_from(u32::from_be_bytes([*a, *b, *c, *d])).unwrap_or_default();
            kinds.push(String::from_utf8_lossy(kind).into_owned());
        }
        assert_eq!(kinds, ["ftyp", "moov", "mdat"]);
        assert_eq!(u32::try_from(at), Ok(VIDEO_BYTES));
    }
}
