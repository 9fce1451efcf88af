//! The functions that are fed with hostile bytes. Each panics when a promise is broken. The main workspace's tests include
//! the same files and run them over the corpus and what `replay` makes of it.

#[cfg(feature = "bodies")]
pub mod bodies;
pub mod frames;
pub mod mergers;
pub mod screen;
