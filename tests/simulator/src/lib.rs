//! CometAPI's Kling multi-image-to-video endpoint on this machine, and an independent check of every
//! request.
//!
//! It shares no code with the crate under test: it has its own implementation of the schema
//! ([`request`]), decodes every image ([`pictures`], [`parts`]), checks which headers a page sets
//! ([`policy`]), refuses a reused external id and counts what it charged ([`ledger`]). A task runs by
//! the wall clock ([`task`]) and ends with a real MP4 of its images ([`movie`], [`delivery`], [`content`]). The path
//! names the scenario: which service is simulated, well-behaved or not ([`scenario`]).
//!
//! A second port leads to the same service over an unreliable connection ([`wire`]), if the options ask for it.
//!
//! The same process serves the page ([`site`]) and can relay the page's requests to the real service,
//! adding the key ([`relay`]). It listens on the loopback interface only.

pub mod answers;
pub mod connection;
pub mod content;
pub mod delivery;
pub mod family;
pub mod hold;
pub mod inspector;
pub mod key;
pub mod ledger;

pub mod log;
pub mod movie;
pub mod packing;
pub mod parts;
pub mod pictures;
pub mod policy;
pub mod ranges;
#[cfg(feature = "relay")]
pub mod relay;
#[cfg(not(feature = "relay"))]
#[path = "no_relay.rs"]
pub mod relay;
pub mod request;
pub mod scenario;
pub mod service;
pub mod site;
pub mod task;
pub mod trouble;
pub mod wire;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use connection::{AbortHandle, AbortableListener};
use relay::Relay;
use service::Service;
use std::future::{IntoFuture, pending};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;
use wire::{Meter, Wire};

/// What a simulator serves, and where.
#[derive(Debug, Default)]
pub struct Options {
    /// 0 lets the system choose.
    pub port: u16,
    /// The folder of the page.
    pub www: Option<PathBuf>,
    /// The folder of the package.
    pub pkg: Option<PathBuf>,
    /// The folder of the browser tests' scripts.
    pub cases: Option<PathBuf>,
    /// The decoder of HEIC that the page loads, served at `/heic-to`.
    pub heic_to: Option<PathBuf>,
    /// The relay to the real service.
    pub relay: Option<Relay>,
    /// The seed of the unreliable connection.
    pub wire: Option<u32>,
    /// Whether each request prints a line on standard error.
    pub log: bool,
}

/// A simulator that has its port; it serves once it [runs](Simulator::run).
#[derive(Debug)]
pub struct Simulator {
    listener: TcpListener,
    router: Router,
    wire: Option<Wire>,
}

impl Simulator {
    /// Takes the port, and another for the unreliable connection.
    pub async fn bind(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let wire = match options.wire {
            Some(seed) => Some(Wire::bind(listener.local_addr()?, seed).await?),
            None => None,
        };
        let meter = wire.as_ref().map(|wire| Arc::clone(wire.meter()));
        Ok(Self { listener, router: router(options, meter), wire })
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The counts of the unreliable connection.
    pub fn meter(&self) -> Option<&Meter> {
        self.wire.as_ref().map(|wire| &**wire.meter())
    }

    /// Serves until the future is dropped.
    pub async fn run(self) -> io::Result<()> {
        let service = self.router.into_make_service_with_connect_info::<AbortHandle>();
        let line = async {
            match self.wire {
                Some(wire) => wire.run().await,
                None => pending().await,
            }
        };
        tokio::select! {
            ended = axum::serve(AbortableListener(self.listener), service).into_future() => ended,
            () = line => Ok(()),
        }
    }
}

fn router(options: Options, meter: Option<Arc<Meter>>) -> Router {
    let service = Arc::new(Service::default());
    let endpoint = "/kling/v1/videos/multi-image2video";
    let content = "/v1/videos/{id}/content";
    let scenario = Router::new()
        .route(endpoint, post(service::submit).fallback(service::wrong_method))
        .route(&format!("{endpoint}/{{id}}"), get(service::query).fallback(service::wrong_method))
        .route("/delivery/{file}", get(delivery::deliver))
        .route(content, get(content::of_scenario))
        .fallback(service::wrong_path);
    let router = Router::new()
        .nest("/s/{scenario}", scenario)
        .route("/account", get(service::account))
        .route("/account/release", post(service::release))
        .route("/requests", get(service::requests))
        .route("/release/{external}", post(hold::release))
        .with_state(Arc::clone(&service))
        .route("/wire", get(wire::report).with_state(meter))
        .merge(site::routes(&options));
    let router = match options.relay {
        Some(relay) => {
            let route = relay::content_route(Arc::clone(&service), relay.clone());
            router.route(content, route).merge(relay::routes(relay))
        }
        None => router.route(content, get(content::at_origin).with_state(Arc::clone(&service))),
    };
    let observer = log::Observer { service, lines: options.log };
    router.layer(from_fn_with_state(observer, log::observe))
}
