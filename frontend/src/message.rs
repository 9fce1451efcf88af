//! Messages between page and link as what `postMessage` carries: an array of pairs, a small encoded
//! header and the terminal bytes beside it (or nothing). The bytes' buffers are transferred, not copied.

use bowline_protocol::port::{ToLink, ToPage};
use js_sys::{Array, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};

/// A message and its terminal bytes.
#[derive(Debug, Clone)]
pub struct Message<T> {
    /// The header.
    pub header: T,
    /// The terminal bytes.
    pub payload: Option<Uint8Array>,
}

/// Page to link.
pub type LinkMessage = Message<ToLink>;
/// Link to page.
pub type PageMessage = Message<ToPage>;

impl<T> From<T> for Message<T> {
    fn from(header: T) -> Self {
        Self {
            header,
            payload: None,
        }
    }
}

/// Messages packed for one `postMessage`.
#[derive(Debug)]
pub struct Packed {
    /// What to post.
    pub value: Array,
    /// The buffers to transfer.
    pub transfer: Array,
}

/// Packs messages for one `postMessage`.
pub fn pack<T: Serialize>(messages: &[Message<T>]) -> Packed {
    let (value, transfer) = (Array::new(), Array::new());
    for message in messages {
        let header = postcard::to_stdvec(&message.header)
            .expect("messages hold only types that postcard writes, and a Vec grows");
        value.push(&Uint8Array::from(&header[..]));
        match &message.payload {
            Some(bytes) => {
                transfer.push(&bytes.buffer());
                value.push(bytes);
            }
            None => {
                value.push(&JsValue::UNDEFINED);
            }
        }
    }
    Packed { value, transfer }
}

/// Reads what [`pack`] wrote. Anything else gives nothing: page and worker are of one build.
pub fn unpack<T: DeserializeOwned>(value: &JsValue) -> Vec<Message<T>> {
    let Some(array) = value.dyn_ref::<Array>() else {
        return Vec::new();
    };
    let read = |index: u32| {
        let header = array.get(index).dyn_into::<Uint8Array>().ok()?;
        let header = postcard::from_bytes(&header.to_vec()).ok()?;
        let payload = array.get(index + 1).dyn_into::<Uint8Array>().ok();
        Some(Message { header, payload })
    };
    (0..array.length()).step_by(2).filter_map(read).collect()
}
