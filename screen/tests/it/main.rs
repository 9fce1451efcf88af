//! The screen against an oracle, xterm.js itself (`end2end/oracle`): whatever is written, a snapshot and the rest
//! come to the same terminal as everything from the beginning, and queries are answered alike.

mod dice;
mod fuzz;
mod generated;
mod grammar;
mod oracle;
mod proof;
mod recordings;
mod settings;
mod stream;
