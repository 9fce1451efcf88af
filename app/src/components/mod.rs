//! The views: the same tree on both sides. What only a browser has is asked for in effects and event
//! handlers. Views read [`crate::state::desk::Desk`] and call it; they decide nothing.

#![allow(
    unreachable_pub,
    reason = "the component macro makes its structs `pub`"
)]

#[cfg(feature = "hydrate")]
pub(crate) mod access;
mod app;
#[cfg(feature = "hydrate")]
mod badge;
mod banner;
mod chooser;
#[cfg(feature = "hydrate")]
pub(crate) mod clipboard;
mod clock;
#[cfg(feature = "hydrate")]
mod commands;
mod context_menu;
#[cfg(feature = "hydrate")]
mod credential_notice;
mod dialog;
mod dictation;
#[cfg(feature = "hydrate")]
pub(crate) mod dom;
pub(crate) mod drag_view;
#[cfg(feature = "hydrate")]
mod dragging;
mod elsewhere;
mod ending;
#[cfg(feature = "hydrate")]
mod files;
mod grid_bar;
pub(crate) mod icons;
#[cfg(feature = "hydrate")]
mod keyboard;
#[cfg(feature = "hydrate")]
mod keyfile;
pub(crate) mod later;
mod link_details;
mod login;
#[cfg(feature = "hydrate")]
mod looks;
mod lost;
#[cfg(feature = "hydrate")]
mod notices;
mod palette;
mod paste_warning;
mod picker;
mod recorder;
#[cfg(feature = "hydrate")]
mod regions;
pub(crate) mod search_bar;
mod settings;
mod setup_panel;
mod shortcuts;
mod splash;
mod tab;
mod tab_bar;
mod tab_finder;
mod tab_name;
mod toasts;
mod touch_keys;
mod touch_menu;
mod upload_list;
#[cfg(feature = "hydrate")]
mod uploading;
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

/// The link of the workspace that lies below the login view, in context, once there is one: who signs in again
/// goes on with it.
#[cfg(feature = "hydrate")]
#[derive(Clone, Copy)]
pub(crate) struct OpenLink(StoredValue<Option<crate::link_api::LinkHandle>>);

/// The link's state, in context.
#[derive(Clone, Copy)]
pub(crate) struct LinkState(pub(crate) Signal<LinkView>);

/// When the server last said that it restarts, by the page's clock, in context.
#[derive(Clone, Copy)]
pub(crate) struct RestartTold(pub(crate) StoredValue<Option<f64>>);

/// Whether the page is on screen, in context. The server says yes.
#[derive(Clone, Copy)]
pub(crate) struct PageVisible(pub(crate) RwSignal<bool>);
