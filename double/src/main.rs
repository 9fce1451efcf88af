//! The double as a program: prints where it is as one line of JSON, `url` the workspace's and `control` where it takes
//! orders, and ends when its standard input does. For journeys and other languages; tests in Rust use the library.

use std::io::{Write as _, copy, sink, stdin, stdout};

use bowline_double::{Double, control};
use serde_json::json;
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let double = Double::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let control = format!("http://{}/", listener.local_addr()?);
    let told = json!({ "url": double.root.trim_end_matches('/'), "control": control });
    let router = control::router(double);
    tokio::spawn(async move { axum::serve(listener, router).await });
    writeln!(stdout(), "{told}")?;
    let input = tokio::task::spawn_blocking(|| copy(&mut stdin(), &mut sink()));
    // Who started it is gone, whether or not the last read went well.
    let _ = input.await;
    Ok(())
}
