//! The crate from outside: frames that may never change, and batches of every kind.

mod batches;
mod fixtures;
mod fuzz;
