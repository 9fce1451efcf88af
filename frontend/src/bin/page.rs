//! The page's entry: takes over what the server rendered.

use bowline_app::App;
use leptos::prelude::*;

fn main() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(|| {
        provide_context(bowline_app::link_api::Connect(
            bowline_frontend::connect::connect,
        ));
        view! { <App /> }
    });
}
