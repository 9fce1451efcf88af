//! What the page knows and does. Decisions are plain structs with ordinary tests ([`ledger`], [`known`],
//! [`face`], [`progress`], [`look`], [`banner`], [`search`], [`paste`], [`copied`], [`link`], [`settings`],
//! [`gesture`], [`grip`], [`drag`], [`held`], [`fuzzy`], [`recent`], [`uploads`], [`quality`], [`listing`],
//! [`ending`], [`notices`], [`dictation`], [`welcome`], [`setup`]); [`desk`] holds the few signals that views read.
//! Terminal bytes never come here.

pub(crate) mod banner;
pub(crate) mod browsers;
pub(crate) mod copied;
pub(crate) mod credential;
pub(crate) mod desk;
pub(crate) mod dictation;
pub(crate) mod drag;
pub(crate) mod ending;
pub(crate) mod face;
pub(crate) mod fuzzy;
pub(crate) mod gesture;
pub(crate) mod grip;
pub(crate) mod held;
pub(crate) mod known;
pub(crate) mod later;
pub(crate) mod ledger;
pub(crate) mod ligatures;
pub(crate) mod link;
pub(crate) mod listing;
pub(crate) mod look;
pub(crate) mod lost;
pub(crate) mod notices;
pub(crate) mod paste;
pub(crate) mod progress;
pub(crate) mod quality;
pub(crate) mod recent;
pub(crate) mod saved;
pub(crate) mod search;
pub(crate) mod seed;
pub(crate) mod settings;
pub(crate) mod setup;
pub(crate) mod tail;
pub(crate) mod toasts;
pub(crate) mod uploads;
pub(crate) mod welcome;
