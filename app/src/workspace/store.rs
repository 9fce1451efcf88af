//! The workspace on the server: compare and set by revision, kept in one file, told to every page.
//!
//! Invariant: what [`WorkspaceStore::current`] says was written to the file before. The file is replaced
//! as a whole (0600), so a reader of it never sees half a workspace.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::{Workspace, WorkspaceReply};
use crate::error::{AppError, ErrorCode};

/// The workspace and its file. Cheap to clone.
#[derive(Clone)]
pub struct WorkspaceStore(Arc<Shared>);

struct Shared {
    /// Held for a swap or a copy only, never during a write.
    current: RwLock<Arc<WorkspaceReply>>,
    /// Orders the writers. Held during a write, by a thread that may block.
    writer: Mutex<PathBuf>,
    /// Told the new revision after each save.
    changed: Box<dyn Fn(u64) + Send + Sync>,
}

/// What became of the file at the start.
#[derive(Debug)]
pub enum Found {
    /// There was none, or it was read.
    Fine,
    /// It could not be read and was kept aside under this name; the workspace starts empty.
    KeptAside {
        /// Where it is now.
        path: PathBuf,
        /// What was wrong with it.
        reason: String,
    },
}

impl WorkspaceStore {
    /// Reads the file. One that can't be understood is kept beside the new one, never overwritten.
    pub fn open(
        path: PathBuf,
        changed: impl Fn(u64) + Send + Sync + 'static,
    ) -> std::io::Result<(Self, Found)> {
        let (current, found) = match std::fs::read(&path) {
            Ok(text) => match parse(&text) {
                Ok(reply) => (reply, Found::Fine),
                Err(reason) => {
                    let aside = keep_aside(&path)?;
                    let found = Found::KeptAside {
                        path: aside,
                        reason,
                    };
                    (WorkspaceReply::default(), found)
                }
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                (WorkspaceReply::default(), Found::Fine)
            }
            Err(error) => return Err(error),
        };
        let shared = Shared {
            current: RwLock::new(Arc::new(current)),
            writer: Mutex::new(path),
            changed: Box::new(changed),
        };
        Ok((Self(Arc::new(shared)), found))
    }

    /// The present workspace.
    pub fn current(&self) -> Arc<WorkspaceReply> {
        let current = self.0.current.read();
        Arc::clone(&current.unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the workspace if `revision` is the present one; otherwise the error holds the present
    /// one. Nothing changes when it can't be written.
    pub async fn save(
        &self,
        revision: u64,
        workspace: Workspace,
    ) -> Result<Arc<WorkspaceReply>, AppError> {
        workspace
            .check()
            .map_err(|invalid| AppError::malformed(invalid.to_string()))?;
        let store = self.clone();
        tokio::task::spawn_blocking(move || store.save_now(revision, workspace))
            .await
            .unwrap_or_else(|_| {
                Err(AppError::new(
                    ErrorCode::Internal,
                    "the workspace was not saved: the server is ending",
                ))
            })
    }

    fn save_now(
        &self,
        revision: u64,
        workspace: Workspace,
    ) -> Result<Arc<WorkspaceReply>, AppError> {
        let path = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let current = self.current();
        if current.revision != revision {
            return Err(AppError::stale(WorkspaceReply::clone(&current)));
        }
        let next = Arc::new(WorkspaceReply {
            revision: revision + 1,
            workspace,
        });
        let text = serde_json::to_vec_pretty(&*next).map_err(|error| {
            AppError::new(
                ErrorCode::Internal,
                format!("the workspace was not saved: {error}"),
            )
        })?;
        write_private(&path, &text).map_err(|error| {
            AppError::new(
                ErrorCode::Internal,
                format!(
                    "the tabs were not saved, because the state folder can't be written ({error}): make \
                     room there; what was saved before is kept"
                ),
            )
        })?;
        *self
            .0
            .current
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::clone(&next);
        drop(path);
        (self.0.changed)(next.revision);
        Ok(next)
    }
}

fn parse(text: &[u8]) -> Result<WorkspaceReply, String> {
    let reply: WorkspaceReply = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let checked = reply.workspace.check();
    checked.map_err(|invalid| invalid.to_string())?;
    Ok(reply)
}

/// Moves the file to the first free name beside it.
fn keep_aside(path: &Path) -> std::io::Result<PathBuf> {
    let mut number = 1;
    loop {
        let aside = path.with_extension(format!("unreadable-{number}.json"));
        if !aside.try_exists()? {
            std::fs::rename(path, &aside)?;
            return Ok(aside);
        }
        number += 1;
    }
}

/// Replaces a file as a whole; only its owner may read it.
pub fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    // A left-over of a run that ended here may have another mode.
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let written = options
        .open(&beside)
        .and_then(|mut file| {
            file.write_all(content)?;
            file.sync_all()
        })
        .and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        // On a full disk the part that was written would stand in the way of others.
        let _ = std::fs::remove_file(&beside);
    }
    written
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::workspace::{Pane, Tab};

    fn one_tab() -> Workspace {
        let mut workspace = Workspace::default();
        let pane = Pane {
            id: "p".to_owned(),
            session: None,
        };
        workspace.add(Tab::new("a".to_owned(), pane));
        workspace.rename("a", "build");
        workspace
    }

    #[tokio::test]
    async fn a_save_is_kept_across_a_restart_and_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("workspace.json");
        let told = Arc::new(AtomicU64::new(0));
        let listener = Arc::clone(&told);
        let changed = move |revision| listener.store(revision, Ordering::SeqCst);
        let (store, _) = WorkspaceStore::open(path.clone(), changed).unwrap();
        assert_eq!(store.save(0, one_tab()).await.unwrap().revision, 1);
        assert_eq!(told.load(Ordering::SeqCst), 1);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);

        let (again, _) = WorkspaceStore::open(path, |_| {}).unwrap();
        assert_eq!(again.current().workspace, one_tab());
        assert_eq!(again.current().revision, 1);
    }

    #[tokio::test]
    async fn a_stale_save_gets_the_current_one() {
        let dir = tempfile::tempdir().unwrap();
        let (store, _) = WorkspaceStore::open(dir.path().join("w.json"), |_| {}).unwrap();
        store.save(0, one_tab()).await.unwrap();
        let error = store.save(0, Workspace::default()).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Stale);
        let current = error.problem().current.clone().unwrap();
        assert_eq!(*current, *store.current());
    }

    #[tokio::test]
    async fn of_two_saves_at_once_one_wins() {
        let dir = tempfile::tempdir().unwrap();
        let (store, _) = WorkspaceStore::open(dir.path().join("w.json"), |_| {}).unwrap();
        let (first, second) = tokio::join!(
            store.save(0, one_tab()),
            store.save(0, Workspace::default())
        );
        assert_eq!(first.is_ok() as u8 + second.is_ok() as u8, 1);
        assert_eq!(store.current().revision, 1);
    }

    #[test]
    fn an_unreadable_file_is_kept_aside() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("workspace.json");
        std::fs::write(&path, "{half").unwrap();
        let (store, found) = WorkspaceStore::open(path, |_| {}).unwrap();
        assert_eq!(store.current().revision, 0);
        let Found::KeptAside { path, .. } = found else {
            panic!("the file was taken for a workspace");
        };
        assert_eq!(std::fs::read(path).unwrap(), b"{half");
    }
}
