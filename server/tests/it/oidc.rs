//! Signing in at an OpenID Connect provider: who gets in, and everything that doesn't let somebody in. The provider is a
//! double that says whatever a test wants; a real one is met by the journeys.

use std::sync::Arc;

use axum::http::StatusCode as Status;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::provider::{Answer, Asked, Provider, Signed, merge};
use crate::support::{Login, TestServer, answer, with};

const OWNER: &str = "ana@example.com";

/// A sign-in that is under way in a browser.
pub(crate) struct UnderWay {
    asked: Asked,
    /// What the browser sends back, beside its address.
    pub(crate) cookie: String,
}

/// Runs a test against a server that sends people to a provider.
async fn at_provider(arguments: &str, test: impl AsyncFnOnce(&TestServer, &Provider)) {
    let provider = Provider::start().await;
    let arguments = format!("{} {arguments}", provider.arguments());
    with(&arguments, async |server| test(server, &provider).await).await;
}

pub(crate) async fn begin(server: &TestServer, path: &str) -> UnderWay {
    let response = server.bare(Method::GET, path).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let headers = response.headers();
    let cookie = headers["set-cookie"].to_str().unwrap();
    assert!(
        cookie.contains("; Path=/; Max-Age=600; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    UnderWay {
        asked: Asked::from(headers["location"].to_str().unwrap()),
        cookie: cookie.split(';').next().unwrap().to_owned(),
    }
}

/// The provider leads the browser back.
async fn end(server: &TestServer, query: &[(&str, &str)], cookie: &str) -> Response {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(query)
        .finish();
    let request = server.bare(Method::GET, &format!("/auth/callback?{query}"));
    let request = request.header("cookie", cookie);
    // As a browser says it that another site leads here.
    let request = request.header("sec-fetch-site", "cross-site");
    let request = request.header("sec-fetch-mode", "navigate");
    request.send().await.unwrap()
}

impl UnderWay {
    async fn end(&self, server: &TestServer, code: &str) -> Response {
        let query = [("state", self.asked.get("state")), ("code", code)];
        end(server, &query, &self.cookie).await
    }
}

/// Takes cookie and proof out of the page at the end.
pub(crate) async fn login(response: Response) -> Login {
    assert_eq!(response.status(), StatusCode::OK);
    let cookies = response.headers().get_all("set-cookie").iter();
    let cookies: Vec<_> = cookies.map(|cookie| cookie.to_str().unwrap()).collect();
    assert_eq!(cookies.len(), 2, "{cookies:?}");
    assert!(
        cookies[0].contains("; HttpOnly; SameSite=Strict"),
        "{cookies:?}"
    );
    assert!(
        cookies[1].contains("-sign-in=; Path=/; Max-Age=0"),
        "{cookies:?}"
    );
    let cookie = cookies[0].split(';').next().unwrap().to_owned();
    let page = response.text().await.unwrap();
    let (_, rest) = page.split_once("data-proof=\"").unwrap();
    let (proof, _) = rest.split_once('"').unwrap();
    Login {
        cookie,
        proof: proof.to_owned(),
    }
}

fn verified(name: &str) -> Value {
    json!({"email": name, "email_verified": true})
}

/// Signs somebody in.
pub(crate) async fn sign_in(server: &TestServer, provider: &Provider, who: &Value) -> Response {
    let under_way = begin(server, "/auth/login").await;
    let answer = provider.answer(&under_way.asked, who);
    let code = provider.grant(&under_way.asked, answer);
    under_way.end(server, &code).await
}

/// Nobody was let in, and nobody learns who may.
async fn refused(what: &str, response: Response) -> String {
    let status = response.status();
    assert!(
        status.is_client_error() || status.is_server_error(),
        "{what}: {status}"
    );
    assert!(!response.headers().contains_key("set-cookie"), "{what}");
    let page = response.text().await.unwrap();
    assert!(page.contains("Not let in"), "{what}: {page}");
    assert!(
        !page.contains(OWNER) && !page.contains("data-proof"),
        "{what}: {page}"
    );
    page
}

async fn get(server: &TestServer, path: &str, login: &Login) -> (StatusCode, Value) {
    let request = server
        .bare(Method::GET, path)
        .header("cookie", &login.cookie);
    let request = request.header("bowline-proof", &login.proof);
    answer(request.send().await.unwrap()).await
}

#[tokio::test]
async fn the_owner_signs_in_and_out() {
    at_provider("--owner Ana@Example.com", async |server, provider| {
        let response = sign_in(server, provider, &verified("ana@EXAMPLE.com")).await;
        let login = login(response).await;
        let (status, listed) = get(server, "/api/logins", &login).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(listed["browsers"][0]["who"], OWNER);
        let page = server
            .bare(Method::GET, "/")
            .header("cookie", &login.cookie);
        let page = page.send().await.unwrap().text().await.unwrap();
        assert!(page.contains("data-gate=\"open\"") && page.contains("data-sign-in=\"elsewhere\""));

        let request = server
            .bare(Method::POST, "/api/logout")
            .header("cookie", &login.cookie);
        let request = request.header("bowline-proof", &login.proof);
        let (_, left) = answer(request.send().await.unwrap()).await;
        let elsewhere = format!("{}/end?client_id=bowline", provider.issuer());
        assert_eq!(left["elsewhere"], elsewhere);
        let (status, _) = get(server, "/api/logins", &login).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    })
    .await;
}

#[tokio::test]
async fn the_browser_is_sent_with_all_that_binds_the_answer_to_it() {
    at_provider("--owner a@b --oidc-scope groups", async |server, _| {
        let (one, other) = (
            begin(server, "/auth/login").await,
            begin(server, "/auth/login").await,
        );
        for name in ["state", "nonce", "code_challenge"] {
            assert!(one.asked.get(name).len() >= 43);
            assert_ne!(one.asked.get(name), other.asked.get(name), "{name}");
        }
        assert_eq!(one.asked.get("scope"), "openid email groups");
        let back = format!("http://{}/auth/callback", server.address);
        assert_eq!(one.asked.get("redirect_uri"), back);
        assert_eq!(one.asked.get("prompt"), "");
        let afresh = begin(server, "/auth/login?afresh=1").await;
        assert_eq!(afresh.asked.get("prompt"), "login");
    })
    .await;
}

/// What is wrong with an answer that should let nobody in.
type Wrong = fn(&mut Answer);

#[tokio::test]
async fn what_does_not_surely_come_from_the_provider_for_us_lets_nobody_in() {
    let wrong: [(&str, Wrong); 13] = [
        ("another nonce", |answer| {
            merge(&mut answer.claims, &json!({"nonce": "other"}))
        }),
        ("no nonce", |answer| {
            merge(&mut answer.claims, &json!({"nonce": null}))
        }),
        ("another audience", |answer| {
            merge(&mut answer.claims, &json!({"aud": "other"}))
        }),
        ("a second audience", |answer| {
            merge(&mut answer.claims, &json!({"aud": ["bowline", "other"]}));
        }),
        ("another issuer", |answer| {
            merge(&mut answer.claims, &json!({"iss": "https://other.example"}));
        }),
        ("expired", |answer| {
            merge(&mut answer.claims, &json!({"exp": 1_700_000_000}))
        }),
        ("never expiring", |answer| {
            merge(&mut answer.claims, &json!({"exp": null}))
        }),
        ("another access token's", |answer| {
            merge(
                &mut answer.claims,
                &json!({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}),
            );
        }),
        ("unsigned", |answer| answer.signed = Signed::Not),
        ("signed by another", |answer| {
            answer.signed = Signed::Falsely
        }),
        ("no token", |answer| {
            answer.body = Some((Status::OK, "{}".to_owned()))
        }),
        ("no end", |answer| {
            answer.body = Some((Status::OK, " ".repeat(64 << 20)));
        }),
        ("somebody else's more", |answer| {
            merge(&mut answer.claims, &json!({"email": null}));
            answer.more = json!({"sub": "subject-2", "email": OWNER, "email_verified": true});
        }),
    ];
    at_provider(&format!("--owner {OWNER}"), async |server, provider| {
        for (what, spoil) in wrong {
            let under_way = begin(server, "/auth/login").await;
            let mut answer = provider.answer(&under_way.asked, &verified(OWNER));
            spoil(&mut answer);
            let code = provider.grant(&under_way.asked, answer);
            refused(what, under_way.end(server, &code).await).await;
        }
        // The double isn't at fault: it lets in who is right.
        login(sign_in(server, provider, &verified(OWNER)).await).await;
    })
    .await;
}

#[tokio::test]
async fn others_are_turned_away_and_not_told_who_the_owner_is() {
    at_provider(&format!("--owner {OWNER}"), async |server, provider| {
        for (who, said) in [
            (
                verified("eve@example.com"),
                "You are signed in as eve@example.com",
            ),
            (json!({"email": "eve@example.com"}), "has not verified"),
            (
                json!({"email": "eve@example.com", "email_verified": false}),
                "has not verified",
            ),
            (json!({}), "does not say your email address"),
            (
                verified("ana@example.com,eve@example.com"),
                "does not say your email address",
            ),
        ] {
            let page = refused(said, sign_in(server, provider, &who).await).await;
            assert!(page.contains(said), "{page}");
        }
        // Their own address is named to who claims it.
        for claim in [json!({}), json!({"email_verified": false})] {
            let mut who = json!({"email": OWNER});
            merge(&mut who, &claim);
            let response = sign_in(server, provider, &who).await;
            assert_eq!(response.status(), StatusCode::FORBIDDEN);
            assert!(!response.headers().contains_key("set-cookie"));
        }
    })
    .await;
}

#[tokio::test]
async fn a_callback_that_this_browser_did_not_ask_for_is_nothing() {
    at_provider(&format!("--owner {OWNER}"), async |server, provider| {
        let (mine, theirs) = (
            begin(server, "/auth/login").await,
            begin(server, "/auth/login").await,
        );
        let code = |under_way: &UnderWay| {
            let answer = provider.answer(&under_way.asked, &verified(OWNER));
            provider.grant(&under_way.asked, answer)
        };
        let (my_code, their_code) = (code(&mine), code(&theirs));
        let (my_state, their_state) = (mine.asked.get("state"), theirs.asked.get("state"));
        let name = mine.cookie.split('=').next().unwrap();
        let forged = format!("{name}=00.{}.page.00", u32::MAX);
        for (what, state, code, cookie) in [
            ("no cookie", my_state, &my_code, ""),
            (
                "another browser's cookie",
                my_state,
                &my_code,
                theirs.cookie.as_str(),
            ),
            (
                "another browser's state",
                their_state,
                &their_code,
                mine.cookie.as_str(),
            ),
            ("no state", "", &my_code, mine.cookie.as_str()),
            ("a forged cookie", my_state, &my_code, forged.as_str()),
        ] {
            let response = end(server, &[("state", state), ("code", code)], cookie).await;
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{what}");
            refused(what, response).await;
        }
        // Another's code, in one's own sign-in: it isn't for this challenge.
        let injected = mine.end(server, &their_code).await;
        refused("injected code", injected).await;

        let mine = begin(server, "/auth/login").await;
        let my_code = code(&mine);
        login(mine.end(server, &my_code).await).await;
        refused("once more", mine.end(server, &my_code).await).await;
        let other = code(&mine);
        refused(
            "once more, with another code",
            mine.end(server, &other).await,
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn what_the_provider_says_is_text_and_only_where_it_was_asked() {
    at_provider(&format!("--owner {OWNER}"), async |server, _| {
        let markup = "<script>alert(1)</script>";
        let under_way = begin(server, "/auth/login").await;
        let state = under_way.asked.get("state").to_owned();
        let query = [
            ("state", state.as_str()),
            ("error", "access_denied"),
            ("error_description", markup),
        ];
        let uninvited = end(server, &query, "").await;
        let page = refused("uninvited", uninvited).await;
        assert!(!page.contains("alert"), "{page}");
        let page = refused("denied", end(server, &query, &under_way.cookie).await).await;
        assert!(page.contains("&lt;script&gt;alert(1)"), "{page}");
        assert!(!page.contains("<script"), "{page}");

        let under_way = begin(server, "/auth/login").await;
        let state = under_way.asked.get("state").to_owned();
        let twice = [("state", state.as_str()), ("state", "other"), ("code", "x")];
        let response = end(server, &twice, &under_way.cookie).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        let issuer = [
            ("state", state.as_str()),
            ("code", "x"),
            ("iss", "https://other.example"),
        ];
        refused(
            "another issuer",
            end(server, &issuer, &under_way.cookie).await,
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_group_lets_in_by_the_token_or_by_what_the_provider_tells_beside() {
    let arguments = "--oidc-group ops --oidc-groups-claim teams";
    at_provider(arguments, async |server, provider| {
        let who = json!({"email": "bo@example.com", "email_verified": true, "teams": ["x", "ops"]});
        let login = login(sign_in(server, provider, &who).await).await;
        let (_, listed) = get(server, "/api/logins", &login).await;
        assert_eq!(listed["browsers"][0]["who"], "bo@example.com");

        let under_way = begin(server, "/auth/login").await;
        let mut answer = provider.answer(&under_way.asked, &verified("bo@example.com"));
        answer.more = json!({"sub": "subject-1", "teams": "ops"});
        let code = provider.grant(&under_way.asked, answer);
        self::login(under_way.end(server, &code).await).await;

        for teams in [
            json!(["dev"]),
            json!("OPS"),
            json!({"ops": true}),
            json!(null),
            json!([1]),
        ] {
            let mut who = verified("bo@example.com");
            who["teams"] = teams;
            refused("no member", sign_in(server, provider, &who).await).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_provider_that_is_not_there_yet_stops_nothing_and_lets_nobody_in() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let arguments = format!(
        "--auth oidc --oidc-issuer http://{address} --oidc-client-id bowline --owner {OWNER}"
    );
    with(&arguments, async |server| {
        let response = server
            .bare(Method::GET, "/auth/login")
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        let page = refused("unreachable", response).await;
        assert!(
            page.contains("can&#39;t be reached") || page.contains("can't be reached"),
            "{page}"
        );
        let (status, _) = server.get("/api/version").await;
        assert_eq!(status, StatusCode::OK, "programs have the access token");
        // Anybody else may have got the port meanwhile.
        if let Ok(listener) = TcpListener::bind(address).await {
            let provider = Provider::listen(listener);
            login(sign_in(server, &provider, &verified(OWNER)).await).await;
        }
    })
    .await;
}

#[tokio::test]
async fn who_may_enter_no_more_is_out() {
    let provider = Provider::start().await;
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let start = async |owner: &str| {
        let arguments = format!("{} --owner {owner}", provider.arguments());
        TestServer::start(&arguments, folder.clone()).await
    };
    let server = start(OWNER).await;
    let login = login(sign_in(&server, &provider, &verified(OWNER)).await).await;
    server.stop().await;
    for (owner, status) in [
        (OWNER, StatusCode::OK),
        ("bo@example.com", StatusCode::UNAUTHORIZED),
    ] {
        let server = start(owner).await;
        assert_eq!(
            get(&server, "/api/logins", &login).await.0,
            status,
            "{owner}"
        );
        server.stop().await;
    }
}

#[tokio::test]
async fn only_a_window_begins_a_sign_in_and_no_secret_opens_the_door() {
    at_provider(&format!("--owner {OWNER}"), async |server, _| {
        for mode in ["cors", "no-cors", "same-origin"] {
            let request = server
                .bare(Method::GET, "/auth/login")
                .header("sec-fetch-mode", mode);
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
            assert!(!response.headers().contains_key("set-cookie"), "{mode}");
        }
        let by_token = json!({"token": crate::support::TOKEN});
        let request = server.bare(Method::POST, "/api/login").json(&by_token);
        assert_eq!(
            request.send().await.unwrap().status(),
            StatusCode::FORBIDDEN
        );
        assert!(server.code.is_none());
    })
    .await;
}

#[tokio::test]
async fn behind_a_proxy_the_browser_comes_back_to_the_public_url() {
    let arguments = format!("--owner {OWNER} --public-url https://desk.example");
    at_provider(&arguments, async |server, _| {
        let request = server
            .bare(Method::GET, "/auth/login")
            .header("host", "desk.example");
        let response = request.send().await.unwrap();
        let headers = response.headers();
        let asked = Asked::from(headers["location"].to_str().unwrap());
        assert_eq!(
            asked.get("redirect_uri"),
            "https://desk.example/auth/callback"
        );
        let cookie = headers["set-cookie"].to_str().unwrap();
        assert!(
            cookie.starts_with("__Host-bowline-") && cookie.ends_with("; Secure"),
            "{cookie}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_key_of_a_moment_ago_is_looked_for_but_not_at_every_call() {
    at_provider(&format!("--owner {OWNER}"), async |server, provider| {
        let signed = async |signed| {
            let under_way = begin(server, "/auth/login").await;
            let mut answer = provider.answer(&under_way.asked, &verified(OWNER));
            answer.signed = signed;
            let code = provider.grant(&under_way.asked, answer);
            under_way.end(server, &code).await
        };
        login(signed(Signed::Newly).await).await;
        assert_eq!(provider.asked_for_keys(), 2);
        for _ in 0..3 {
            refused("unknown key", signed(Signed::Unknown).await).await;
        }
        assert_eq!(provider.asked_for_keys(), 2);
    })
    .await;
}
