//! The page's clock, for what counts up or down while somebody looks. The server renders none of it.

use std::time::Duration;

use leptos::prelude::*;

/// Milliseconds of Unix time by the browser's clock; 0 on the server.
pub(crate) fn now_ms() -> f64 {
    #[cfg(feature = "hydrate")]
    return js_sys::Date::now();
    #[cfg(not(feature = "hydrate"))]
    0.0
}

/// Calls back again and again until the view around is cleaned up. On the server nothing does.
pub(crate) fn each(every: Duration, callback: impl Fn() + 'static) {
    #[cfg(feature = "hydrate")]
    {
        let ticking = set_interval_with_handle(callback, every);
        on_cleanup(move || {
            if let Ok(ticking) = ticking {
                ticking.clear();
            }
        });
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (every, callback);
}

/// The time, again and again until the view around is cleaned up.
pub(crate) fn ticks(every: Duration) -> ReadSignal<f64> {
    let (now, set_now) = signal(now_ms());
    each(every, move || set_now.set(now_ms()));
    now
}
