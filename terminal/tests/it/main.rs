//! Sessions with real shells, viewers with real batches. Every wait is for an event and has a deadline.

mod disk;
mod handover;
mod idle;
mod integration;
mod killing;
mod polling;
mod registry;
mod screens;
mod shells;
mod sockets;
mod status;
mod support;
mod tmux;
