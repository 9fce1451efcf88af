//! Themes: schemes of 20 colours each, what the page's colours are in one, and which of them the user chose.
//! The one source of colours: style sheets name variables only. The choice is kept in the settings and, for
//! the server, in a cookie: the first paint is in it.
//!
//! - [`scheme`]: a colour, and a scheme of them; [`builtin`]: the eight that come with the page;
//! - [`derive`]: the page's variables from a scheme, readable whatever it holds;
//! - [`choice`]: dark, light or as the system has it, with a scheme for each; [`import`]: schemes from files.

#[cfg(feature = "hydrate")]
pub(crate) mod browser;
pub mod builtin;
pub mod choice;
pub mod derive;
pub mod import;
pub mod scheme;

pub use choice::{COOKIE, Choice, Mode};
pub use scheme::{Colour, Kind, Scheme};
