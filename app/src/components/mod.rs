//! The views: the same tree on both sides. What only a browser has is asked for in effects and event
//! handlers. Views read [`crate::state::desk::Desk`] and call it; they decide nothing.

#![allow(
    unreachable_pub,
    reason = "the component macro makes its structs `pub`"
)]

mod app;
mod banner;
mod chooser;
#[cfg(feature = "hydrate")]
pub(crate) mod clipboard;
#[cfg(feature = "hydrate")]
mod commands;
pub(crate) mod context_menu;
mod dialog;
#[cfg(feature = "hydrate")]
pub(crate) mod dom;
#[cfg(feature = "hydrate")]
mod files;
mod grid_bar;
pub(crate) mod icons;
#[cfg(feature = "hydrate")]
mod keyboard;
#[cfg(feature = "hydrate")]
mod keyfile;
mod login;
#[cfg(feature = "hydrate")]
mod looks;
mod lost;
mod palette;
mod paste_warning;
mod picker;
mod recorder;
#[cfg(feature = "hydrate")]
mod regions;
pub(crate) mod search_bar;
mod settings;
mod shortcuts;
mod tab;
mod tab_bar;
mod tab_finder;
mod toasts;
mod touch_keys;
mod touch_menu;
mod upload_list;
#[cfg(feature = "hydrate")]
mod viewport;
#[cfg(feature = "hydrate")]
mod wiring;
mod workspace;

use leptos::prelude::*;

pub use app::App;

use crate::context::GateView;
use crate::link_api::LinkView;

/// Which view is shown, in context.
#[derive(Clone, Copy)]
pub(crate) struct Gate(pub(crate) RwSignal<GateView>);

/// The link's state, in context.
#[derive(Clone, Copy)]
pub(crate) struct LinkState(pub(crate) Signal<LinkView>);

/// Whether the page is on screen, in context. The server says yes.
#[derive(Clone, Copy)]
pub(crate) struct PageVisible(pub(crate) RwSignal<bool>);
