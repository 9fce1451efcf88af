//! Setting up the machine that sessions run on, as far as that is wanted: agents, shell files. Everything lies in the
//! user's home, needs no root, and can be taken back. Knows no HTTP server, no page and no session.

pub mod graph;
pub mod profile;
pub mod run;
pub mod steps;
