//! Credentials against a workspace on loopback that is as strict as the real one.

#![allow(
    clippy::unwrap_used,
    reason = "a test that unwraps says enough by failing"
)]
#![allow(
    clippy::result_large_err,
    reason = "an answer is what a refusal is here, and tests are in no hurry"
)]

mod credentials;
mod workspace;
