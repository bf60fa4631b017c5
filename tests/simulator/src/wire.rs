//! An unreliable connection to the simulator: a second port that forwards bytes and cuts each connection at a random
//! point. Browsers reuse connections, so the cut may be in the first exchange or in a later one.
//!
//! A connection is cut when the first byte beyond its limit arrives. So a cut request is never complete, and a response
//! cut at 0 is lost.

use crate::answers;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use fastrand::Rng;
use serde_json::{Value, json};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, sink};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// The maximum number of bytes to the simulator before a cut: within a submission of small images.
const REQUESTS: u64 = 12_000;
/// The maximum number of bytes from the simulator before a cut: within a few responses.
const RESPONSES: u64 = 4_000;
/// The limit of the other connections to the simulator. They are cut in the end too: browsers would reuse them for ever.
const LONG_LIVED: RangeInclusive<u64> = 20_000..=100_000;
/// How long to read from a closed connection.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

/// An unreliable connection that has its port; it forwards once it [runs](Wire::run).
#[derive(Debug)]
pub struct Wire {
    listener: TcpListener,
    target: SocketAddr,
    random: Rng,
    meter: Arc<Meter>,
}

/// The counts of an unreliable connection.
#[derive(Debug)]
pub struct Meter {
    /// Where it listens.
    pub address: SocketAddr,
    /// Decides which connections are cut, and where.
    pub seed: u32,
    connections: AtomicU32,
    cut_requests: AtomicU32,
    cut_responses: AtomicU32,
}

/// The plan for one connection: how many bytes pass each way, and how it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Plan {
    requests: u64,
    responses: u64,
    reset: bool,
}

/// Why a connection ended.
#[derive(Clone, Copy, Debug)]
enum End {
    CutRequest,
    CutResponse,
    Broken,
}

impl Wire {
    /// Takes a port, and forwards it to `target`.
    pub async fn bind(target: SocketAddr, seed: u32) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let meter = Meter {
            address: listener.local_addr()?,
            seed,
            connections: AtomicU32::new(0),
            cut_requests: AtomicU32::new(0),
            cut_responses: AtomicU32::new(0),
        };
        Ok(Self { listener, target, random: Rng::with_seed(seed.into()), meter: Arc::new(meter) })
    }

    /// Its counts.
    pub fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    /// Forwards until the future is dropped.
    pub async fn run(mut self) {
        loop {
            let Ok((client, _)) = self.listener.accept().await else {
                // A temporary error, for example out of file descriptors.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            self.meter.connections.fetch_add(1, Ordering::Relaxed);
            let plan = Plan::draw(&mut self.random);
            tokio::spawn(connect(client, self.target, plan, Arc::clone(&self.meter)));
        }
    }
}

impl Plan {
    /// One in four connections lives long.
    fn draw(random: &mut Rng) -> Self {
        let mut plan = Self { requests: u64::MAX, responses: u64::MAX, reset: random.bool() };
        match random.u8(..8) {
            0 | 1 => plan.requests = random.u64(LONG_LIVED),
            2..=4 => plan.requests = random.u64(..=REQUESTS),
            _ => plan.responses = random.u64(..=RESPONSES),
        }
        plan
    }
}

impl Meter {
    fn json(&self) -> Value {
        let count = |counter: &AtomicU32| counter.load(Ordering::Relaxed);
        json!({
            "address": format!("http://{}", self.address),
            "seed": self.seed,
            "connections": count(&self.connections),
            "cutRequests": count(&self.cut_requests),
            "cutResponses": count(&self.cut_responses),
        })
    }
}

/// `GET /wire`
pub async fn report(State(meter): State<Option<Arc<Meter>>>) -> Response {
    let Some(meter) = meter else {
        let message = "expected a simulator that was started with --wire or --cases, found one without";
        return answers::simulator_error(StatusCode::NOT_FOUND, "no_wire", message);
    };
    Json(meter.json()).into_response()
}

async fn connect(mut client: TcpStream, target: SocketAddr, plan: Plan, meter: Arc<Meter>) {
    let Ok(mut server) = TcpStream::connect(target).await else { return };
    for stream in [&client, &server] {
        let _ = stream.set_nodelay(true);
    }
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let ended = tokio::try_join!(
        pass(from_client, to_server, plan.requests, End::CutRequest),
        pass(from_server, to_client, plan.responses, End::CutResponse),
    );
    let counter = match ended {
        Err(End::CutRequest) => &meter.cut_requests,
        Err(End::CutResponse) => &meter.cut_responses,
        Err(End::Broken) | Ok(_) => return,
    };
    counter.fetch_add(1, Ordering::Relaxed);
    if plan.reset {
        for stream in [&client, &server] {
            let _ = stream.set_zero_linger();
        }
    } else {
        let _ = tokio::join!(client.shutdown(), server.shutdown());
        // A connection with unread bytes would be reset when it is dropped.
        let (mut nowhere, mut neither) = (sink(), sink());
        let rest = async { tokio::join!(copy(&mut client, &mut nowhere), copy(&mut server, &mut neither)) };
        let _ = tokio::time::timeout(DRAIN_TIMEOUT, rest).await;
    }
}

/// Forwards one direction to its end, or until the first byte beyond the limit.
async fn pass(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, limit: u64, cut: End) -> Result<(), End> {
    let mut left = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut buffer).await.map_err(|_| End::Broken)?;
        let may = length.min(left);
        to.write_all(&buffer[..may]).await.map_err(|_| End::Broken)?;
        left -= may;
        if may < length {
            return Err(cut);
        }
        if length == 0 {
            return to.shutdown().await.map_err(|_| End::Broken);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LONG_LIVED, Plan, REQUESTS, RESPONSES};
    use fastrand::Rng;

    fn plans(seed: u64) -> Vec<Plan> {
        let mut random = Rng::with_seed(seed);
        (0..4000).map(|_| Plan::draw(&mut random)).collect()
    }

    #[test]
    fn a_seed_decides() {
        assert_eq!(plans(1), plans(1));
        assert_ne!(plans(1), plans(2));
    }

    #[test]
    fn every_kind_of_cut_has_its_share() {
        let plans = plans(7);
        let share = |what: fn(&Plan) -> bool| plans.iter().filter(|plan| what(plan)).count();
        for (count, expected) in [
            (share(|plan| LONG_LIVED.contains(&plan.requests) && plan.responses == u64::MAX), 1000),
            (share(|plan| plan.requests <= REQUESTS), 1500),
            (share(|plan| plan.responses <= RESPONSES), 1500),
            (share(|plan| plan.requests < REQUESTS / 2), 750),
            (share(|plan| plan.responses < RESPONSES / 2), 750),
            (share(|plan| plan.reset), 2000),
        ] {
            assert!((expected * 4 / 5..expected * 6 / 5).contains(&count), "{expected}: {count}");
        }
    }
}
