//! Every route × every way of not being let in. The table is made from the router's own list, so a new
//! route is in it.

use std::sync::Arc;

use bowline_server::gate::Access;
use bowline_server::router::{Route, routes};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::oidc;
use crate::provider::Provider;
use crate::support::{Login, TOKEN, TestServer, with};

/// What a route should do with a request.
#[derive(Clone, Copy)]
enum Expected {
    /// Let it in; what it then answers is another test's matter.
    In,
    /// 401.
    Unauthenticated,
    /// 403.
    Refused,
}
use Expected::{In, Refused, Unauthenticated};

/// A request to a route, as complete as a refusal could depend on.
fn request(server: &TestServer, route: &Route) -> RequestBuilder {
    let path = route.path.replace("{*file}", "file.js");
    let method = Method::from_bytes(route.method.as_str().as_bytes()).unwrap();
    let request = server.bare(method, &path);
    match route.access {
        Access::Upgrade => request
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("sec-websocket-protocol", "bowline.1"),
        _ => request,
    }
}

/// What whoever hasn't logged in gets.
fn outside(access: Access) -> Expected {
    match access {
        Access::Probe | Access::Public => In,
        _ => Unauthenticated,
    }
}

/// Sends a way of asking to every route.
async fn check(
    server: &TestServer,
    what: &str,
    dress: impl Fn(RequestBuilder) -> RequestBuilder,
    expected: impl Fn(Access) -> Expected,
) {
    for route in routes() {
        let name = format!("{what}: {} {}", route.method, route.path);
        let response = dress(request(server, &route)).send().await.unwrap();
        let status = response.status();
        assert_eq!(
            response.headers()["bowline-version"],
            bowline_server::VERSION
        );
        let (wanted, code) = match expected(route.access) {
            In => {
                let refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
                let begins = ["/api/login", "/auth/login"].contains(&route.path);
                // Where another site leads back to.
                let is_way_in = begins || route.path.ends_with("callback");
                assert!(is_way_in || !refused.contains(&status), "{name}: {status}");
                continue;
            }
            Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated"),
            Refused => (StatusCode::FORBIDDEN, "refused"),
        };
        assert_eq!(status, wanted, "{name}");
        if route.access == Access::Page && status == StatusCode::UNAUTHORIZED {
            let page = response.text().await.unwrap();
            assert!(page.contains("data-gate=\"login\""), "{name}: {page}");
        } else {
            let error: Value = response.json().await.unwrap();
            assert_eq!(error["error"]["code"], code, "{name}");
            assert!(!error["error"]["message"].as_str().unwrap().is_empty());
        }
    }
}

#[tokio::test]
async fn without_a_token_only_the_login_is_reached() {
    with("", async |server| {
        check(server, "no token", |request| request, outside).await;
    })
    .await;
}

#[tokio::test]
async fn a_wrong_token_or_cookie_is_as_none() {
    with("", async |server| {
        let token = |request: RequestBuilder| request.bearer_auth("wrong");
        check(server, "wrong token", token, outside).await;
        let login = server.log_in().await;
        let name = login.cookie.split('=').next().unwrap();
        let wrong = format!("{name}=00ff");
        let cookie = |request: RequestBuilder| request.header("cookie", &wrong);
        check(server, "wrong cookie", cookie, outside).await;
    })
    .await;
}

/// All that a browser sends once it has logged in.
fn as_browser(server: &TestServer, login: &Login, request: RequestBuilder) -> RequestBuilder {
    let request = request.header("cookie", &login.cookie);
    let request = request.header("bowline-proof", &login.proof);
    request.header("origin", format!("http://{}", server.address))
}

#[tokio::test]
async fn what_was_stolen_is_worth_nothing_once_it_is_revoked() {
    with("", async |server| {
        let stolen = server.log_in().await;
        let owner = server.log_in().await;
        let end = server.bare(Method::POST, "/api/logins/end");
        let end = as_browser(server, &owner, end).json(&json!({ "id": null }));
        assert_eq!(end.send().await.unwrap().status(), StatusCode::OK);
        let dress = |request| as_browser(server, &stolen, request);
        check(server, "revoked", dress, outside).await;
    })
    .await;
}

#[tokio::test]
async fn a_login_that_nobody_used_for_long_is_over() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let server = TestServer::start("", folder).await;
    let login = server.log_in().await;
    let folder = server.stop().await;
    let path = folder.path().join("state/logins.json");
    let mut kept: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let used = kept[0]["used"].as_u64().unwrap();
    kept[0]["used"] = (used - 31 * 24 * 60 * 60).into();
    std::fs::write(&path, kept.to_string()).unwrap();

    let server = TestServer::start("", folder).await;
    let dress = |request| as_browser(&server, &login, request);
    check(&server, "expired", dress, outside).await;
    server.stop().await;
}

#[tokio::test]
async fn a_cookie_without_its_proof_opens_only_the_page() {
    with("", async |server| {
        let login = server.log_in().await;
        let other = server.log_in().await;
        for proof in ["", "wrong", &other.proof] {
            let dress = |request: RequestBuilder| {
                let request = request.header("cookie", &login.cookie);
                request.header("bowline-proof", proof)
            };
            check(
                server,
                "cookie without proof",
                dress,
                |access| match access {
                    Access::Probe | Access::Public | Access::Page => In,
                    Access::Proven => Unauthenticated,
                    // Without an origin, which a browser always says here.
                    Access::Upgrade => Refused,
                },
            )
            .await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_page_from_elsewhere_is_refused_even_with_a_login() {
    with("", async |server| {
        let port = server.address.port();
        let login = server.log_in().await;
        for origin in [
            "https://evil.example".to_owned(),
            format!("http://127.0.0.1:{}", port ^ 1),
            format!("http://localhost:{port}"),
            "null".to_owned(),
        ] {
            let dress = |request: RequestBuilder| {
                let request = request.header("cookie", &login.cookie);
                let request = request.header("bowline-proof", &login.proof);
                request.header("origin", &origin)
            };
            check(server, &origin, dress, |access| match access {
                Access::Probe => In,
                _ => Refused,
            })
            .await;
        }
    })
    .await;
}

#[tokio::test]
async fn another_name_is_refused_even_with_the_token() {
    with("", async |server| {
        for host in ["evil.example", "localhost.evil.example", "10.0.0.1:80"] {
            let dress = |request: RequestBuilder| request.bearer_auth(TOKEN).header("host", host);
            check(server, host, dress, |access| match access {
                Access::Probe => In,
                _ => Refused,
            })
            .await;
        }
    })
    .await;
}

#[tokio::test]
async fn another_name_is_let_in_when_it_is_allowed() {
    with("--allowed-host desk.example", async |server| {
        let request = server.request(Method::GET, "/api/version");
        let response = request.header("host", "desk.example").send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
    })
    .await;
}

#[tokio::test]
async fn the_login_lets_in_everywhere() {
    with("", async |server| {
        let login = server.log_in().await;
        let dress = |request| as_browser(server, &login, request);
        // Logging out would end it: it is asked for nothing else here.
        for route in routes().iter().filter(|route| route.path != "/api/logout") {
            let response = dress(request(server, route)).send().await.unwrap();
            let refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
            let is_login = route.path == "/api/login";
            assert!(
                is_login || !refused.contains(&response.status()),
                "{route:?}"
            );
        }
    })
    .await;
}

const BY_PROXY: &str = "--auth proxy --owner ana@example.com --trusted-proxy 127.0.0.1 --public-url https://desk.example";

#[tokio::test]
async fn a_proxy_lets_in_the_owner_and_nobody_else() {
    with(BY_PROXY, async |server| {
        let outside = |access| match access {
            Access::Probe | Access::Public => In,
            _ => Refused,
        };
        let named = |request: RequestBuilder, name: &str| {
            let request = request.header("host", "desk.example");
            request.header("x-forwarded-email", name)
        };
        for name in ["eve@example.com", "", "ana@example.com, eve@example.com"] {
            let dress = |request| named(request, name);
            check(server, name, dress, outside).await;
        }
        let twice = |request| {
            let request = named(request, "ana@example.com");
            request.header("x-forwarded-email", "ana@example.com")
        };
        check(server, "named twice", twice, outside).await;
        // A page of another site can make the browser go through the proxy, as the owner.
        let foreign =
            |request| named(request, "ana@example.com").header("origin", "https://evil.example");
        check(server, "foreign page", foreign, |access| match access {
            Access::Probe => In,
            _ => Refused,
        })
        .await;
        let unproven = |request| named(request, "Ana@Example.com");
        check(server, "no proof", unproven, |access| match access {
            Access::Probe | Access::Public | Access::Page => In,
            Access::Proven => Unauthenticated,
            Access::Upgrade => Refused,
        })
        .await;

        let page = named(server.bare(Method::GET, "/"), "ana@example.com");
        let page = page.send().await.unwrap().text().await.unwrap();
        let (_, rest) = page.split_once("data-proof=\"").unwrap();
        let (proof, _) = rest.split_once('"').unwrap();
        let dress = |request| {
            let request = named(request, "ana@example.com").header("bowline-proof", proof);
            request.header("origin", "https://desk.example")
        };
        check(server, "the owner", dress, |_| In).await;
    })
    .await;
}

#[tokio::test]
async fn a_proxy_that_is_not_believed_lets_in_nobody() {
    let distant = BY_PROXY.replace("127.0.0.1", "10.0.0.7");
    with(&distant, async |server| {
        let dress = |request: RequestBuilder| {
            let request = request.header("x-forwarded-email", "ana@example.com");
            request.header("bowline-proxy-secret", "guessed guessed guessed")
        };
        check(server, "unproven proxy", dress, |access| match access {
            Access::Probe | Access::Public => In,
            _ => Refused,
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn who_signs_in_at_a_provider_is_let_in_by_the_login_that_this_brings_and_nothing_else() {
    let provider = Provider::start().await;
    let arguments = format!("{} --owner ana@example.com", provider.arguments());
    with(&arguments, async |server| {
        check(server, "nobody", |request| request, outside).await;
        // What a browser holds while it is over there, and what a proxy would say.
        let under_way = oidc::begin(server, "/auth/login").await;
        let dress = |request: RequestBuilder| {
            let request = request.header("cookie", &under_way.cookie);
            request.header("x-forwarded-email", "ana@example.com")
        };
        check(server, "signing in", dress, outside).await;

        let who = json!({"email": "ana@example.com", "email_verified": true});
        let login = oidc::login(oidc::sign_in(server, &provider, &who).await).await;
        let unproven = |request: RequestBuilder| request.header("cookie", &login.cookie);
        check(server, "no proof", unproven, |access| match access {
            Access::Probe | Access::Public | Access::Page => In,
            Access::Proven => Unauthenticated,
            Access::Upgrade => Refused,
        })
        .await;
        let foreign = |request: RequestBuilder| {
            let request = request.header("cookie", &login.cookie);
            let request = request.header("bowline-proof", &login.proof);
            request.header("origin", "https://evil.example")
        };
        check(server, "foreign page", foreign, |access| match access {
            Access::Probe => In,
            _ => Refused,
        })
        .await;
        // Signing out stands at the end of what it could spoil.
        let origin = format!("http://{}", server.address);
        let dress = |request: RequestBuilder| {
            let request = request.header("cookie", &login.cookie);
            let request = request.header("bowline-proof", &login.proof);
            request.header("origin", &origin)
        };
        let ends_it = |route: &&Route| route.path == "/api/logout";
        let routes = routes();
        let others = routes.iter().filter(|route| !ends_it(route));
        for route in others.chain(routes.iter().filter(ends_it)) {
            let status = dress(request(server, route)).send().await.unwrap().status();
            let refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
            let is_way_in = ["/api/login", "/auth/callback"].contains(&route.path);
            assert!(
                is_way_in || !refused.contains(&status),
                "{route:?}: {status}"
            );
        }
        check(server, "signed out", dress, outside).await;
    })
    .await;
}

#[tokio::test]
async fn people_are_told_by_a_page() {
    with("", async |server| {
        let request = server.bare(Method::GET, "/").header("host", "evil.example");
        let response = request.header("accept", "text/html").send().await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        assert!(
            response.headers()["content-type"]
                .to_str()
                .unwrap()
                .starts_with("text/html")
        );
        let page = response.text().await.unwrap();
        assert!(page.contains("--allowed-host evil.example"), "{page}");
    })
    .await;
}

#[tokio::test]
async fn every_answer_carries_its_headers() {
    with("", async |server| {
        for (path, token) in [
            ("/", ""),
            ("/", TOKEN),
            ("/health", ""),
            ("/nowhere", TOKEN),
        ] {
            let request = server.bare(Method::GET, path).bearer_auth(token);
            let response = request.send().await.unwrap();
            let headers = response.headers();
            assert_eq!(headers["bowline-version"], bowline_server::VERSION);
            assert_eq!(headers["x-content-type-options"], "nosniff");
            assert_eq!(headers["referrer-policy"], "no-referrer");
            assert_eq!(headers["cache-control"], "no-store");
            let policy = headers["content-security-policy"].to_str().unwrap();
            assert!(
                policy.ends_with("; frame-ancestors 'none'"),
                "{path}: {policy}"
            );
            assert!(!headers.contains_key("strict-transport-security"));
            assert!(
                !policy.contains("script-src 'unsafe-inline'"),
                "{path}: {policy}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn every_answer_by_https_says_to_stay_there() {
    let named = "--public-url https://desk.example --frame-ancestors https://portal.example";
    with(named, async |server| {
        for (path, token) in [("/", ""), ("/", TOKEN), ("/health", ""), ("/nowhere", "")] {
            let request = server.bare(Method::GET, path).bearer_auth(token);
            let response = request.header("host", "desk.example").send().await.unwrap();
            let headers = response.headers();
            let strict = headers["strict-transport-security"].to_str().unwrap();
            assert!(strict.starts_with("max-age="), "{path}: {strict}");
            let policy = headers["content-security-policy"].to_str().unwrap();
            let ancestors = "; frame-ancestors https://portal.example";
            assert!(policy.ends_with(ancestors), "{path}: {policy}");
        }
    })
    .await;
}

#[tokio::test]
async fn below_a_hub_nobody_enters_but_by_the_hub() {
    // Nobody listens there: no refusal needs an answer of its.
    let environment = [
        ("JUPYTERHUB_API_TOKEN", "the-token-of-this-server"),
        ("JUPYTERHUB_API_URL", "http://127.0.0.1:1/hub/api"),
        ("JUPYTERHUB_CLIENT_ID", "jupyterhub-user-ana"),
        ("JUPYTERHUB_SERVICE_PREFIX", "/"),
        ("JUPYTERHUB_USER", "ana"),
    ];
    let environment = environment.map(|(name, value)| (name, value.to_owned()));
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let server = TestServer::start_on("", &environment, folder).await;
    let page = server.bare(Method::GET, "/").send().await.unwrap();
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    let begin = |access| match access {
        // As above: led to where people sign in.
        Access::Page => In,
        access => outside(access),
    };
    check(&server, "nobody", |request| request, begin).await;
    let named = |request: RequestBuilder| {
        let request = request.header("x-forwarded-user", "ana");
        request.bearer_auth("the-token-of-this-server")
    };
    check(&server, "the hub's own token", named, begin).await;
    let foreign = |request: RequestBuilder| request.header("origin", "https://evil.example");
    check(&server, "foreign page", foreign, |access| match access {
        Access::Probe => In,
        _ => Refused,
    })
    .await;
    server.stop().await;
}
