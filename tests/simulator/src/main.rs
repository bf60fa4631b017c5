//! `simulator --port <N> [--www <dir>] [--pkg <dir>] [--cases <dir>] [--heic-to <dir>]
//! [--relay <base url>] [--wire <seed>]`
//!
//! The first line on standard output is its URL. `--cases` adds a second port with an unreliable connection; `--wire`
//! repeats the cuts of that seed. The program ends when its standard input closes, so that it does not outlive its parent.

use simulator::relay::Relay;
use simulator::{Options, Simulator};
use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

const USAGE: &str = "usage: simulator [--port <N, 0 for any>] [--www <dir>] [--pkg <dir>] [--cases <dir>] \
                     [--heic-to <dir>] [--relay <base url>] [--wire <seed>]";
const SERVICE: &str = "https://api.cometapi.com/kling";
const KEY: &str = "COMETAPI_KEY";

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("simulator: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let options = options(std::env::args().skip(1))?;
    let port = options.port;
    let simulator = Simulator::bind(options).await.map_err(|error| format!("port {port}: {error}"))?;
    println!("http://{}", simulator.address()?);
    std::io::stdout().flush()?;
    if let Some(meter) = simulator.meter() {
        eprintln!("wire http://{} with seed {}", meter.address, meter.seed);
    }
    tokio::select! {
        ended = simulator.run() => ended?,
        () = end_of_input() => {}
    }
    Ok(())
}

fn options(arguments: impl Iterator<Item = String>) -> Result<Options, Box<dyn Error>> {
    let mut options = Options { log: true, ..Options::default() };
    let key = std::env::var(KEY).ok().filter(|key| !key.trim().is_empty());
    let mut base = key.is_some().then(|| SERVICE.to_owned());
    let mut arguments = arguments;
    while let Some(name) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("expected a value after {name}; {USAGE}"));
        match name.as_str() {
            "--port" => {
                let text = value()?;
                let parsed = text.parse();
                options.port = parsed.map_err(|_| format!("expected a port, found '{text}'; {USAGE}"))?;
            }
            "--www" => options.www = Some(value()?.into()),
            "--pkg" => options.pkg = Some(value()?.into()),
            "--cases" => options.cases = Some(value()?.into()),
            "--heic-to" => options.heic_to = Some(value()?.into()),
            "--relay" => base = Some(value()?),
            "--wire" => {
                let text = value()?;
                let parsed = text.parse();
                options.wire =
                    Some(parsed.map_err(|_| format!("expected a seed for --wire, found '{text}'; {USAGE}"))?);
            }
            _ => return Err(format!("unknown argument '{name}'; {USAGE}").into()),
        }
    }
    if options.cases.is_some() && options.wire.is_none() {
        options.wire = Some(fastrand::u32(..));
    }
    if let Some(base) = base {
        let key = key.ok_or(format!("expected the key for --relay in the environment as {KEY}"))?;
        options.relay = Some(Relay::new(&base, &key)?);
    }
    Ok(options)
}

/// Reads on a thread of its own: the runtime would wait at its end for a read that never returns.
async fn end_of_input() {
    let (closed, seen) = tokio::sync::oneshot::channel::<()>();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        drop(closed);
    });
    let _ = seen.await;
}
