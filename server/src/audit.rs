//! The audit trail: who came, what was started and how it ended, one line of JSON each, in `audit.log` of the state
//! folder. Servers and keepers append to the same file, so it goes on across restarts. Whoever has something for
//! it makes a `tracing` event of the target [`TARGET`]; what is typed or printed never is one.

mod event;
mod refusals;

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::registry::LookupSpan;

pub(crate) use self::event::Telling;
pub use self::event::{
    Actor, Wish, credential_wanted, handed_on, login, login_refused, logins_ended, logout, owner,
    refused, upload,
};

/// The target of events that belong into the trail; also what `--log` goes by.
pub const TARGET: &str = "audit";
/// The file is put aside as `audit.log.1`, in the place of the last one, when it is longer, bytes.
const FILE_MAX: u64 = 4 * 1024 * 1024;

/// Writes events of the trail.
#[derive(Debug)]
struct Trail {
    path: PathBuf,
    file: Mutex<Option<File>>,
}

/// One line on its way.
struct Line<'a>(&'a Trail);

impl Trail {
    fn open(&self) -> io::Result<File> {
        let mut options = File::options();
        options.append(true).create(true).mode(0o600);
        options.open(&self.path)
    }

    /// Whole lines come here, each by one write, so those of two processes don't mix.
    fn append(&self, line: &[u8]) -> io::Result<()> {
        let mut slot = self
            .file
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let file = match slot.take() {
            Some(file) => file,
            None => self.open()?,
        };
        let length = file.metadata()?.len();
        let mut file = if length > FILE_MAX {
            // Another process may have put it aside already: then what is at the path is short.
            if self
                .path
                .metadata()
                .is_ok_and(|there| there.len() > FILE_MAX)
            {
                std::fs::rename(&self.path, self.path.with_extension("log.1"))?;
            }
            self.open()?
        } else {
            file
        };
        let written = file.write_all(line);
        *slot = Some(file);
        written
    }
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.append(line)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Trail {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        Line(self)
    }
}

/// The layer that writes the trail of a state folder. The file is made with the first event.
pub fn layer<S>(state_dir: &Path) -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let trail = Trail {
        path: state_dir.join("audit.log"),
        file: Mutex::default(),
    };
    let only = Targets::new().with_target(TARGET, LevelFilter::INFO);
    tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_target(false)
        .with_level(false)
        .with_current_span(false)
        .with_writer(trail)
        .with_filter(only)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    fn tell(folder: &std::path::Path, number: usize) {
        let subscriber = tracing_subscriber::registry().with(layer(folder));
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(target: "audit", number, "told");
            tracing::info!(number, "not told");
        });
    }

    #[test]
    fn a_trail_goes_on_where_another_process_left_it() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..3 {
            tell(folder.path(), number);
        }
        let path = folder.path().join("audit.log");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let text = std::fs::read_to_string(path).unwrap();
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 3);
        for (number, line) in lines.iter().enumerate() {
            assert_eq!(line["message"], "told");
            assert_eq!(line["number"], number);
            assert!(line["timestamp"].is_string());
        }
    }

    #[test]
    fn a_trail_that_is_long_is_put_aside_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.log");
        std::fs::write(&path, vec![b'\n'; FILE_MAX as usize + 1]).unwrap();
        tell(folder.path(), 1);
        tell(folder.path(), 2);
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 2);
        let aside = folder.path().join("audit.log.1");
        assert_eq!(aside.metadata().unwrap().len(), FILE_MAX + 1);
    }
}
