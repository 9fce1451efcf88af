//! What the page knows and does. Decisions are plain structs with ordinary tests ([`ledger`], [`known`],
//! [`face`], [`progress`], [`look`], [`banner`], [`search`], [`paste`], [`copied`], [`link`], [`settings`],
//! [`gesture`], [`held`], [`fuzzy`], [`recent`], [`uploads`]); [`desk`] holds the few signals that views read. Terminal bytes never come here.

pub(crate) mod banner;
pub(crate) mod copied;
pub(crate) mod desk;
pub(crate) mod face;
pub(crate) mod fuzzy;
pub(crate) mod gesture;
pub(crate) mod held;
pub(crate) mod known;
pub(crate) mod ledger;
pub(crate) mod ligatures;
pub(crate) mod link;
pub(crate) mod look;
pub(crate) mod lost;
pub(crate) mod paste;
pub(crate) mod progress;
pub(crate) mod recent;
pub(crate) mod search;
pub(crate) mod seed;
pub(crate) mod settings;
pub(crate) mod tail;
pub(crate) mod toasts;
pub(crate) mod uploads;
