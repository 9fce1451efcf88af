//! What is counted: the format, as strictly as it is written down, the numbers of a run, and that labels are bounded.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use bowline_server::router::routes;
use reqwest::{Method, StatusCode};
use rustix::process::{Signal, kill_process};
use serde_json::json;

use crate::support::{Socket, TestServer, input, with};

type Labels = BTreeMap<String, String>;

/// All samples of an exposition.
#[derive(Debug, Default)]
struct Samples(HashMap<String, Vec<(Labels, f64)>>);

impl Samples {
    fn of(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let wanted = |of: &Labels| {
            let mut labels = labels.iter();
            labels.all(|(name, value)| of.get(*name).map(String::as_str) == Some(value))
        };
        let samples = self.0.get(name).map(Vec::as_slice).unwrap_or_default();
        let found = samples.iter().filter(|(labels, _)| wanted(labels));
        found.map(|(_, value)| value).sum()
    }
}

fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    let is_first = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    bytes.next().is_some_and(is_first)
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// `{a="b",c="d"}`; no value of ours has anything to escape.
fn labels(text: &str) -> Labels {
    let mut labels = Labels::new();
    for pair in text.split_terminator(',') {
        let (name, value) = pair.split_once('=').unwrap();
        let value = value.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
        assert!(is_name(name) && !value.contains(['"', '\\']), "{pair}");
        let before = labels.insert(name.to_owned(), value.to_owned());
        assert!(before.is_none(), "{name} twice");
    }
    labels
}

/// Reads OpenMetrics text as its specification wants it written.
fn parse(text: &str) -> Samples {
    let body = text.strip_suffix("# EOF\n").expect("it ends with EOF");
    let mut samples = Samples::default();
    let mut types: BTreeMap<String, String> = BTreeMap::new();
    let mut family = String::new();
    for line in body.lines() {
        if let Some(meta) = line.strip_prefix("# ") {
            let (kind, rest) = meta.split_once(' ').unwrap();
            let (name, what) = rest.split_once(' ').unwrap();
            assert!(is_name(name), "{line}");
            match kind {
                "HELP" => assert!(!what.is_empty()),
                "TYPE" => {
                    let before = types.insert(name.to_owned(), what.to_owned());
                    assert!(before.is_none(), "{name} twice");
                }
                other => panic!("{other}"),
            }
            name.clone_into(&mut family);
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap();
        let (name, labelled) = match series.split_once('{') {
            Some((name, rest)) => (name, labels(rest.strip_suffix('}').unwrap())),
            None => (series, Labels::new()),
        };
        let suffix = name.strip_prefix(&*family).expect("after its family");
        let fits: &[&str] = match types[&family].as_str() {
            "counter" => &["_total"],
            "gauge" => &[""],
            "histogram" => &["_bucket", "_count", "_sum"],
            "info" => &["_info"],
            other => panic!("{other}"),
        };
        assert!(fits.contains(&suffix), "{line}");
        let value: f64 = value.parse().unwrap();
        assert!(value >= 0.0, "{line}");
        let all = samples.0.entry(name.to_owned()).or_default();
        assert!(all.iter().all(|(other, _)| *other != labelled), "{line}");
        all.push((labelled, value));
    }
    check_histograms(&samples, &types);
    samples
}

/// Buckets grow, and the last has all.
fn check_histograms(samples: &Samples, types: &BTreeMap<String, String>) {
    for (family, _) in types.iter().filter(|(_, kind)| *kind == "histogram") {
        for (labels, count) in samples
            .0
            .get(&format!("{family}_count"))
            .into_iter()
            .flatten()
        {
            let buckets = samples.0[&format!("{family}_bucket")].iter();
            let ours = buckets.filter_map(|(of, value)| {
                let mut of = of.clone();
                let bound: f64 = of.remove("le")?.parse().unwrap();
                (of == *labels).then_some((bound, *value))
            });
            let ours: Vec<(f64, f64)> = ours.collect();
            assert!(ours.is_sorted(), "{ours:?}");
            assert!(ours.is_sorted_by_key(|(_, value)| *value), "{ours:?}");
            assert_eq!(ours.last(), Some(&(f64::INFINITY, *count)));
        }
    }
}

async fn scrape(server: &TestServer) -> Samples {
    let answer = server
        .request(Method::GET, "/metrics")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let kind = answer.headers()["content-type"].to_str().unwrap();
    assert!(kind.starts_with("application/openmetrics-text; version=1.0.0"));
    parse(&answer.text().await.unwrap())
}

#[tokio::test]
async fn a_run_is_counted() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    // A process of its own, whose numbers are of this test alone.
    let (server, pid) = TestServer::start_binary("exec \"$@\"", "", folder).await;
    server.log_in().await;
    for (path, body) in [
        ("/api/login", json!({"token": "wrong"})),
        ("/api/output", json!({})),
    ] {
        let refused = server.bare(Method::POST, path).json(&body).send();
        assert_eq!(refused.await.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
    let session = server.script("stty -echo; read x; echo $x; read x").await;
    let ended = server.script("exit 0").await;
    while server.runs(ended).await {}
    let mut socket = Socket::connect(&server, 1, 1).await;
    let log = socket.attach(session).await;
    socket
        .send(&[input(session, log, 0, "twelve-bytes\n")])
        .await;
    socket.until_text("twelve-bytes\r\n").await;
    let form = "--e\r\ncontent-disposition: form-data; name=file; filename=a\r\n\r\nfour\r\n--e--";
    let upload = server.request(Method::POST, "/api/upload").body(form);
    let upload = upload.header("content-type", "multipart/form-data; boundary=e");
    assert!(upload.send().await.unwrap().status().is_success());

    let samples = scrape(&server).await;
    for (name, labels, expected) in [
        (
            "bowline_build_info",
            vec![("version", bowline_server::VERSION)],
            1.0,
        ),
        (
            "bowline_requests_total",
            vec![("route", "/api/login"), ("status", "2xx")],
            1.0,
        ),
        (
            "bowline_requests_total",
            vec![("route", "/api/login"), ("status", "4xx")],
            1.0,
        ),
        (
            "bowline_request_seconds_count",
            vec![("route", "/api/upload")],
            1.0,
        ),
        ("bowline_links", vec![("transport", "websocket")], 1.0),
        ("bowline_logins_total", vec![("kind", "token")], 1.0),
        ("bowline_refusals_total", vec![("reason", "token")], 1.0),
        (
            "bowline_refusals_total",
            vec![("reason", "unauthenticated")],
            1.0,
        ),
        ("bowline_sessions", vec![("state", "exited")], 1.0),
        ("bowline_sessions", vec![], 2.0),
        ("bowline_viewers", vec![], 1.0),
        ("bowline_uploads_total", vec![], 1.0),
        ("bowline_upload_bytes_total", vec![], 4.0),
        (
            "bowline_terminal_bytes_total",
            vec![("direction", "in")],
            13.0,
        ),
        (
            "bowline_terminal_bytes_total",
            vec![("direction", "out")],
            14.0,
        ),
        ("bowline_keeper_up", vec![], 1.0),
    ] {
        assert_eq!(
            samples.of(name, &labels),
            expected,
            "{name} {labels:?} {samples:#?}"
        );
    }
    for name in [
        "bowline_process_cpu_seconds_total",
        "bowline_process_resident_memory_bytes",
        "bowline_process_open_fds",
        "bowline_link_bytes_total",
    ] {
        assert!(samples.of(name, &[]) > 0.0, "{name}");
    }
    drop(socket);
    kill_process(pid, Signal::TERM).unwrap();
    server.ended().await.unwrap();
}

#[tokio::test]
async fn whatever_is_asked_for_there_are_no_more_labels_than_routes() {
    with("", async |server| {
        for number in 0..50 {
            let method = Method::from_bytes(format!("M{number}").as_bytes()).unwrap();
            for (method, path) in [
                (Method::GET, format!("/{number}")),
                (Method::POST, format!("/api/{number}?{number}")),
                (Method::GET, format!("/assets/{number}")),
                (method, "/api/sessions".to_owned()),
            ] {
                server.request(method, &path).send().await.unwrap();
            }
        }
        let samples = scrape(server).await;
        let known: BTreeSet<&str> = routes()
            .iter()
            .map(|route| route.path)
            .chain(["other"])
            .collect();
        let requests = &samples.0["bowline_requests_total"];
        for (labels, _) in requests {
            assert!(known.contains(&*labels["route"]), "{labels:?}");
            assert!(["GET", "POST", "other"].contains(&&*labels["method"]));
        }
        let others = samples.of("bowline_requests_total", &[("route", "other")]);
        assert!(others >= 150.0, "{others}");
    })
    .await;
}

#[tokio::test]
async fn metrics_are_behind_the_gate_and_on_a_port_of_their_own_if_wanted() {
    with("--metrics-listen 127.0.0.1:0", async |server| {
        let refused = server.bare(Method::GET, "/metrics").send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
        let beside = server.metrics.unwrap();
        let get = async |path: &str| {
            let answer = reqwest::get(format!("http://{beside}{path}"))
                .await
                .unwrap();
            let status = answer.status();
            (status, answer.text().await.unwrap())
        };
        let (status, text) = get("/metrics").await;
        assert_eq!(status, StatusCode::OK);
        parse(&text);
        assert_eq!(get("/ready").await.1, "ready\n");
        assert_eq!(get("/health").await.1, "ok\n");
        for path in ["/", "/api/sessions", "/link/poll"] {
            assert_eq!(get(path).await.0, StatusCode::NOT_FOUND, "{path}");
        }
    })
    .await;
    with("", async |server| assert!(server.metrics.is_none())).await;
}
