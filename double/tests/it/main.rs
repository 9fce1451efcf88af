//! The double refuses what a workspace refuses, and goes wrong when it is told to.

#![allow(
    clippy::unwrap_used,
    reason = "a test that unwraps says enough by failing"
)]

use std::time::Duration;

use bowline_double::{Double, Fault, Minting, Times, control};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const ME: &str = "api/2.0/preview/scim/v2/Me";
const CREATE: &str = "api/2.0/token/create";

struct Ana {
    double: Double,
    client: Client,
}

impl Ana {
    async fn start() -> Self {
        let double = Double::start().await;
        double.give("hers", "ana@example.com");
        let client = bowline_outward::builder().no_proxy().build().unwrap();
        Self { double, client }
    }

    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        let place = format!("{}{path}", self.double.root);
        self.client.request(method, place).bearer_auth("hers")
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        told(self.ask(Method::POST, path).json(&body)).await
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        told(self.ask(Method::GET, path)).await
    }
}

async fn told(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or_default())
}

/// The status and the code of what was refused.
fn code((status, told): (u16, Value)) -> (u16, Value) {
    (status, told["error_code"].clone())
}

#[tokio::test]
async fn who_shows_no_good_token_is_told_which_it_is() {
    let ana = Ana::start().await;
    let place = format!("{}{ME}", ana.double.root);
    let bare = || ana.client.get(&place);
    assert_eq!(code(told(bare()).await), (401, json!(401)));
    let unknown = told(bare().bearer_auth("unknown")).await;
    assert_eq!(code(unknown), (403, json!(403)));
    ana.double
        .give_for("short", "ana@example.com", Duration::from_secs(60));
    assert_eq!(told(bare().bearer_auth("short")).await.0, 200);
    ana.double.state().clock.jump(61);
    assert_eq!(told(bare().bearer_auth("short")).await.0, 403);
    ana.double.revoke("hers");
    assert_eq!(ana.get(ME).await.0, 403);
    assert_eq!(ana.double.state().strangers, 4);
}

#[tokio::test]
async fn a_token_has_an_end_that_makes_sense_and_is_its_owners() {
    let ana = Ana::start().await;
    for life in [json!(0), json!(-1), json!(800 * 24 * 3600), json!("600")] {
        let refused = ana.post(CREATE, json!({ "lifetime_seconds": life })).await;
        assert_eq!(
            code(refused),
            (400, json!("INVALID_PARAMETER_VALUE")),
            "{life}"
        );
    }
    let plain = ana.ask(Method::POST, CREATE).body("{}");
    let plain = told(plain.header("content-type", "text/plain")).await;
    assert_eq!(code(plain), (400, json!("INVALID_PARAMETER_VALUE")));
    let broken = ana.ask(Method::POST, CREATE).body("{half");
    let broken = told(broken.header("content-type", "application/json")).await;
    assert_eq!(code(broken), (400, json!("MALFORMED_REQUEST")));

    let (status, made) = ana
        .post(CREATE, json!({ "lifetime_seconds": 60, "comment": "mine" }))
        .await;
    assert_eq!(
        (status, &made["token_info"]["comment"]),
        (200, &json!("mine"))
    );
    let delete = "api/2.0/token/delete";
    let id = made["token_info"]["token_id"].clone();
    ana.double.give("his", "ben@example.com");
    let place = format!("{}{delete}", ana.double.root);
    let his = ana.client.post(place).bearer_auth("his");
    let refused = told(his.json(&json!({ "token_id": id }))).await;
    assert_eq!(code(refused), (404, json!("RESOURCE_DOES_NOT_EXIST")));
    assert_eq!(code(ana.post(delete, json!({})).await).0, 400);
    assert_eq!(ana.post(delete, json!({ "token_id": id })).await.0, 200);
    assert_eq!(ana.post(delete, json!({ "token_id": id })).await.0, 404);

    ana.double.state().minting = Minting::Forbidden;
    let refused = ana.post(CREATE, json!({})).await;
    assert_eq!(code(refused), (403, json!("PERMISSION_DENIED")));
    ana.double.state().minting = Minting::Off;
    let refused = ana.post(CREATE, json!({})).await;
    assert_eq!(code(refused), (404, json!("FEATURE_DISABLED")));
    let nothing = ana.post("api/2.0/token/invent", json!({})).await;
    assert_eq!(code(nothing), (404, json!("ENDPOINT_NOT_FOUND")));
    assert_eq!(
        code(ana.get(CREATE).await),
        (404, json!("ENDPOINT_NOT_FOUND"))
    );
}

#[tokio::test]
async fn a_secret_gets_a_token_only_as_the_protocol_has_it() {
    let ana = Ana::start().await;
    let place = format!("{}oidc/v1/token", ana.double.root);
    let good = [("grant_type", "client_credentials"), ("scope", "all-apis")];
    let ask = |id: &str, secret: &str, form: &[(&str, &str)]| {
        let request = ana.client.post(&place).basic_auth(id, Some(secret));
        told(request.form(form))
    };
    let (status, granted) = ask("principal", "its-secret", &good).await;
    assert_eq!((status, &granted["expires_in"]), (200, &json!(3600)));
    let (status, refused) = ask("principal", "wrong", &good).await;
    assert_eq!((status, &refused["error"]), (401, &json!("invalid_client")));
    for (form, error) in [
        (&good[..1], "invalid_scope"),
        (&good[1..], "invalid_request"),
        (&[("grant_type", "password")], "unsupported_grant_type"),
    ] {
        let (status, refused) = ask("principal", "its-secret", form).await;
        assert_eq!((status, &refused["error"]), (400, &json!(error)));
    }
    // What came by OAuth is told to be dead in other words.
    ana.double.state().clock.jump(3601);
    let dead = granted["access_token"].as_str().unwrap();
    let place = format!("{}{ME}", ana.double.root);
    let refused = told(ana.client.get(place).bearer_auth(dead)).await;
    assert_eq!(code(refused), (401, json!(401)));
}

#[tokio::test]
async fn files_stand_where_they_may_and_are_what_they_were() {
    let ana = Ana::start().await;
    let import = async |body: Value| code(ana.post("api/2.0/workspace/import", body).await);
    let home = "/Users/ana@example.com";
    let path = format!("{home}/note");
    let file = json!({ "path": path, "format": "AUTO", "content": "bmV3" });
    assert_eq!(import(file.clone()).await.0, 200);
    let exists = (400, json!("RESOURCE_ALREADY_EXISTS"));
    assert_eq!(import(file.clone()).await, exists);
    let invalid = (400, json!("INVALID_PARAMETER_VALUE"));
    for (field, value) in [
        ("content", json!("no base64!")),
        ("format", json!("NONE")),
        ("path", json!("relative")),
        ("path", json!("/Users/ana@example.com/../ben@example.com/x")),
        ("path", json!("")),
    ] {
        let mut wrong = file.clone();
        wrong[field] = value;
        assert_eq!(import(wrong).await, invalid, "{field}");
    }
    let mut source = file.clone();
    source["format"] = json!("SOURCE");
    assert_eq!(import(source.clone()).await, invalid, "of no language");
    source["language"] = json!("PYTHON");
    source["overwrite"] = json!(true);
    assert_eq!(import(source).await, invalid, "a file becomes no notebook");
    let export = format!("api/2.0/workspace/export?path={path}");
    let (status, told) = ana.get(&export).await;
    assert_eq!((status, &told["content"]), (200, &json!("bmV3")));
    let (status, told) = ana
        .get(&format!("api/2.0/workspace/list?path={home}"))
        .await;
    assert_eq!((status, &told["objects"][0]["size"]), (200, &json!(3)));
    let mkdirs = async |path: &str| {
        code(
            ana.post("api/2.0/workspace/mkdirs", json!({ "path": path }))
                .await,
        )
    };
    assert_eq!(mkdirs(&format!("{path}/below")).await, exists);
    assert_eq!(mkdirs("/Users/ben@example.com/x").await.0, 403);
    assert_eq!(mkdirs("/Shared/x/y").await.0, 200);
    assert_eq!(ana.get("api/2.0/workspace/list").await.0, 400);
}

#[tokio::test]
async fn what_goes_wrong_does_so_where_and_as_often_as_wanted() {
    let ana = Ana::start().await;
    let busy = Fault::TooMany { retry_after: 7 };
    ana.double.fault_at("/api/2.0/token", busy, Times::Count(1));
    assert_eq!(ana.get(ME).await.0, 200);
    let answer = ana
        .ask(Method::GET, "api/2.0/token/list")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.headers()["retry-after"], "7");
    assert_eq!(ana.get("api/2.0/token/list").await.0, 200);

    ana.double.fault(Fault::Truncated);
    let answer = ana.ask(Method::GET, ME).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.text().await.is_err(), "half of it came");
    ana.double.heal();
    let to = "http://127.0.0.1:1/".to_owned();
    ana.double.fault(Fault::Redirect { to });
    assert_eq!(ana.get(ME).await.0, 307);
    ana.double.heal();

    ana.double.state().clock.jump(-3600);
    let answer = ana.ask(Method::GET, ME).send().await.unwrap();
    let date = answer.headers()["date"].to_str().unwrap();
    let date = httpdate::parse_http_date(date).unwrap();
    let behind = std::time::SystemTime::now().duration_since(date).unwrap();
    assert!(behind > Duration::from_secs(3500), "{behind:?}");
    let statuses: Vec<u16> = ana
        .double
        .state()
        .log
        .iter()
        .map(|asked| asked.status)
        .collect();
    assert_eq!(statuses, [200, 429, 200, 200, 307, 200]);
}

#[tokio::test]
async fn orders_are_taken_at_a_place_of_their_own() {
    let ana = Ana::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = format!("http://{}/", listener.local_addr().unwrap());
    let router = control::router(ana.double.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let order = |what: Value| told(ana.client.post(&place).json(&what));
    let (status, state) = order(json!({ "do": "give", "token": "his", "who": "ben" })).await;
    assert_eq!(
        (status, &state["tokens"]["his"]["who"]),
        (200, &json!("ben"))
    );
    let fault = json!({ "do": "fault", "fault": { "kind": "broken" }, "times": 1 });
    assert_eq!(order(fault).await.0, 200);
    assert_eq!(ana.get(ME).await.0, 500);
    assert_eq!(ana.get(ME).await.0, 200);
    assert_eq!(
        order(json!({ "do": "revoke", "token": "hers" })).await.0,
        200
    );
    assert_eq!(ana.get(ME).await.0, 403);
    assert_eq!(order(json!({ "do": "invent" })).await.0, 422);
    let (_, state) = told(ana.client.get(&place)).await;
    assert_eq!(state["strangers"], 1);
    assert_eq!(ana.get("").await.0, 404, "the workspace itself takes none");
}
