//! A plain file server, as any static host is: no routes, no ranges, no headers of its own.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

/// What the names of files say about their content.
const TYPES: &[(&str, &str)] = &[
    ("html", "text/html; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("mjs", "text/javascript; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("json", "application/json"),
    ("svg", "image/svg+xml"),
    ("wasm", "application/wasm"),
    ("mp4", "video/mp4"),
];

/// Serves a folder under this path, which starts and ends with a slash, until the program ends. Returns the URL of the folder.
pub fn serve_files(folder: &Path, path: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}{path}", listener.local_addr().expect("its address"));
    let folder: Arc<PathBuf> = Arc::new(folder.to_owned());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let folder = Arc::clone(&folder);
            // A browser that closes a connection early is no failure of a test.
            thread::spawn(move || respond(stream, &folder, path).ok());
        }
    });
    url
}

fn respond(mut stream: TcpStream, folder: &Path, path: &str) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    let target = request.split(' ').nth(1).unwrap_or_default();
    let target = target.split(['?', '#']).next().unwrap_or_default();
    let found = file(folder, path, target).and_then(|file| Some((content_type(&file), fs::read(file).ok()?)));
    let (status, kind, body) = match found {
        Some((kind, body)) => ("200 OK", kind, body),
        None => ("404 Not Found", "text/plain", b"not found".to_vec()),
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    stream.write_all(&body)
}

/// The file at a path of the server; that of a folder is its `index.html`.
fn file(folder: &Path, path: &str, target: &str) -> Option<PathBuf> {
    let name = target.strip_prefix(path)?;
    if name.split('/').any(|part| part == "..") {
        return None;
    }
    let file = folder.join(name);
    Some(if file.is_dir() { file.join("index.html") } else { file })
}

fn content_type(file: &Path) -> &'static str {
    let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    TYPES.iter().find(|(known, _)| *known == ending).map_or("application/octet-stream", |(_, kind)| kind)
}
