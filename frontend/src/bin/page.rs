//! The page's entry: takes over what the server rendered in `#app`.

use bowline_app::App;
use bowline_app::link_api::ConnectLink;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

fn main() {
    console_error_panic_hook::set_once();
    bowline_app::functions::client::set_base();
    bowline_app::browser::take_page_proof();
    let root = document()
        .get_element_by_id("app")
        .expect("the server's document has an element #app")
        .unchecked_into();
    let page = leptos::mount::hydrate_from(root, || {
        let connect: ConnectLink = bowline_frontend::connect::connect;
        provide_context(connect);
        view! { <App /> }
    });
    page.forget();
}
