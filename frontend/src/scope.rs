//! The few global functions that a window and a worker share: time, one timer, `fetch`.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &js_sys::Function, milliseconds: i32) -> i32;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: i32);
    /// `fetch` of whichever global scope this is.
    #[wasm_bindgen(js_name = fetch)]
    pub(crate) fn fetch(request: &web_sys::Request) -> js_sys::Promise;
}

/// Milliseconds of the wall clock: unlike `performance.now` it goes on while the machine sleeps.
pub(crate) fn now_ms() -> u64 {
    js_sys::Date::now() as u64
}

/// One timer, set again and again.
pub(crate) struct Timer {
    callback: Closure<dyn Fn()>,
    id: Option<i32>,
}

impl Timer {
    pub(crate) fn new(callback: impl Fn() + 'static) -> Self {
        Self {
            callback: Closure::new(callback),
            id: None,
        }
    }

    /// Fires once in this many milliseconds, or not at all.
    pub(crate) fn set(&mut self, milliseconds: Option<u64>) {
        if let Some(id) = self.id.take() {
            clear_timeout(id);
        }
        self.id = milliseconds.map(|milliseconds| {
            let milliseconds = i32::try_from(milliseconds).unwrap_or(i32::MAX);
            set_timeout(self.callback.as_ref().unchecked_ref(), milliseconds)
        });
    }
}
