//! The simulator as its callers see it: over HTTP, on a port of its own.

mod caller;
mod conformance;
mod content;
mod delivery;
mod family;
mod headers;
mod hold;
mod lengths;
mod program;
mod query;
mod raw;
mod relay;
mod site;
mod submission;
mod trouble;
mod wire;
