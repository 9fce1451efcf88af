//! Browser events that Leptos has no words for: capture phase, targets other than the window, for the
//! life of the page or until dropped.

use wasm_bindgen::prelude::*;

use crate::state::lost::Moment;

/// Calls `callback` for an event of `target`, for the life of the page.
pub(crate) fn listen(
    target: &web_sys::EventTarget,
    event: &str,
    callback: impl Fn(web_sys::Event) + 'static,
) {
    let closure = Closure::<dyn Fn(web_sys::Event)>::new(callback);
    // Fails only for a detached target.
    let _ = target.add_event_listener_with_callback(event, closure.as_ref().unchecked_ref());
    closure.forget();
}

/// The same before anything inside the target sees the event.
pub(crate) fn listen_first(
    target: &web_sys::EventTarget,
    event: &str,
    callback: impl Fn(web_sys::Event) + 'static,
) {
    let closure = Closure::<dyn Fn(web_sys::Event)>::new(callback);
    let function = closure.as_ref().unchecked_ref();
    // Fails only for a detached target.
    let _ = target.add_event_listener_with_callback_and_bool(event, function, true);
    closure.forget();
}

/// Calls back for an event of a target until dropped.
pub(crate) struct Listener {
    target: web_sys::EventTarget,
    event: &'static str,
    callback: Closure<dyn Fn(web_sys::Event)>,
}

impl Listener {
    /// Listens.
    pub(crate) fn new(
        target: &web_sys::EventTarget,
        event: &'static str,
        callback: impl Fn(web_sys::Event) + 'static,
    ) -> Self {
        let callback = Closure::<dyn Fn(web_sys::Event)>::new(callback);
        // Fails only for a detached target.
        let _ = target.add_event_listener_with_callback(event, callback.as_ref().unchecked_ref());
        Self {
            target: target.clone(),
            event,
            callback,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let callback = self.callback.as_ref().unchecked_ref();
        // Fails only for a detached target.
        let _ = self
            .target
            .remove_event_listener_with_callback(self.event, callback);
    }
}

/// A value in the address, behind the question mark. Only plain words are looked for: nothing is decoded.
pub(crate) fn query(name: &str) -> Option<String> {
    let query = leptos::prelude::window().location().search().ok()?;
    let mut pairs = query.trim_start_matches('?').split('&');
    pairs.find_map(|pair| {
        let value = pair.strip_prefix(name)?.strip_prefix('=')?;
        Some(value.to_owned())
    })
}

/// A moment of Unix time by this browser's clock, in words.
pub(crate) fn when(unix_ms: u64) -> String {
    let moment = |date: js_sys::Date| Moment {
        year: date.get_full_year(),
        month: date.get_month(),
        day: date.get_date(),
        hour: date.get_hours(),
        minute: date.get_minutes(),
    };
    let then = js_sys::Date::new(&(unix_ms as f64).into());
    moment(then).words(moment(js_sys::Date::new_0()))
}

/// Scrolls an element into view, no further than needed.
pub(crate) fn reveal(element: &web_sys::Element) {
    let options = web_sys::ScrollIntoViewOptions::new();
    options.set_inline(web_sys::ScrollLogicalPosition::Nearest);
    options.set_block(web_sys::ScrollLogicalPosition::Nearest);
    element.scroll_into_view_with_scroll_into_view_options(&options);
}

/// Moves the focus along the buttons of a toolbar, which are its children, around the end.
pub(crate) fn walk_toolbar(event: &web_sys::KeyboardEvent) {
    let Some(now) = leptos::prelude::document().active_element() else {
        return;
    };
    let Some(bar) = now.parent_element() else {
        return;
    };
    let next = match event.key().as_str() {
        "ArrowRight" => now.next_element_sibling().or(bar.first_element_child()),
        "ArrowLeft" => now.previous_element_sibling().or(bar.last_element_child()),
        "Home" => bar.first_element_child(),
        "End" => bar.last_element_child(),
        _ => return,
    };
    if let Some(next) = next.and_then(|next| next.dyn_into::<web_sys::HtmlElement>().ok()) {
        // Fails only for elements outside the document.
        let _ = next.focus();
    }
    event.prevent_default();
}

/// Where in an element a pointer is, as shares of its width and height.
pub(crate) fn within(element: &web_sys::Element, event: &web_sys::MouseEvent) -> (f64, f64) {
    let place = element.get_bounding_client_rect();
    let x = f64::from(event.client_x()) - place.left();
    let y = f64::from(event.client_y()) - place.top();
    (x / place.width(), y / place.height())
}

/// Gives the first element of a selector the keyboard, once what was just changed is in the document.
pub(crate) fn focus_soon(selector: String) {
    let focus = move || {
        let element = leptos::prelude::document().query_selector(&selector);
        let element = element.ok().flatten();
        if let Some(element) = element.and_then(|it| it.dyn_into::<web_sys::HtmlElement>().ok()) {
            // Fails only for elements outside the document.
            let _ = element.focus();
        }
    };
    leptos::prelude::set_timeout(focus, std::time::Duration::ZERO);
}

/// Watches an element's box until dropped.
pub(crate) struct BoxWatcher {
    observer: web_sys::ResizeObserver,
    _callback: Closure<dyn Fn()>,
}

impl BoxWatcher {
    /// Calls back now and whenever the box changes. `None` in a browser without observers.
    pub(crate) fn new(element: &web_sys::Element, callback: impl Fn() + 'static) -> Option<Self> {
        let callback = Closure::<dyn Fn()>::new(callback);
        let observer = web_sys::ResizeObserver::new(callback.as_ref().unchecked_ref()).ok()?;
        observer.observe(element);
        Some(Self {
            observer,
            _callback: callback,
        })
    }
}

impl Drop for BoxWatcher {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
