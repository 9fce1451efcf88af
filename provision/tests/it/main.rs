//! Steps with a real npm against a registry of our own, with a mirror of releases, and with a real git, in homes that were
//! empty.

#![allow(
    clippy::unwrap_used,
    reason = "a test that unwraps says enough by failing"
)]

mod hooks;
mod mirror;
mod npm;
mod registry;
mod repositories;
mod tools;
