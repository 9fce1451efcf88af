//! Links in a terminal: those that programs make (OSC 8) and addresses in their text. Both are shown before
//! they are followed, and followed only with Ctrl or Cmd held unless the user likes it otherwise, in a window that
//! knows nothing of this one.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Object;
use wasm_bindgen::prelude::*;
use web_sys::{HtmlElement, MouseEvent};
use xterm_js_rs::Terminal;
use xterm_js_rs::addons::web_links::WebLinksAddon;

use super::{Emulator, set};
use crate::state::link;
use crate::state::settings::LinkClick;

/// Shows where a link leads while the pointer is over it.
struct Tip {
    parent: HtmlElement,
    clicks: Rc<Cell<LinkClick>>,
    shown: RefCell<Option<web_sys::Element>>,
}

impl Tip {
    fn show(&self, event: &MouseEvent, target: &str) {
        self.hide();
        let Some(document) = self.parent.owner_document() else {
            return;
        };
        let Ok(tip) = document.create_element("div") else {
            return;
        };
        // By xterm.js's word for it the pointer is still over the link.
        tip.set_class_name("link-tip xterm-hover");
        let text = match link::address(target) {
            Some(address) => {
                let click = match self.clicks.get() {
                    LinkClick::Held => "Ctrl or \u{2318} and click",
                    LinkClick::Plain => "A click",
                };
                format!("{address}\n{click} opens it")
            }
            None => format!("{target}\nis not opened from here"),
        };
        tip.set_text_content(Some(&text));
        let (x, y) = (event.client_x(), event.client_y());
        let room = |side: Result<JsValue, JsValue>| {
            let side = side.ok().and_then(|side| side.as_f64());
            side.unwrap_or_default()
        };
        let window = leptos::prelude::window();
        let (width, height) = (room(window.inner_width()), room(window.inner_height()));
        let vertical = match f64::from(y) > height / 2.0 {
            true => format!("bottom: {}px", height as i32 - y + 14),
            false => format!("top: {}px", y + 18),
        };
        let horizontal = match f64::from(x) > width / 2.0 {
            true => format!("right: {}px", width as i32 - x),
            false => format!("left: {x}px"),
        };
        // Fails only for names that aren't attribute names.
        let _ = tip.set_attribute("style", &format!("{vertical}; {horizontal}"));
        if self.parent.append_child(&tip).is_ok() {
            self.shown.replace(Some(tip));
        }
    }

    fn hide(&self) {
        if let Some(shown) = self.shown.take() {
            shown.remove();
        }
    }
}

impl Emulator {
    /// Follows links by the page's rules.
    pub(super) fn follow_links(&self, parent: &HtmlElement) {
        let tip = Rc::new(Tip {
            parent: parent.clone(),
            clicks: Rc::clone(&self.clicks),
            shown: RefCell::default(),
        });
        let clicks = Rc::clone(&self.clicks);
        let terminal: Terminal = self.terminal.clone().unchecked_into();
        let activate =
            Closure::<dyn Fn(MouseEvent, String)>::new(move |event: MouseEvent, target: String| {
                let held = event.ctrl_key() || event.meta_key();
                // Who selects in a link's text doesn't ask for the link, nor who wants a menu.
                let plain = clicks.get() == LinkClick::Plain
                    && event.button() == 0
                    && !terminal.has_selection();
                if held || plain {
                    open(&target);
                }
            });
        let over = Rc::clone(&tip);
        let hover =
            Closure::<dyn Fn(MouseEvent, String)>::new(move |event: MouseEvent, target: String| {
                over.show(&event, &target);
            });
        let leave = Closure::<dyn Fn()>::new(move || tip.hide());

        let handler = Object::new();
        set(&handler, "activate", activate.as_ref());
        set(&handler, "hover", hover.as_ref());
        set(&handler, "leave", leave.as_ref());
        // Not to open them: to show them. What is opened is decided by `open`.
        set(&handler, "allowNonHttpProtocols", &true.into());
        set(&self.modern().options(), "linkHandler", &handler);

        let options = Object::new();
        set(&options, "hover", hover.as_ref());
        set(&options, "leave", leave.as_ref());
        let found: js_sys::Function = activate.as_ref().clone().unchecked_into();
        self.load(&WebLinksAddon::new(
            Some(&found),
            Some(options.unchecked_ref()),
            None,
        ));
        self.keep(activate);
        self.keep(hover);
        self.keep(leave);
    }
}

fn open(target: &str) {
    if let Some(address) = link::address(target) {
        let features = "noopener,noreferrer";
        // Answers nothing with these features; a browser that refuses says so itself.
        let _ = leptos::prelude::window()
            .open_with_url_and_target_and_features(address, "_blank", features);
    }
}
