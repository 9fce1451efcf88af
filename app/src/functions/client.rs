//! How the page calls the server functions: below the page's base path, and with the proof that the
//! cookie sent along is its own. On the server this type is only named, never used.

use std::future::Future;

use bytes::Bytes;
use server_fn::client::Client;
use server_fn::client::browser::BrowserClient;
use server_fn::error::FromServerFnError;
use server_fn::request::browser::BrowserRequest;
use server_fn::response::browser::BrowserResponse;

/// `fetch` with the proof in a header.
pub struct PageClient;

impl<Error, InputError, OutputError> Client<Error, InputError, OutputError> for PageClient
where
    Error: FromServerFnError,
    InputError: FromServerFnError,
    OutputError: FromServerFnError,
{
    type Request = BrowserRequest;
    type Response = BrowserResponse;

    fn send(request: Self::Request) -> impl Future<Output = Result<Self::Response, Error>> + Send {
        if let Some(proof) = proof() {
            request.headers().set(bowline_protocol::http::PROOF, &proof);
        }
        <BrowserClient as Client<Error, InputError, OutputError>>::send(request)
    }

    fn open_websocket(
        path: &str,
    ) -> impl Future<
        Output = Result<
            (
                impl futures_util::Stream<Item = Result<Bytes, Bytes>> + Send + 'static,
                impl futures_util::Sink<Bytes> + Send + 'static,
            ),
            Error,
        >,
    > + Send {
        <BrowserClient as Client<Error, InputError, OutputError>>::open_websocket(path)
    }

    fn spawn(future: impl Future<Output = ()> + Send + 'static) {
        <BrowserClient as Client<Error, InputError, OutputError>>::spawn(future);
    }
}

/// The page's proof, returned by login and sent with everything but the page itself.
pub fn proof() -> Option<String> {
    #[cfg(feature = "hydrate")]
    return crate::browser::stored::get(&crate::browser::own(crate::sign_in::PROOF_KEY));
    #[cfg(not(feature = "hydrate"))]
    None
}

/// Makes server functions relative to the page's base path. Called once, before the page is mounted.
#[cfg(feature = "hydrate")]
pub fn set_base() {
    let document = leptos::prelude::document();
    if let Ok(Some(base)) = document.base_uri() {
        let end = base.find(['?', '#']).unwrap_or(base.len());
        let folder = base[..end].rfind('/').map_or("", |slash| &base[..slash]);
        // A second call keeps the first base, which is the same one.
        let _ = server_fn::client::try_set_server_url(folder.to_owned().leak());
    }
}
