//! Credentials of a Databricks workspace: where they come from, how they stay fresh under running programs, and where
//! else they are written. Knows no HTTP server, no page and no session.

pub mod clock;
pub mod credentials;
pub mod rotation;
pub mod secret;
pub mod sinks;
mod store;
pub mod workspace;
