//! What agents and shells remember, kept in a store: the memory that Claude Code has of projects, and shells' histories.
//! Three states are compared, here, there, and when both were last the same; only what changed is carried, and where both
//! sides changed, both contents stay.

mod decide;
mod items;
mod known;
mod pass;

pub use self::known::forget;
pub use self::pass::{Report, Saved, Way};
