//! What is counted, for who watches many servers: in the OpenMetrics text format, at `/metrics`. What comes often is
//! counted by atomics, once per batch or request; what others know already is asked for when somebody reads.
//! Labels are words of ours and patterns of routes: there are never more than the code names.

mod listen;
mod process;
mod scrape;

use std::sync::LazyLock;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

pub(crate) use self::listen::{Listening, bind};
pub(crate) use self::scrape::scrape;
use crate::access::Name;

/// Upper bounds of the durations, seconds. A poll is held for 20.
const SECONDS: [f64; 8] = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 30.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: &'static str,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    method: &'static str,
    route: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct By {
    transport: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Carried {
    transport: &'static str,
    direction: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Because {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct In {
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Direction {
    direction: &'static str,
}

/// A request that is done with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Done {
    pub(crate) route: Name,
    pub(crate) status: u16,
    pub(crate) took: Duration,
}

/// All of this process, as the log is.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    seconds: Family<Asked, Histogram, fn() -> Histogram>,
    links: Family<By, Gauge>,
    carried: Family<Carried, Counter>,
    uploads: Counter,
    uploaded: Counter,
    logins: Family<Kind, Counter>,
    refusals: Family<Because, Counter>,
    sessions: Family<In, Gauge>,
    viewers: Gauge,
    terminals: Family<Direction, Counter>,
    keeper: Gauge,
    process: process::Gauges,
}

/// The metrics of this process.
pub(crate) fn metrics() -> &'static Metrics {
    static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);
    &METRICS
}

impl Metrics {
    fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("bowline"),
            requests: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            links: Family::default(),
            carried: Family::default(),
            uploads: Counter::default(),
            uploaded: Counter::default(),
            logins: Family::default(),
            refusals: Family::default(),
            sessions: Family::default(),
            viewers: Gauge::default(),
            terminals: Family::default(),
            keeper: Gauge::default(),
            process: process::Gauges::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let all = &mut self.registry;
        let build = Info::new(vec![("version", crate::VERSION)]);
        all.register("build", "What runs", build);
        let what = "Requests that were answered, by route and class of status";
        all.register("requests", what, self.requests.clone());
        let what = "Time until an answer was sent; sockets are left out";
        all.register("request_seconds", what, self.seconds.clone());
        let what = "Open links: sockets, polls that are held, and what is being sent beside them";
        all.register("links", what, self.links.clone());
        let what = "Bytes of batches of frames that links carried";
        all.register("link_bytes", what, self.carried.clone());
        let what = "Files that were taken in";
        all.register("uploads", what, self.uploads.clone());
        let what = "Bytes of files that were taken in";
        all.register("upload_bytes", what, self.uploaded.clone());
        let what = "Logins, by what was shown";
        all.register("logins", what, self.logins.clone());
        let what = "Requests and logins that were refused";
        all.register("refusals", what, self.refusals.clone());
        let what = "Sessions, by what their programs do";
        all.register("sessions", what, self.sessions.clone());
        let what = "Pages that are attached to sessions";
        all.register("viewers", what, self.viewers.clone());
        let what = "Bytes that programs in terminals read and printed since their keeper started";
        all.register("terminal_bytes", what, self.terminals.clone());
        let what = "Whether the process that keeps the sessions answers";
        all.register("keeper_up", what, self.keeper.clone());
        self.process.register(all);
    }

    /// A request was answered, or given up.
    pub(crate) fn done(&self, done: Done) {
        let Name { method, path, .. } = done.route;
        let answered = Answered {
            method,
            route: path,
            status: class(done.status),
        };
        self.requests.get_or_create(&answered).inc();
        if !done.route.upgrades {
            let asked = Asked {
                method,
                route: path,
            };
            let seconds = self.seconds.get_or_create(&asked);
            seconds.observe(done.took.as_secs_f64());
        }
    }

    /// A link is there until what this returns is dropped.
    pub(crate) fn link(&self, transport: Transport) -> OpenLink {
        let transport = transport.name();
        let carried = |direction| {
            let carried = Carried {
                transport,
                direction,
            };
            self.carried.get_or_create_owned(&carried)
        };
        let open = self.links.get_or_create_owned(&By { transport });
        open.inc();
        OpenLink {
            open,
            came: carried("in"),
            went: carried("out"),
        }
    }

    /// A file was taken in.
    pub(crate) fn upload(&self, bytes: u64) {
        self.uploads.inc();
        self.uploaded.inc_by(bytes);
    }

    /// Somebody logged in.
    pub(crate) fn login(&self, kind: &'static str) {
        self.logins.get_or_create(&Kind { kind }).inc();
    }

    /// A request, or a login, was refused.
    pub(crate) fn refusal(&self, reason: &'static str) {
        self.refusals.get_or_create(&Because { reason }).inc();
    }
}

/// What carries a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Socket,
    /// A held poll.
    Poll,
    /// What is sent beside polls.
    Send,
}

impl Transport {
    const fn name(self) -> &'static str {
        match self {
            Self::Socket => "websocket",
            Self::Poll => "poll",
            Self::Send => "send",
        }
    }
}

/// A link that is open while this lives.
#[derive(Debug)]
pub(crate) struct OpenLink {
    open: Gauge,
    came: Counter,
    went: Counter,
}

impl OpenLink {
    /// A batch came.
    pub(crate) fn came(&self, bytes: usize) {
        self.came.inc_by(bytes as u64);
    }

    /// A batch was sent.
    pub(crate) fn went(&self, bytes: usize) {
        self.went.inc_by(bytes as u64);
    }
}

impl Drop for OpenLink {
    fn drop(&mut self) {
        self.open.dec();
    }
}

const fn class(status: u16) -> &'static str {
    match status {
        100..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    }
}
