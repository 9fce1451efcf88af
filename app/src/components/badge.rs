//! A dot on the page's icon while a session needs somebody, as the title's number says too: seen also where a narrow tab
//! shows no title. In the browser only.

use leptos::prelude::*;
use leptos::web_sys::Element;

use crate::state::desk::Desk;

/// The icon without it.
const ICON: &str = include_str!("../../../public/favicon.svg");
/// The dot, in the corner where icons have theirs; the rim sets it off from the mark.
const DOT: &str = r##"<circle cx="24.5" cy="7.5" r="7.5" fill="#ffb02e" stroke="#101318" stroke-width="2"/></svg>"##;

/// Follows the sessions for the life of the page.
pub(super) fn follow(desk: Desk) {
    let calls = Memo::new(move |_| desk.calling() > 0);
    Effect::new(move |plain: Option<Option<String>>| {
        // Fails only for what is no selector.
        let link = document().query_selector("link[rel=icon]").ok().flatten();
        let plain = plain.unwrap_or_else(|| link.as_ref()?.get_attribute("href"));
        if let (Some(link), Some(plain)) = (link, &plain) {
            match calls.get() {
                true => show(&link, &dotted()),
                false => show(&link, plain),
            }
        }
        plain
    });
}

fn show(link: &Element, icon: &str) {
    if link.get_attribute("href").as_deref() == Some(icon) {
        return;
    }
    // Fails only for names that aren't attribute names.
    let _ = link.set_attribute("href", icon);
}

/// The icon with the dot, as an address.
fn dotted() -> String {
    let picture = ICON.trim_end().replace("</svg>", DOT);
    format!(
        "data:image/svg+xml,{}",
        String::from(js_sys::encode_uri_component(&picture))
    )
}
