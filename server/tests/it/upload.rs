//! Files that are sent into the uploads folder: whole or not at all, under harmless names, within the limit.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{TOKEN, TestServer, answer, with};

const LIMIT: usize = 64 * 1024;
const KIND: &str = "multipart/form-data; boundary=edge";

fn folder(server: &TestServer) -> PathBuf {
    server.folder.path().join("uploads")
}

/// What lies in the uploads folder, also what is hidden.
fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

/// Waits until the folder is as expected.
async fn until(folder: &Path, expected: impl Fn(&[String]) -> bool) {
    while !expected(&files(folder)) {
        tokio::task::yield_now().await;
    }
}

/// A form with one field.
fn form(disposition: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("--edge\r\nContent-Disposition: form-data; {disposition}\r\n\r\n");
    [head.as_bytes(), content, b"\r\n--edge--\r\n"].concat()
}

fn named(name: &str, content: &[u8]) -> Vec<u8> {
    form(&format!("name=\"file\"; filename=\"{name}\""), content)
}

async fn post(server: &TestServer, body: Vec<u8>) -> (StatusCode, Value) {
    let request = server.request(Method::POST, "/api/upload");
    let request = request.header("content-type", KIND).body(body);
    answer(request.send().await.unwrap()).await
}

async fn with_limit(test: impl AsyncFnOnce(&TestServer)) {
    with(&format!("--upload-limit {LIMIT}"), test).await;
}

#[tokio::test]
async fn a_file_is_stored_as_it_was_sent_under_a_name_of_its_own() {
    with_limit(async |server| {
        assert!(files(&folder(server)).is_empty());
        let content: Vec<u8> = (0..LIMIT).map(|at| (at * 7 % 256) as u8).collect();
        let mut paths = Vec::new();
        for length in [0, 1, 3000, LIMIT - 1, LIMIT] {
            let (status, reply) = post(server, named("a b.png", &content[..length])).await;
            assert_eq!(status, StatusCode::OK, "{reply}");
            assert_eq!(
                (&reply["name"], &reply["bytes"]),
                (&"a b.png".into(), &length.into())
            );
            let path = PathBuf::from(reply["path"].as_str().unwrap());
            assert_eq!(path.parent().unwrap(), folder(server));
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(name.len() == 16 && name.ends_with("-a b.png"), "{name}");
            assert!(std::fs::read(&path).unwrap() == content[..length]);
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            paths.push(path);
        }
        paths.dedup();
        assert_eq!(paths.len(), files(&folder(server)).len());
        let mode = folder(server).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    })
    .await;
}

#[tokio::test]
async fn a_byte_too_many_is_413_and_leaves_nothing() {
    with_limit(async |server| {
        for length in [LIMIT + 1, 3 * 1024 * 1024] {
            let (status, error) = post(server, named("big", &vec![b'x'; length])).await;
            assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{error}");
            assert_eq!(error["error"]["code"], "too_large");
            let message = error["error"]["message"].as_str().unwrap();
            assert!(message.contains("64 KiB"), "{message}");
            until(&folder(server), <[_]>::is_empty).await;
        }
    })
    .await;
}

#[tokio::test]
async fn all_files_together_stay_within_the_quota() {
    with("--uploads-quota 50K", async |server| {
        let send = async |length: usize| post(server, named("a", &vec![b'x'; length])).await;
        let (status, reply) = send(40 << 10).await;
        assert_eq!(status, StatusCode::OK, "{reply}");
        for length in [11 << 10, 1 << 20] {
            let (status, error) = send(length).await;
            assert_eq!(status, StatusCode::INSUFFICIENT_STORAGE, "{error}");
            assert_eq!(error["error"]["code"], "storage");
            let message = error["error"]["message"].as_str().unwrap();
            assert!(message.contains("50 KiB in all"), "{message}");
        }
        until(&folder(server), |files| files.len() == 1).await;
        let (status, _) = send(10 << 10).await;
        assert_eq!(status, StatusCode::OK);
        for file in files(&folder(server)) {
            std::fs::remove_file(folder(server).join(file)).unwrap();
        }
        let (status, _) = send(50 << 10).await;
        assert_eq!(status, StatusCode::OK);
    })
    .await;
}

/// Sends the beginning of a request and gives the connection.
async fn begin(server: &TestServer, length: usize, beginning: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST /api/upload HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {TOKEN}\r\ncontent-type: {KIND}\r\n\
         content-length: {length}\r\n\r\n",
        server.address
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(beginning).await.unwrap();
    stream
}

#[tokio::test]
async fn the_limit_is_told_before_the_rest_is_sent() {
    with_limit(async |server| {
        // By what the sender announces, and by what has come.
        for (announced, sent) in [(1 << 40, 10), (LIMIT + 5000, LIMIT + 2000)] {
            let body = named("big", &vec![b'x'; LIMIT + 4000]);
            let mut stream = begin(server, announced, &body[..sent]).await;
            let mut said = vec![0; 12];
            stream.read_exact(&mut said).await.unwrap();
            assert_eq!(said, b"HTTP/1.1 413");
            drop(stream);
            until(&folder(server), <[_]>::is_empty).await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_upload_that_is_cut_leaves_nothing() {
    with_limit(async |server| {
        let body = named("half", &[b'x'; 20_000]);
        let stream = begin(server, body.len(), &body[..15_000]).await;
        until(&folder(server), |files| !files.is_empty()).await;
        assert!(files(&folder(server))[0].starts_with(".bowline-upload-"));
        drop(stream);
        until(&folder(server), <[_]>::is_empty).await;
    })
    .await;
}

#[tokio::test]
async fn names_are_made_harmless() {
    with_limit(async |server| {
        for (given, name) in [
            ("../../../etc/passwd", "passwd"),
            ("..", "file"),
            ("", "file"),
            ("/etc/", "file"),
            (r"C:\Users\me\shot.png", "shot.png"),
            (".bashrc", "bashrc"),
            ("-rf", "rf"),
            ("a%0D%0Ab%22c.txt", "ab\"c.txt"),
            ("evil\u{202e}gnp.exe", "evilgnp.exe"),
            ("日本 é.txt", "日本 é.txt"),
            ("nul\u{0}\u{7}l", "null"),
        ] {
            let (status, reply) = post(server, named(given, b"x")).await;
            if status == StatusCode::BAD_REQUEST {
                // A head that is none. Nothing else may be.
                assert!(given.contains('\0'), "{given:?}: {reply}");
                continue;
            }
            assert_eq!(status, StatusCode::OK, "{reply}");
            assert_eq!(reply["name"], name, "{given:?}");
            let path = Path::new(reply["path"].as_str().unwrap());
            assert_eq!(
                path.canonicalize().unwrap().parent().unwrap(),
                folder(server).canonicalize().unwrap()
            );
        }
        let (_, reply) = post(server, named(&"é".repeat(500), b"x")).await;
        assert_eq!(reply["name"].as_str().unwrap().len(), 160);
        let (_, reply) = post(server, form("name=\"file\"", b"x")).await;
        assert_eq!(reply["name"], "file");
    })
    .await;
}

#[tokio::test]
async fn what_is_no_form_with_one_file_is_malformed() {
    with_limit(async |server| {
        let two = [
            &named("a", b"1")[..named("a", b"1").len() - 10],
            &named("b", b"2"),
        ];
        for (what, body) in [
            ("no file", form("name=\"other\"; filename=\"x\"", b"x")),
            ("nothing", Vec::new()),
            ("no end", b"--edge\r\n".to_vec()),
            ("cut", named("x", b"abc")[..80].to_vec()),
            ("rubbish", b"\0\xff".repeat(100)),
            ("two files", two.concat()),
        ] {
            let (status, error) = post(server, body).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{what}: {error}");
            assert_eq!(error["error"]["code"], "malformed", "{what}");
        }
        let plain = server.request(Method::POST, "/api/upload").body("x");
        let (status, _) = answer(plain.send().await.unwrap()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        let (status, error) = server.get("/api/upload").await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{error}");
        until(&folder(server), <[_]>::is_empty).await;
    })
    .await;
}

#[tokio::test]
async fn fields_before_the_file_are_skipped() {
    with_limit(async |server| {
        let other = form("name=\"other\"", b"ignored");
        let other = &other[..other.len() - b"--edge--\r\n".len()];
        let body = [other, &named("x", b"content")].concat();
        let (status, reply) = post(server, body).await;
        assert_eq!(status, StatusCode::OK, "{reply}");
        assert_eq!(
            std::fs::read(reply["path"].as_str().unwrap()).unwrap(),
            b"content"
        );
    })
    .await;
}

#[tokio::test]
async fn uploads_of_one_name_at_a_time_do_not_meet() {
    with_limit(async |server| {
        let send = async |number: u8| {
            let (status, reply) = post(server, named("same", &vec![number; 30_000])).await;
            assert_eq!(status, StatusCode::OK, "{reply}");
            let stored = std::fs::read(reply["path"].as_str().unwrap()).unwrap();
            assert_eq!(stored, vec![number; 30_000]);
        };
        tokio::join!(send(1), send(2), send(3), send(4));
        assert_eq!(files(&folder(server)).len(), 4);
    })
    .await;
}

#[tokio::test]
async fn leftovers_go_when_a_server_starts_and_nothing_else() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let uploads = folder.path().join("uploads");
    std::fs::create_dir(&uploads).unwrap();
    std::fs::write(uploads.join(".bowline-upload-12345678"), "half").unwrap();
    std::fs::write(uploads.join("kept"), "whole").unwrap();
    let server = TestServer::start("", folder).await;
    assert_eq!(files(&uploads), ["kept"]);
    server.stop().await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_said() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("uploads"), "a file").unwrap();
    let server = TestServer::start("", folder).await;
    let (status, error) = post(&server, named("x", b"x")).await;
    assert_eq!(status.as_u16(), 507, "{error}");
    assert_eq!(error["error"]["code"], "storage");
    let message = error["error"]["message"].as_str().unwrap();
    assert!(message.contains("--uploads-dir"), "{message}");
    server.stop().await;
}
