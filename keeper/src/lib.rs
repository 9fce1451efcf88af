//! Sessions that outlive the server. A **keeper** is a small process that hosts `terminal` and speaks over a
//! Unix socket with servers that come and go; a [`Host`] is a server's handle on sessions, wherever they live.
//! No network, no HTTP, no page, no credentials.
//!
//! ```text
//! server ── Host ─┬─ within: Sessions, Links                      (--keeper=off)
//!                 └─ gateway ── Unix socket ── service ── Sessions, Links   (the keeper's process)
//! ```
//!
//! - `frame`, `wire`: what is said on the socket, and how it is written. Link batches pass unread.
//! - `ask`: questions and answers, and the one place that answers them in both arrangements.
//! - [`Host`], `gateway`: a server's side. `launch`: starting the keeper.
//! - [`Visit`]: a program that looks in from another terminal, and starts nothing.
//! - `service`, [`run`]: the keeper's side. `upgrade`, `descriptors`: how it goes on as another program.
//! - [`Within`]: the same socket where a server keeps the sessions itself.
//! - [`place`], [`program`]: where its files lie; which program a process runs.

mod ask;
mod descriptors;
pub mod frame;
mod gateway;
mod host;
mod launch;
pub mod place;
mod process;
pub mod program;
mod service;
mod upgrade;
mod visit;
mod wire;
mod within;

pub use ask::{Failure, Reason};
pub use frame::Lane;
pub use gateway::Exchange;
pub use host::{Host, Known, LinkIn, LinkOut, Touched, Typed};
pub use launch::Launch;
pub use process::{KeeperConfig, KeeperError, Start, run};
pub use upgrade::{UpgradeError, prove_state};
pub use visit::{Visit, VisitError, Who};
pub use within::Within;
