//! The server as a whole: the real router on a free port, real shells, real sockets.

#![allow(
    clippy::unwrap_used,
    reason = "a test that unwraps says enough by failing"
)]

mod api;
mod audit;
mod base_path;
mod broker;
mod chaos;
mod credential;
mod credential_secrets;
mod deploy;
mod docs;
mod doctor;
mod faults;
mod gate;
mod git;
mod hostile;
mod keepers;
mod lifecycle;
mod link;
mod listen;
mod login;
mod logs;
mod metrics;
#[path = "../../../provision/tests/it/mirror.rs"]
mod mirror;
mod oidc;
mod on_behalf;
mod owner;
mod page;
mod provider;
mod ready;
mod recording;
#[path = "../../../provision/tests/it/registry.rs"]
mod registry;
mod secrets;
mod setup;
mod signals;
mod status;
mod support;
mod sync;
mod systemd;
mod traces;
mod upload;
mod visit;
