//! The heads of the records: plain data. Fields are added with a default and never change their meaning; times
//! are milliseconds.

use std::path::PathBuf;
use std::time::Duration;

use bowline_protocol::frame::{Colours, Exit, Sixteen, Size};
use bowline_protocol::ids::SessionId;
use serde::{Deserialize, Serialize};

use crate::disk::Origin;
use crate::input::CarriedInput;
use crate::log::CarriedLog;
use crate::options::{Options, SizeRule};
use crate::screen::{CarriedReply, CarriedSpeaker};
use crate::session::Naming;

/// What every head says.
#[derive(Debug, Deserialize)]
pub(crate) struct Kind {
    pub(crate) kind: String,
}

/// A head as it is written.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Head<'a> {
    BowlineSessions(&'a Preamble),
    Session(&'a SessionHead),
    Input(&'a CarriedInput),
    /// Body: pairs of `offset: u64le, at_ms: u64le`.
    Arrivals,
    /// Body: bytes of the log, behind those of the record before.
    Log,
    Screen(&'a ScreenHead),
    End,
}

/// First of all.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Preamble {
    pub(crate) version: u32,
}

/// A session, but for what has records of its own.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SessionHead {
    pub(crate) id: SessionId,
    #[serde(default)]
    pub(crate) pane_id: Option<String>,
    pub(crate) label: String,
    pub(crate) naming: Naming,
    #[serde(default)]
    pub(crate) label_changes: u64,
    #[serde(default)]
    pub(crate) notice: Option<String>,
    /// Since it was started: its log and status count from there.
    pub(crate) age_ms: u64,
    /// The system's monotonic clock at that moment: what passed since is added.
    #[serde(default)]
    pub(crate) clock_ms: Option<u64>,
    /// How it is started again.
    #[serde(default)]
    pub(crate) origin: Origin,
    /// The last folder that its program was seen in.
    #[serde(default)]
    pub(crate) folder: Option<PathBuf>,
    /// When it was started, in Unix time.
    #[serde(default)]
    pub(crate) started_ms: Option<u64>,
    /// For one that a crash or a reboot ended: when it was last seen, in Unix time.
    #[serde(default)]
    pub(crate) lost_ms: Option<u64>,
    /// Since it was used last.
    #[serde(default)]
    pub(crate) unused_ms: u64,
    pub(crate) size: Size,
    #[serde(default)]
    pub(crate) wanted_size: Option<Size>,
    pub(crate) log: CarriedLog,
    /// The machine's own words. One that can't be read begins anew.
    #[serde(default)]
    pub(crate) status: serde_json::Value,
    #[serde(default)]
    pub(crate) idle_warning: CarriedWarning,
    #[serde(default)]
    pub(crate) exit: Option<Exit>,
    #[serde(default)]
    pub(crate) ending: Option<Exit>,
    #[serde(default)]
    pub(crate) left_to_tmux: bool,
    #[serde(default)]
    pub(crate) focus: Option<bool>,
    #[serde(default)]
    pub(crate) replies: Vec<CarriedReply>,
    #[serde(default)]
    pub(crate) speakers: Vec<CarriedSpeaker>,
    #[serde(default)]
    pub(crate) tmux: Option<CarriedTmux>,
    /// The program on our PTY, as long as its end is ours to take from the kernel.
    #[serde(default)]
    pub(crate) pid: Option<i32>,
    /// Which of the descriptors that come with the state is its PTY; none once it has ended.
    #[serde(default)]
    pub(crate) terminal: Option<usize>,
    /// Those that it began with, whatever holds for others by now.
    #[serde(default)]
    pub(crate) options: CarriedOptions,
    /// Output before this was heard by the screen: it asks and rings no more.
    pub(crate) heard: u64,
    /// Whether `screen` records follow. Else it is made from the log.
    #[serde(default)]
    pub(crate) has_screen: bool,
}

/// What a session took from the options of its time.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct CarriedOptions {
    pub(crate) size_rule: Option<SizeRule>,
    /// 0 = none.
    pub(crate) idle_limit_ms: Option<u64>,
    pub(crate) kill_grace_ms: Option<u64>,
    pub(crate) scrollback: Option<usize>,
}

impl CarriedOptions {
    /// These, and for the rest those that hold now.
    pub(crate) fn over(&self, now: &Options) -> Options {
        let time = |ms: Option<u64>, now| ms.map_or(now, Duration::from_millis);
        Options {
            size_rule: self.size_rule.unwrap_or(now.size_rule),
            idle_limit: time(self.idle_limit_ms, now.idle_limit),
            kill_grace: time(self.kill_grace_ms, now.kill_grace),
            scrollback: self.scrollback.unwrap_or(now.scrollback),
            ..now.clone()
        }
    }
}

/// Announcements of an end for lack of use.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct CarriedWarning {
    pub(crate) count: u64,
    pub(crate) seconds: u32,
    /// The last one was of the present pause.
    pub(crate) is_present: bool,
}

/// Where its program really is.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CarriedTmux {
    pub(crate) number: u32,
    #[serde(default)]
    pub(crate) leader: Option<i32>,
}

/// What goes with a part of a screen's snapshot, which is the body.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ScreenHead {
    pub(crate) size: Size,
    /// Where the log goes on behind it.
    pub(crate) position: u64,
    pub(crate) next_mark: u64,
    #[serde(default)]
    pub(crate) colours: Option<Colours>,
    #[serde(default)]
    pub(crate) sixteen: Option<Sixteen>,
    /// Bytes of the snapshot that are still to come.
    pub(crate) left: u64,
}
