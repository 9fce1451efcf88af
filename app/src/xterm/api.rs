//! What xterm.js 6 has and the binding, which is for 4.x, has not. Declarations only: what they are used for
//! is the rest of `xterm`'s.

use js_sys::{Function, Object, Uint8Array};
use wasm_bindgen::prelude::*;

// What 6.x has and the binding has not. Methods are looked up by name, so these types need no class.
#[wasm_bindgen]
extern "C" {
    /// A `Terminal` of 6.x.
    pub(super) type Terminal6;
    #[wasm_bindgen(method, js_name = "write")]
    pub(super) fn write_bytes(this: &Terminal6, data: &Uint8Array, done: &JsValue);
    #[wasm_bindgen(method, getter)]
    pub(super) fn options(this: &Terminal6) -> Object;
    #[wasm_bindgen(method, getter)]
    pub(super) fn parser(this: &Terminal6) -> Parser6;
    #[wasm_bindgen(method, catch, js_name = "loadAddon")]
    pub(super) fn try_load_addon(this: &Terminal6, addon: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, getter)]
    pub(super) fn buffer(this: &Terminal6) -> Buffers6;
    #[wasm_bindgen(method, getter)]
    pub(super) fn unicode(this: &Terminal6) -> Unicode6;
    #[wasm_bindgen(method, catch)]
    pub(super) fn resize(this: &Terminal6, cols: u32, rows: u32) -> Result<(), JsValue>;
    #[wasm_bindgen(method, js_name = "scrollLines")]
    pub(super) fn scroll_lines(this: &Terminal6, down: i32);
    #[wasm_bindgen(method, getter)]
    pub(super) fn element(this: &Terminal6) -> Option<web_sys::Element>;
    #[wasm_bindgen(method)]
    pub(super) fn input(this: &Terminal6, data: &str, by_user: bool);
    #[wasm_bindgen(method)]
    pub(super) fn paste(this: &Terminal6, text: &str);
    #[wasm_bindgen(method, js_name = "selectAll")]
    pub(super) fn select_all(this: &Terminal6);
    #[wasm_bindgen(method)]
    pub(super) fn select(this: &Terminal6, column: u32, row: u32, length: u32);
    #[wasm_bindgen(method, getter)]
    pub(super) fn modes(this: &Terminal6) -> Modes6;
    #[wasm_bindgen(method, js_name = "registerCharacterJoiner")]
    pub(super) fn register_character_joiner(this: &Terminal6, handler: &Function) -> u32;
    #[wasm_bindgen(method, js_name = "deregisterCharacterJoiner")]
    pub(super) fn deregister_character_joiner(this: &Terminal6, joiner: u32);
    #[wasm_bindgen(method, js_name = "onScroll")]
    pub(super) fn on_scroll(this: &Terminal6, listener: &Function) -> JsValue;
    #[wasm_bindgen(method, js_name = "onSelectionChange")]
    pub(super) fn on_selection_change(this: &Terminal6, listener: &Function) -> JsValue;

    /// `terminal.modes`.
    pub(super) type Modes6;
    #[wasm_bindgen(method, getter, js_name = "bracketedPasteMode")]
    pub(super) fn bracketed_paste(this: &Modes6) -> bool;
    #[wasm_bindgen(method, getter, js_name = "mouseTrackingMode")]
    pub(super) fn mouse_tracking(this: &Modes6) -> String;
    #[wasm_bindgen(method, getter, js_name = "applicationCursorKeysMode")]
    pub(super) fn application_cursor_keys(this: &Modes6) -> bool;

    /// `terminal.parser`.
    pub(super) type Parser6;
    #[wasm_bindgen(method, js_name = "registerCsiHandler")]
    pub(super) fn register_csi_handler(this: &Parser6, id: &Object, handler: &Function) -> JsValue;
    #[wasm_bindgen(method, js_name = "registerOscHandler")]
    pub(super) fn register_osc_handler(this: &Parser6, ident: u32, handler: &Function) -> JsValue;

    /// `terminal.buffer`.
    pub(super) type Buffers6;
    #[wasm_bindgen(method, getter)]
    pub(super) fn active(this: &Buffers6) -> Buffer6;
    /// A screen with what lies above it.
    pub(super) type Buffer6;
    #[wasm_bindgen(method, getter, js_name = "type")]
    pub(super) fn kind(this: &Buffer6) -> String;
    #[wasm_bindgen(method, getter, js_name = "baseY")]
    pub(super) fn base_y(this: &Buffer6) -> u32;
    #[wasm_bindgen(method, getter, js_name = "cursorX")]
    pub(super) fn cursor_x(this: &Buffer6) -> u32;
    #[wasm_bindgen(method, getter, js_name = "cursorY")]
    pub(super) fn cursor_y(this: &Buffer6) -> u32;
    #[wasm_bindgen(method, getter, js_name = "viewportY")]
    pub(super) fn viewport_y(this: &Buffer6) -> u32;
    #[wasm_bindgen(method, getter)]
    pub(super) fn length(this: &Buffer6) -> u32;
    #[wasm_bindgen(method, js_name = "getLine")]
    pub(super) fn line(this: &Buffer6, y: u32) -> Option<Line6>;
    /// One row.
    pub(super) type Line6;
    #[wasm_bindgen(method, getter, js_name = "isWrapped")]
    pub(super) fn is_wrapped(this: &Line6) -> bool;
    #[wasm_bindgen(method, js_name = "translateToString")]
    pub(super) fn translate(this: &Line6, trim_right: bool) -> String;
    #[wasm_bindgen(method, js_name = "translateToString")]
    pub(super) fn translate_part(this: &Line6, trim_right: bool, from: u32, to: u32) -> String;

    /// `terminal.unicode`.
    pub(super) type Unicode6;
    #[wasm_bindgen(method)]
    pub(super) fn register(this: &Unicode6, provider: &JsValue);
    #[wasm_bindgen(method, setter, js_name = "activeVersion")]
    pub(super) fn set_active_version(this: &Unicode6, version: &str);

    /// What `proposeDimensions` answers.
    pub(super) type Dimensions6;
    #[wasm_bindgen(method, getter)]
    pub(super) fn cols(this: &Dimensions6) -> f64;
    #[wasm_bindgen(method, getter)]
    pub(super) fn rows(this: &Dimensions6) -> f64;
    #[wasm_bindgen(method, js_name = "proposeDimensions")]
    pub(super) fn propose_dimensions(this: &Fit6) -> Option<Dimensions6>;
    /// The fit addon.
    pub(super) type Fit6;
}
