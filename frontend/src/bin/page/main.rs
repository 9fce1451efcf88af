//! The page's entry: puts the page in the place of what the server wrote into `#app`. It is made afresh: taking the
//! server's elements over would take a fifth more code than making them.

mod connect;

use bowline_app::App;
use bowline_app::link_api::ConnectLink;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;

#[wasm_bindgen(module = "bowline-takeover")]
extern "C" {
    #[wasm_bindgen(js_name = takeOver)]
    fn take_over(root: &HtmlElement, mount: &mut dyn FnMut());
}

fn main() {
    console_error_panic_hook::set_once();
    bowline_app::functions::client::set_base();
    bowline_app::browser::take_page_proof();
    let root: HtmlElement = document()
        .get_element_by_id("app")
        .expect("the server's document has an element #app")
        .unchecked_into();
    take_over(&root, &mut || mount(root.clone()));
}

fn mount(root: HtmlElement) {
    let page = leptos::mount::mount_to(root, || {
        let connect: ConnectLink = connect::connect;
        provide_context(connect);
        view! { <App /> }
    });
    page.forget();
}
