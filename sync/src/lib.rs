//! A user's files carried to a store that outlives the machine, and back: what agents and shells remember
//! ([`state`]), and projects at each commit ([`project`]). Knows no session, no page and no server; who asks
//! supplies the store and, for a workspace, a fresh token at each call.

pub mod place;
pub mod project;
pub mod state;
pub mod store;

mod hash;
mod local;

pub use self::hash::Hash;
