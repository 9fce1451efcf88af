//! Whether a WebSocket gets through what stands before the server, both ways, and for how long.

use std::time::{Duration, Instant};

use bowline_protocol::codec::{BatchReader, BatchWriter};
use bowline_protocol::{ClientFrame, ClientId, Generation, ServerFrame, limits};
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::header::{AUTHORIZATION, CONNECTION, HeaderMap, HeaderValue, ORIGIN, UPGRADE};
use reqwest::{Response, StatusCode};
use tokio::time::{timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::{Login, OURS, Target, causes};
use crate::doctor::report::{Check, Report};

const CHECK: Check = Check::Websocket;
/// How long the server may take to greet.
const GREETS_WITHIN: Duration = Duration::from_secs(10);
/// Codes of closed sockets that only Bowline gives: 4000 and an HTTP status.
const OUR_REASONS: u16 = 4400;
/// What a page does without.
const POLLS: &str = "pages work by polling instead, a little slower: let the proxy pass the headers Upgrade and Connection on \
                     (docs/deploy has configurations)";

type Socket = WebSocketStream<reqwest::Upgraded>;

/// Opens one as a page does, greets, and keeps it open for as long as `idle` says.
pub(super) async fn check(
    target: &Target,
    login: &Login,
    idle: Option<Duration>,
    report: &mut Report,
) {
    let begun = Instant::now();
    let mut headers = handshake(target);
    let token = login.token_for(&target.url);
    let has_token = token.is_some();
    // The header may be taken already, by what signs in at the proxy.
    if let (Some(token), false) = (token, headers.contains_key(AUTHORIZATION)) {
        headers.insert(AUTHORIZATION, token);
    }
    let request = target.client.get(target.at("link/socket")).headers(headers);
    // Beyond the client's own bound: the answer is the socket.
    let whole = GREETS_WITHIN + idle.unwrap_or_default() + GREETS_WITHIN;
    let answer = match request.timeout(whole).send().await {
        Ok(answer) => answer,
        Err(error) => {
            let found = format!("a WebSocket's request gets no answer: {}", causes(&error));
            return report.warning(CHECK, found, POLLS);
        }
    };
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        return refused(&answer, has_token, report);
    }
    let upgraded = match answer.upgrade().await {
        Ok(upgraded) => upgraded,
        Err(error) => {
            return report.warning(CHECK, format!("it breaks: {}", causes(&error)), POLLS);
        }
    };
    let mut socket = WebSocketStream::from_raw_socket(upgraded, Role::Client, None).await;
    let greeting = greet(&mut socket).await;
    let took = begun.elapsed().as_millis();
    match (greeting, idle) {
        (Greeting::Silence, _) => {
            let found = "it opens, and then nothing comes through";
            return report.warning(CHECK, found, POLLS);
        }
        (Greeting::Refusal, None) | (Greeting::Welcome, _) => {
            let found = format!("it opens and carries frames both ways, after {took} ms");
            report.fine(CHECK, found);
        }
        (Greeting::Refusal, Some(_)) => {
            let found = "it opens, but can't be kept open: Bowline asks for a login of its own";
            return report.warning(CHECK, found, "leave --idle out, or set BOWLINE_TOKEN");
        }
    }
    if let (Greeting::Welcome, Some(idle)) = (greeting, idle) {
        watch(&mut socket, idle, report).await;
    }
    let _ = timeout(GREETS_WITHIN, socket.close(None)).await;
}

fn handshake(target: &Target) -> HeaderMap {
    let mut headers = target.headers.clone();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert("sec-websocket-version", HeaderValue::from_static("13"));
    headers.insert(
        "sec-websocket-protocol",
        HeaderValue::from_static(limits::SUBPROTOCOL),
    );
    let texts = [
        ("sec-websocket-key", generate_key()),
        (ORIGIN.as_str(), target.url.origin().ascii_serialization()),
    ];
    for (name, text) in texts {
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.insert(name, value);
        }
    }
    headers
}

/// Why it was not opened.
fn refused(answer: &Response, has_token: bool, report: &mut Report) {
    let status = answer.status();
    let is_ours = answer.headers().contains_key(OURS);
    let wants_login = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status);
    if !is_ours {
        report.warning(
            CHECK,
            format!("the proxy refuses WebSockets ({status})"),
            POLLS,
        );
    } else if wants_login && !has_token {
        report.warning(
            CHECK,
            "without a login it can't be seen whether a WebSocket gets through",
            "run this on the server's machine, as its user, with its settings (--public-url), or set BOWLINE_TOKEN too",
        );
    } else if wants_login {
        report.warning(
            CHECK,
            format!("the access token is not taken there ({status})"),
            "the proxy may take the header Authorization for itself, or this is another server than that of the settings",
        );
    } else {
        // What came was no upgrade any more.
        report.warning(
            CHECK,
            format!("the proxy does not pass WebSockets on ({status})"),
            POLLS,
        );
    }
}

/// What became of a hello.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Greeting {
    /// Bowline lets us look.
    Welcome,
    /// It read the hello, and says why not.
    Refusal,
    /// Nothing came.
    Silence,
}

/// Says hello as a page that looks at nothing.
async fn greet(socket: &mut Socket) -> Greeting {
    let mut client = [0; 16];
    if getrandom::fill(&mut client).is_err() {
        return Greeting::Silence;
    }
    let mut hello = BatchWriter::default();
    let frame = ClientFrame::Hello {
        client: ClientId::from_bytes(client),
        generation: Generation(1),
        versions: vec![limits::VERSION],
        proof: None,
    };
    hello.push_parts(&frame, &[]);
    let greeting = async {
        socket.send(Message::Binary(hello.take())).await.ok()?;
        loop {
            match socket.next().await?.ok()? {
                Message::Binary(batch) => {
                    let first = BatchReader::<ServerFrame>::new(batch).next()?.ok()?;
                    let is_welcome = matches!(first.frame, ServerFrame::Welcome { .. });
                    return is_welcome.then_some(Greeting::Welcome);
                }
                // Reasons of Bowline's own begin there.
                Message::Close(Some(close)) if u16::from(close.code) >= OUR_REASONS => {
                    return Some(Greeting::Refusal);
                }
                Message::Close(_) => return None,
                _ => {}
            }
        }
    };
    let greeted = timeout(GREETS_WITHIN, greeting).await.ok().flatten();
    greeted.unwrap_or(Greeting::Silence)
}

/// Keeps it open without saying anything.
async fn watch(socket: &mut Socket, idle: Duration, report: &mut Report) {
    let begun = Instant::now();
    let end = tokio::time::Instant::now() + idle;
    loop {
        match timeout_at(end, socket.next()).await {
            Err(_) => {
                let found = format!("it stays open for {} s", idle.as_secs());
                return report.fine(CHECK, found);
            }
            Ok(Some(Ok(Message::Close(_)) | Err(_)) | None) => {
                let found = format!("it is cut after {} s", begun.elapsed().as_secs());
                let advice = "pages open another at once and lose nothing; a longer time of silence at the proxy spares them \
                              that (nginx: proxy_read_timeout, haproxy: timeout tunnel). Bowline says something every 20 s";
                return report.warning(CHECK, found, advice);
            }
            Ok(Some(Ok(_))) => {}
        }
    }
}
