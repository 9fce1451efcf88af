//! Keepers as processes of their own, with real programs. Every wait is for an event and has a deadline.

mod ends;
mod handover;
mod page;
mod refusals;
mod strangers;
mod support;
