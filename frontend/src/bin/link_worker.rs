//! The Web Worker's entry: a driver between `postMessage` and the server. Nothing else.

use std::rc::Rc;

use bowline_frontend::driver::Driver;
use bowline_frontend::message::{self, LinkMessage, PageMessage};
use bowline_protocol::port::ToPage;
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

fn main() {
    console_error_panic_hook::set_once();
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let to_page = {
        let scope = scope.clone();
        move |messages: Vec<PageMessage>| {
            let packed = message::pack(&messages);
            // Fails only for what can't be cloned; these are arrays of bytes.
            let _ = scope.post_message_with_transfer(&packed.value, &packed.transfer);
        }
    };
    let driver = Driver::new(Rc::new(to_page.clone()));
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let messages: Vec<LinkMessage> = message::unpack(&event.data());
        for message in messages {
            driver.on_message(message);
        }
    });
    scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    to_page(vec![ToPage::Ready.into()]);
}
