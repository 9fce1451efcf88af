//! The page as the server renders it: the head of `index.html`, the body that Leptos renders, the theme
//! of the cookie, and a policy with a nonce of its own for every answer. Who may see it is decided before.

use std::fmt::Write as _;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, HeaderValue};
use axum::response::Response;
use bowline_app::App;
use bowline_app::context::{AppContext, GateView, Listed};
use bowline_app::error::{AppError, ErrorCode};
use bowline_app::sign_in::SignIn;
use bowline_app::theme::Choice;
use leptos::nonce::Nonce;
use leptos::prelude::*;

use crate::gate::Pass;
use crate::{answer, assets};

/// Where `index.html` wants the nonce.
const NONCE_MARK: &str = "{{nonce}}";

/// The head of a binary that was built without the page.
const BARE_HEAD: &str = "<meta charset=\"utf-8\"><title>Bowline</title>";

/// Largest page, bytes. It holds tabs, no terminal's content.
const MAX_PAGE: usize = 16 * 1024 * 1024;

/// Renders the page. `context` is handed to the body only behind the gate: the login view has nothing it
/// could leak.
pub(crate) async fn render(
    view: GateView,
    sign_in: SignIn,
    context: AppContext,
    request: Request,
) -> Response {
    let nonce = Nonce::new();
    let theme = theme(request.headers());
    let pass: Option<&Pass> = request.extensions().get();
    let who = Who {
        sign_in,
        proof: pass.and_then(Pass::page_proof).map(str::to_owned),
    };
    let listed = match view {
        GateView::Open => Listed(context.host.list().await.unwrap_or_default()),
        GateView::Login => Listed::default(),
    };
    let provide = {
        let nonce = nonce.clone();
        move || {
            // Instead of the one that leptos_axum provides: the policy must name the same.
            provide_context(nonce.clone());
            provide_context(view);
            provide_context(sign_in);
            if view == GateView::Open {
                provide_context(context.clone());
                provide_context(listed.clone());
            }
        }
    };
    let shell = {
        let nonce = nonce.clone();
        move || shell(&theme, view, &who, &nonce)
    };
    let handler = leptos_axum::render_app_async_with_context(provide, shell);
    let (mut parts, body) = handler(request).await.into_parts();
    // Read here, so that all of the rendering happens where this runs.
    let Ok(body) = to_bytes(body, MAX_PAGE).await else {
        return answer::page(&AppError::new(
            ErrorCode::Internal,
            "the page could not be rendered",
        ));
    };
    let no_store = HeaderValue::from_static("no-store");
    parts.headers.insert(CACHE_CONTROL, no_store);
    parts
        .headers
        .insert(CONTENT_SECURITY_POLICY, policy(&nonce));
    Response::from_parts(parts, Body::from(body))
}

/// What the page is told about who may enter.
#[derive(Clone)]
struct Who {
    sign_in: SignIn,
    /// What the page proves itself with where nobody logs in.
    proof: Option<String>,
}

/// The document. The page's WASM takes over what is in `#app`, and nothing else.
fn shell(theme: &Choice, view: GateView, who: &Who, nonce: &Nonce) -> impl IntoView + use<> {
    let head = match assets::index() {
        Some(index) => under_build(head_of(&index)).replace(NONCE_MARK, nonce),
        None => BARE_HEAD.to_owned(),
    };
    let missing = (head == BARE_HEAD).then(|| {
        view! {
            <p role="alert">
                "This bowline was built without its page: run " <code>"cargo xtask build"</code>
                " and start target/release/bowline."
            </p>
        }
    });
    // Before anything is painted: no other theme is ever seen.
    let head = head + &theme.head();
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme.attribute().to_owned() data-link="connecting">
            <head inner_html=head></head>
            <body data-gate=view.name() data-sign-in=who.sign_in.name() data-proof=who.proof.clone()>
                {missing}
                <div id="app">
                    <App />
                </div>
            </body>
        </html>
    }
}

/// The head with URLs that change with the build.
fn under_build(head: &str) -> String {
    head.replace(
        "./assets/",
        &format!("./assets/{}/", assets::build_folder()),
    )
}

/// What is inside `<head>`.
fn head_of(index: &str) -> &str {
    let inside = index
        .split_once("<head>")
        .and_then(|(_, rest)| rest.split_once("</head>"));
    inside.map_or(BARE_HEAD, |(head, _)| head)
}

fn theme(headers: &HeaderMap) -> Choice {
    let cookies = headers.get_all(COOKIE).iter();
    let mut themes = cookies
        .filter_map(|value| value.to_str().ok())
        .filter_map(Choice::from_cookies);
    themes.next().unwrap_or_default()
}

/// Scripts: this server's, inline only with the nonce, and WASM. Styles inline: the emulator and the page
/// set them. Connections, sockets included: to this server.
fn policy(nonce: &Nonce) -> HeaderValue {
    let mut policy = String::from(
        "default-src 'none'; base-uri 'none'; connect-src 'self'; font-src 'self'; form-action 'self'; \
         img-src 'self' data:; manifest-src 'self'; style-src 'self' \
         'unsafe-inline'; worker-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
    );
    write!(policy, " 'nonce-{nonce}'").expect("writing to a string cannot fail");
    HeaderValue::try_from(policy).expect("a nonce is base64 for URLs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_is_what_stands_between_its_tags() {
        let index = "<!doctype html><html><head><title>T</title></head><body></body></html>";
        assert_eq!(head_of(index), "<title>T</title>");
        assert_eq!(head_of("nothing"), BARE_HEAD);
    }

    #[test]
    fn the_theme_is_found_in_any_cookie_header() {
        let mut headers = HeaderMap::new();
        assert_eq!(theme(&headers), Choice::default());
        headers.append(COOKIE, HeaderValue::from_static("a=b"));
        headers.append(COOKIE, HeaderValue::from_static("bowline-theme=dark"));
        assert_eq!(theme(&headers).attribute(), "dark");
    }

    #[test]
    fn the_policy_names_the_nonce_and_lets_nothing_inline_in_without() {
        let nonce = Nonce::new();
        let policy = policy(&nonce);
        let policy = policy.to_str().unwrap();
        let scripts = policy
            .split("; ")
            .find(|directive| directive.starts_with("script-src"))
            .unwrap();
        assert!(scripts.contains(&format!("'nonce-{nonce}'")));
        assert!(!scripts.contains("unsafe-inline"));
    }
}
