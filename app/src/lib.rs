//! Bowline's page and its server functions. One crate for both sides: `ssr` renders the page and holds
//! the server functions' bodies, `hydrate` is the page in the browser. They are never on together.
//!
//! - [`functions`], [`error`], [`context`]: the HTTP API under `/api` and what it works on;
//! - [`workspace`]: tabs, their panes and how these lie, shared by both sides;
//! - [`link_api`], `browser`: the page's side of the link;
//! - `state`: what the page knows and does, as plain structs behind a few signals;
//! - `components`: the views; `panes`: terminals in the page; `xterm`: the only module that knows the
//!   emulator;
//! - [`theme`]: schemes, the page's colours in one, and which of them is chosen.

// What only a browser calls is decided in plain structs; compiling them here too lets their tests run
// without one.
#![cfg_attr(not(feature = "hydrate"), allow(dead_code))]

#[cfg(feature = "hydrate")]
pub mod browser;
pub mod context;
pub mod error;
pub mod functions;
pub mod link_api;
pub mod sign_in;
pub mod theme;
pub mod workspace;

mod components;
mod json;
mod keys;
mod panes;
mod state;
mod text;
#[cfg(feature = "hydrate")]
mod xterm;

pub use components::App;
