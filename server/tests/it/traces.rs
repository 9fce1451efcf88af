//! Traces for OpenTelemetry: what a collector gets, and that one which doesn't answer delays nobody.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use reqwest::{Method, StatusCode};
use rustix::process::{Signal, kill_process};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::support::{DEADLINE, TestServer};

const SOON: &str = "export OTEL_BSP_SCHEDULE_DELAY=20; exec \"$@\"";

fn attribute<'a>(span: &'a Span, name: &str) -> Option<&'a Value> {
    let attribute = span.attributes.iter().find(|pair| pair.key == name)?;
    attribute.value.as_ref()?.value.as_ref()
}

#[tokio::test]
async fn a_collector_gets_a_span_for_each_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let collector = listener.local_addr().unwrap();
    let (came, mut coming) = mpsc::channel(64);
    let take = async move |body: Bytes| {
        came.send(ExportTraceServiceRequest::decode(body).unwrap())
            .await
            .unwrap();
        StatusCode::OK
    };
    let router = Router::new().route("/v1/traces", post(take));
    let collecting = tokio::spawn(axum::serve(listener, router).into_future());

    let folder = Arc::new(tempfile::tempdir().unwrap());
    let setting = format!("--otlp-endpoint http://{collector}");
    let (server, pid) = TestServer::start_binary(SOON, &setting, folder).await;
    let answer = server.request(Method::GET, "/api/sessions?secret=planted");
    let answer = answer.send().await.unwrap();
    let id = answer.headers()["bowline-request"]
        .to_str()
        .unwrap()
        .to_owned();
    let looking = async {
        loop {
            let export = coming.recv().await.unwrap();
            assert!(!format!("{export:?}").contains("planted"));
            for of in export.resource_spans {
                let resource = of.resource.unwrap();
                let mut names = resource.attributes.iter();
                let name = names.find(|pair| pair.key == "service.name").unwrap();
                let name = name.value.clone().unwrap().value.unwrap();
                assert_eq!(name, Value::StringValue("bowline".to_owned()));
                for span in of.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                    if span.name == "GET /api/sessions" {
                        return span;
                    }
                }
            }
        }
    };
    let span = timeout(DEADLINE, looking).await.expect("it is exported");
    let text = |name| match attribute(&span, name) {
        Some(Value::StringValue(text)) => text.as_str(),
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(text("http.route"), "/api/sessions");
    assert_eq!(text("http.request.method"), "GET");
    assert_eq!(text("bowline.request"), id);
    let status = attribute(&span, "http.response.status_code");
    assert_eq!(status, Some(&Value::IntValue(200)));
    assert!(span.end_time_unix_nano > span.start_time_unix_nano);
    kill_process(pid, Signal::TERM).unwrap();
    server.ended().await.unwrap();
    collecting.abort();
}

#[tokio::test]
async fn a_collector_that_never_answers_delays_nobody() {
    // It takes connections, and that is all.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let setting = format!("--otlp-endpoint http://{}", silent.local_addr().unwrap());
    let few =
        format!("export OTEL_BSP_MAX_QUEUE_SIZE=100 OTEL_BSP_MAX_EXPORT_BATCH_SIZE=100; {SOON}");
    let (server, pid) = TestServer::start_binary(&few, &setting, folder).await;
    // The first export hangs, and more spans come than wait.
    let (first, _) = timeout(DEADLINE, async {
        server.get("/api/sessions").await;
        silent.accept().await.unwrap()
    })
    .await
    .expect("it tries");
    for _ in 0..300 {
        let health = server.bare(Method::GET, "/health").send().await.unwrap();
        assert_eq!(health.status(), StatusCode::OK);
    }
    kill_process(pid, Signal::TERM).unwrap();
    let ended = timeout(Duration::from_secs(10), server.ended()).await;
    ended.expect("it ends while the export hangs").unwrap();
    drop(first);
}
