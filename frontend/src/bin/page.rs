//! The page's entry.
use bowline_app::App;
fn main() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(App);
}
