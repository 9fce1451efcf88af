//! The page's side of the link, in the browser only: numbers and keeps input, and hands each session's
//! frames to its pane. Knows no DOM beyond the events that tell who looks at the page. And what the browser keeps.

pub mod link;
pub mod stored;
mod surroundings;

pub(crate) use surroundings::post_keepalive;
pub use surroundings::{link_settings, own, set_proof, take_page_proof};
