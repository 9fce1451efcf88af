//! Credentials against a workspace on loopback that is as strict as the real one.

#![allow(
    clippy::unwrap_used,
    reason = "a test that unwraps says enough by failing"
)]

mod credentials;
mod fuzz;
