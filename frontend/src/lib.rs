//! What the two binaries share: the link's driver and the messages between it and the page. Must not
//! know the page (crate `bowline-app`): the worker's binary would carry it.
//!
//! - [`driver`]: does what [`bowline_protocol::client::Client`] decides: sockets, requests, one timer;
//! - [`message`]: page and link messages as what `postMessage` carries.

pub mod driver;
pub mod message;
mod scope;
