//! A broker, and both ends of what goes through it.

use std::sync::Arc;
use std::time::Duration;

use bowline_broker::{Api, Bound, Limits, PREFIX, Pending, Secret, Serving, Workspace};
use http::HeaderValue;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use url::Url;

/// Longest a test may take. It decides nothing, it only ends what hangs.
const DEADLINE: Duration = Duration::from_secs(60);

/// What is in force: a token, or why there is none; `None` while one is being made.
type Told = Option<Result<&'static str, &'static str>>;

struct At {
    base: Url,
    told: watch::Receiver<Told>,
}

impl Workspace for At {
    fn base(&self, api: Api) -> Pending<'_, Url> {
        let url = self.base.join(&format!("base/{api}")).unwrap();
        Box::pin(async move { url })
    }

    fn token(&self) -> Pending<'_, Result<HeaderValue, String>> {
        let mut told = self.told.clone();
        Box::pin(async move {
            let told = *told.wait_for(Option::is_some).await.unwrap();
            let token = told.unwrap().map_err(str::to_owned)?;
            Ok(format!("Bearer {token}").parse().unwrap())
        })
    }
}

/// A broker before a workspace.
pub(crate) struct Stage {
    pub(crate) broker: Serving,
    pub(crate) port: u16,
    pub(crate) secret: Secret,
    workspace: TcpListener,
    told: watch::Sender<Told>,
}

impl Stage {
    /// With the token `t1` in force.
    pub(crate) async fn set(change: impl FnOnce(&mut Limits)) -> Self {
        let workspace = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/", workspace.local_addr().unwrap());
        let (told, seen) = watch::channel(Some(Ok("t1")));
        let mut limits = Limits::default();
        change(&mut limits);
        let bound = Bound::at(0).await.unwrap();
        let port = bound.port();
        let secret = Secret::random();
        let at = At {
            base: base.parse().unwrap(),
            told: seen,
        };
        Self {
            broker: bound.serve(at, secret.clone(), limits).unwrap(),
            port,
            secret,
            workspace,
            told,
        }
    }

    pub(crate) fn tell(&self, told: Told) {
        self.told.send_replace(told);
    }

    /// The next connection to the workspace, with the head of its request.
    pub(crate) async fn asked(&self) -> End {
        let mut end = within(async { End::new(self.workspace.accept().await.unwrap().0) }).await;
        end.read_head().await;
        end
    }

    /// A connection to the broker.
    pub(crate) async fn connect(&self) -> End {
        End::new(TcpStream::connect(("127.0.0.1", self.port)).await.unwrap())
    }

    /// A request that shows the secret, with further lines of its head and a body behind them.
    pub(crate) fn request(&self, line: &str, more: &str) -> String {
        let (port, secret) = (self.port, self.secret.expose());
        let more = match more.contains("\r\n\r\n") {
            true => more.to_owned(),
            false => format!("{more}content-length: 0\r\n\r\n"),
        };
        format!(
            "{line} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {secret}\r\n{more}"
        )
    }

    /// What tools ask most.
    pub(crate) fn responses(&self, more: &str) -> String {
        self.request(&format!("POST {PREFIX}/openai/responses"), more)
    }

    /// Asks, and gives the connection with the answer's head read.
    pub(crate) async fn ask(&self, request: &str) -> End {
        let mut end = self.connect().await;
        end.say(request).await;
        end.read_head().await;
        end
    }
}

/// One end of a connection, and the head that came last.
pub(crate) struct End {
    stream: BufReader<TcpStream>,
    pub(crate) head: Arc<str>,
}

impl End {
    fn new(stream: TcpStream) -> Self {
        Self {
            stream: BufReader::new(stream),
            head: "".into(),
        }
    }

    pub(crate) async fn say(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }

    /// Says it, unless the other end has had enough; whether it could.
    pub(crate) async fn try_say(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok()
    }

    pub(crate) async fn read_head(&mut self) {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let read = within(self.stream.read_line(&mut head)).await.unwrap();
            assert!(read > 0, "it ended in its head: {head:?}");
        }
        self.head = head.to_ascii_lowercase().into();
    }

    /// Reads exactly this.
    pub(crate) async fn hear(&mut self, text: &str) {
        let mut heard = vec![0; text.len()];
        within(self.stream.read_exact(&mut heard)).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&heard), text);
    }

    /// Reads to the end of the connection, however that comes.
    pub(crate) async fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        let _ = within(self.stream.read_to_end(&mut rest)).await;
        String::from_utf8_lossy(&rest).into_owned()
    }

    /// Reads so many bytes.
    pub(crate) async fn take(&mut self, count: usize) {
        let mut left = vec![0; count];
        within(self.stream.read_exact(&mut left)).await.unwrap();
    }

    pub(crate) fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub(crate) fn has(&self, line: &str) -> bool {
        self.head.lines().any(|found| found == line)
    }
}

pub(crate) async fn within<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, what).await.unwrap()
}
