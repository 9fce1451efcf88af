//! Files carried to real stores and back: a folder, and the workspace double by HTTP.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

mod far;
mod projects;
mod state;
mod workspace;
