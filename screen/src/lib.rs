//! The server-side terminal emulator: bytes in; snapshots, answers to queries and signals out. It behaves
//! like the page's emulator (xterm.js 6 with our width table), so that a snapshot shown there and the
//! screen kept here are one. Pure: no IO, no clock, no threads.

pub mod width;
